//! For whom a good token is taken.

use super::*;
use crate::Scope;

#[tokio::test]
async fn a_token_speaks_for_a_person_through_an_app() {
    let world = World::new().await;
    let key = TestKey::rsa("k");
    world.table.publish(&[&key]);
    let caller = world.prove(&key.sign(&claims(json!({"azp": "Mail-App", "roles": ["Mail.Send"]})))).await.expect("Ada");
    assert_eq!((caller.who(), caller.client_id()), (&Who::Person { id: world.ada }, APP));
    assert!(caller.may(&[Scope::MailRead]) && !caller.may(&[Scope::MailSend]), "roles are not a person's");

    let app = json!({"idtyp": "app", "roles": ["Mail.Send", "Restante.Admin"], "scp": null, "aud": ["x", "other"]});
    let caller = world.prove(&key.sign(&claims(app))).await.expect("the app");
    assert_eq!((caller.who(), caller.client_id()), (&Who::App { client_id: APP.into() }, APP));
    assert!(caller.may(&[Scope::MailSend]) && !caller.may(&[Scope::MailRead]));
    assert!(!caller.may(&[Scope::RestanteAdmin]), "an issuer administers nothing here");

    let nothing = world.prove(&key.sign(&claims(json!({"scp": null})))).await.expect("Ada, with no permission");
    assert!(![Scope::MailRead, Scope::MailSend, Scope::UserRead].iter().any(|&scope| nothing.may(&[scope])));
}

#[tokio::test]
async fn nobody_comes_in_who_is_not_registered() {
    let world = World::new().await;
    let key = TestKey::rsa("k");
    world.table.publish(&[&key]);
    for stranger in [
        json!({"preferred_username": "eve@contoso.com"}),
        json!({"preferred_username": null}),
        json!({"preferred_username": null, "email": "ada@contoso.com"}),
        json!({"azp": "another-app"}),
        json!({"azp": null}),
        json!({"idtyp": "app", "azp": "another-app"}),
    ] {
        let refused = world.prove(&key.sign(&claims(stranger.clone()))).await.expect_err("a stranger");
        assert_eq!(refused, AuthError::Stranger, "{stranger}");
    }
    let token = || key.sign(&claims(json!({})));
    for (account_enabled, is_shared) in [(false, false), (true, true)] {
        world.set_account(account_enabled, is_shared).await;
        assert_eq!(world.prove(&token()).await.expect_err("nobody may be her"), AuthError::Stranger);
    }
    world.set_account(true, false).await;
    world.register(false).await;
    assert_eq!(world.prove(&token()).await.expect_err("the app is disabled"), AuthError::Stranger);
    world.register(true).await;
    let token = token();
    world.prove(&token).await.expect("Ada");

    world.set_account(false, false).await;
    world.pass(300);
    assert_eq!(world.prove(&token).await.expect_err("five minutes later"), AuthError::Stranger);
    assert_eq!(store::check(world.dir.path()).expect("check"), Vec::<String>::new());
}
