//! A sign-in that begins at one node and goes on at another.

use super::*;

#[tokio::test]
async fn a_sign_in_goes_on_at_another_node() {
    let [one, other] = Server::nodes().await;
    let code = code(&one).await;
    let tokens = redeem(&other, &code, &[]).await.demand(200).json();
    let refreshed = refresh(&one, tokens["refresh_token"].as_str().unwrap(), &[]).await.demand(200).json();
    let adele = other.bearer(refreshed["access_token"].as_str().map(str::to_owned));
    adele.get("messages").await.demand(200);
    let again = redeem(&one, &code, &[]).await.demand(400).json();
    assert_eq!(again["error"], "invalid_grant", "a code is good once, over all nodes");
    one.finish().await;
    other.finish().await;
}
