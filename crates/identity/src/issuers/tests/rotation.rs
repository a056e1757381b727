//! Keys that come, go, get old, and can't be had.

use super::*;
use tokio::task::yield_now;

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let world = World::new().await;
    let (old, new) = (TestKey::rsa("old"), TestKey::rsa("new"));
    world.table.publish(&[&old]);
    let early = old.sign(&claims(json!({})));
    world.prove(&early).await.expect("the first key");
    assert_eq!(world.table.gets(), 2, "metadata and keys, once");

    world.table.publish(&[&new]);
    let late = new.sign(&claims(json!({})));
    assert_eq!(world.prove(&late).await.expect_err("too soon to ask again"), AuthError::Invalid);
    world.pass(ring::REST);
    world.prove(&late).await.expect("the second key");
    assert_eq!(world.table.gets(), 4);

    world.prove(&early).await.expect("it is remembered");
    world.pass(300);
    assert_eq!(world.prove(&early).await.expect_err("the key is gone"), AuthError::Invalid);
    world.prove(&late).await.expect("the second key still");
}

#[tokio::test]
async fn made_up_names_of_keys_cost_the_issuer_little() {
    let world = World::new().await;
    let mut key = TestKey::rsa("good");
    world.table.publish(&[&key]);
    for number in 0..50 {
        key.kid = format!("made up {number}");
        assert_eq!(world.prove(&key.sign(&claims(json!({})))).await.expect_err("no such key"), AuthError::Invalid);
    }
    assert_eq!(world.table.gets(), 2);
    world.pass(ring::REST);
    for number in 50..100 {
        key.kid = format!("made up {number}");
        assert_eq!(world.prove(&key.sign(&claims(json!({})))).await.expect_err("no such key"), AuthError::Invalid);
    }
    assert_eq!(world.table.gets(), 4);
    world.pass(-100); // a clock that is set back must not stop it for long
    world.prove(&key.sign(&claims(json!({})))).await.expect_err("no such key");
    assert_eq!(world.table.gets(), 6);
}

#[tokio::test]
async fn an_issuer_that_is_down_is_waited_for() {
    let world = World::new().await;
    let key = TestKey::rsa("k");
    let token = key.sign(&claims(json!({})));
    assert_eq!(world.prove(&token).await.expect_err("it is down"), AuthError::Unavailable);
    assert_eq!(world.prove(&token).await.expect_err("it was asked just now"), AuthError::Unavailable);
    assert_eq!(world.table.gets(), 1);
    world.table.publish(&[&key]);
    world.pass(ring::REST);
    world.prove(&token).await.expect("it came back");

    // While it is down again, what is known goes on, and what isn't is put off.
    world.table.go_down();
    world.pass(ring::REST);
    let unknown = TestKey::rsa("unknown").sign(&claims(json!({})));
    assert_eq!(world.prove(&unknown).await.expect_err("nobody can tell"), AuthError::Unavailable);
    world.prove(&key.sign(&claims(json!({})))).await.expect("a known key");
}

#[tokio::test]
async fn old_keys_are_used_while_others_are_asked_for_but_not_for_ever() {
    let world = World::new().await;
    let key = TestKey::rsa("k");
    world.table.publish(&[&key]);
    let ever = claims(json!({"exp": NOON + 1_000_000}));
    world.prove(&key.sign(&ever)).await.expect("a key");
    world.table.is_shut.store(true, Ordering::Relaxed);
    world.pass(3601);
    world.prove(&key.sign(&claims(json!({"exp": NOON + 1_000_000})))).await.expect("it need not wait");
    while world.table.gets() < 3 {
        yield_now().await; // the fetch that was begun behind it
    }
    world.table.is_shut.store(false, Ordering::Relaxed);
    world.table.go_down();
    world.table.open.notify_waiters();

    world.pass(23 * 3600 - 60);
    world.prove(&key.sign(&claims(json!({"exp": NOON + 1_000_000})))).await.expect("not yet a day");
    world.pass(120);
    let token = key.sign(&claims(json!({"exp": NOON + 1_000_000})));
    assert_eq!(world.prove(&token).await.expect_err("keys of yesterday"), AuthError::Unavailable);
    world.table.publish(&[&key]);
    world.pass(ring::REST);
    world.prove(&token).await.expect("keys of today");
}

#[tokio::test]
async fn all_wait_for_one_fetch_and_nobody_else_waits() {
    let world = Arc::new(World::new().await);
    let key = TestKey::rsa("k");
    world.table.publish(&[&key]);
    world.table.is_shut.store(true, Ordering::Relaxed);
    let mut waiting: Vec<_> = (0..20)
        .map(|_| {
            let (world, token) = (world.clone(), key.sign(&claims(json!({}))));
            tokio::spawn(async move { world.prove(&token).await })
        })
        .collect();
    while world.table.gets() == 0 {
        yield_now().await;
    }
    waiting.swap_remove(0).abort(); // the one that asked first goes away
    let own =
        world.identity.app_token(&crate::ClientApp::new(world.app(true), store::Credentials::default()), &["Mail.Read"], 60);
    world.prove(&own.expect("a token")).await.expect("our own tokens need nobody");
    assert_eq!(world.table.gets(), 1);
    world.table.is_shut.store(false, Ordering::Relaxed);
    world.table.open.notify_waiters();
    for one in waiting {
        one.await.expect("it ends").expect("the key came");
    }
    assert_eq!(world.table.gets(), 2);
}

#[tokio::test]
async fn metadata_must_be_the_issuers_own_and_lead_to_a_safe_place() {
    let key = TestKey::rsa("k");
    for (metadata, keys) in [
        (json!({"issuer": "https://login.example/other/v2.0", "jwks_uri": KEYS}), json!({"keys": [key.jwk]})),
        (json!({"issuer": ISSUER, "jwks_uri": "http://login.example/t/keys"}), json!({"keys": [key.jwk]})),
        (json!({"issuer": ISSUER, "jwks_uri": "http://127.0.0.1/keys"}), json!({"keys": [key.jwk]})),
        (json!({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}), json!({"keys": [key.jwk]})),
        (json!({"issuer": ISSUER}), json!({"keys": [key.jwk]})),
        (json!({"issuer": ISSUER, "jwks_uri": KEYS}), json!([key.jwk])),
        (json!([ISSUER]), json!({"keys": [key.jwk]})),
    ] {
        let world = World::new().await;
        world.table.put(METADATA, &metadata);
        for address in [KEYS, "http://login.example/t/keys", "http://127.0.0.1/keys", "file:///etc/passwd"] {
            world.table.put(address, &keys);
        }
        let refused = world.prove(&key.sign(&claims(json!({})))).await.expect_err("no keys");
        assert_eq!(refused, AuthError::Unavailable, "{metadata}");
    }
    let world = World::new().await;
    world.table.publish(&[]);
    assert_eq!(world.prove(&key.sign(&claims(json!({})))).await.expect_err("it has no keys"), AuthError::Invalid);
}
