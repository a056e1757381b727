//! Refresh tokens: each once, and all of them gone when one comes again.

use super::{authorize, claims, code, demand_refusal, dev, redeem, refresh, sent_back, text};
use kit::Server;

#[tokio::test]
async fn a_refresh_token_gives_the_next_one() {
    let mut server = Server::start().await;
    let first = redeem(&server, &code(&server).await, &[]).await.demand(200).json();
    let second = refresh(&server, text(&first, "refresh_token"), &[]).await.demand(200).json();
    assert_eq!(second["scope"], first["scope"], "the scopes of the first, where none are asked for");
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert!(claims(text(&second, "id_token")).get("nonce").is_none());
    server.stop().await;
    server.restart().await;
    let third = refresh(&server, text(&second, "refresh_token"), &[("scope", "Mail.Read openid")]).await.demand(200).json();
    assert_eq!(text(&third, "scope"), "Mail.Read openid");
    server.bearer(Some(text(&third, "access_token").to_owned())).get("messages").await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn one_used_twice_takes_back_its_family() {
    let server = Server::start().await;
    let first = redeem(&server, &code(&server).await, &[]).await.demand(200).json();
    let other = redeem(&server, &code(&server).await, &[]).await.demand(200).json();
    let second = refresh(&server, text(&first, "refresh_token"), &[]).await.demand(200).json();
    demand_refusal(refresh(&server, text(&first, "refresh_token"), &[]).await, 400, "invalid_grant", 50_173);
    demand_refusal(refresh(&server, text(&second, "refresh_token"), &[]).await, 400, "invalid_grant", 70_000);
    refresh(&server, text(&other, "refresh_token"), &[]).await.demand(200); // another sign-in is no relative
    server.finish().await;
}

#[tokio::test]
async fn a_refresh_gives_no_more_than_was_granted() {
    let server = Server::start().await;
    let first = redeem(&server, &code(&server).await, &[]).await.demand(200).json();
    let token = text(&first, "refresh_token");
    demand_refusal(refresh(&server, token, &[("scope", "Mail.Send")]).await, 400, "invalid_grant", 65_001);
    demand_refusal(refresh(&server, token, &[("scope", "Calendars.Read")]).await, 400, "invalid_scope", 70_011);
    demand_refusal(refresh(&server, "AAAA", &[]).await, 400, "invalid_grant", 70_000);
    let all = refresh(&server, token, &[("scope", "https://graph.microsoft.com/.default")]).await.demand(200).json();
    assert_eq!(claims(text(&all, "access_token"))["scp"], "Mail.Read", "all that was granted, and no more");
    server.finish().await;
}

#[tokio::test]
async fn without_offline_access_there_is_none() {
    let server = Server::start().await;
    let code = sent_back(authorize(&server, &[("scope", "Mail.Read")]).await)["code"].clone();
    let tokens = redeem(&server, &code, &[]).await.demand(200).json();
    let names: Vec<&str> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["token_type", "scope", "expires_in", "ext_expires_in", "access_token"]);
    server.finish().await;
}

#[tokio::test]
async fn what_clients_hold_is_neither_in_the_store_nor_in_the_log() {
    let server = Server::start().await;
    let code = code(&server).await;
    let tokens = redeem(&server, &code, &[]).await.demand(200).json();
    demand_refusal(
        redeem(&server, &code, &[("client_secret", dev(&server, "client_secret"))]).await,
        400,
        "invalid_grant",
        54_005,
    );
    let (stored, log) = (server.database(), server.log());
    assert!(stored.windows(10).any(|octets| octets == b"device_cod"), "this is the database");
    for secret in [code.as_str(), text(&tokens, "refresh_token"), text(&tokens, "access_token")] {
        let random = encodify::base64::URL_SAFE_NO_PAD.decode(secret.split('.').next_back().unwrap()).unwrap();
        let random = &random[random.len() - 32..];
        assert!(!stored.windows(32).any(|octets| octets == random || octets == &secret.as_bytes()[..32]));
        assert!(!log.contains(secret));
    }
    server.finish().await;
}
