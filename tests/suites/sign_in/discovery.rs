//! What the server says of itself before anybody has a token.

use super::{dev, text};
use kit::{Answer, Server, form_text};
use serde_json::{Value, json};

#[tokio::test]
async fn metadata_leads_to_the_endpoints_by_the_clients_own_address() {
    let server = Server::start().await;
    let tenant = dev(&server, "tenant");
    let origin = server.origin();
    for name in [tenant, "contoso.com", "common", "organizations"] {
        for path in [
            "v2.0/.well-known/openid-configuration",
            "/v2.0/.well-known/openid-configuration",
            ".well-known/openid-configuration",
        ] {
            let document = server.get(&format!("/{name}/{path}")).await.demand(200).json();
            assert_eq!(text(&document, "issuer"), format!("{origin}/{tenant}/v2.0"));
            for (member, end) in [
                ("authorization_endpoint", "oauth2/v2.0/authorize"),
                ("token_endpoint", "oauth2/v2.0/token"),
                ("device_authorization_endpoint", "oauth2/v2.0/devicecode"),
                ("jwks_uri", "discovery/v2.0/keys"),
                ("end_session_endpoint", "oauth2/v2.0/logout"),
            ] {
                assert_eq!(text(&document, member), format!("{origin}/{name}/{end}"), "{member}");
            }
            assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        }
        let keys = server.get(&format!("/{name}/discovery/v2.0/keys")).await.demand(200).json();
        for (member, value) in [("kty", "RSA"), ("use", "sig"), ("alg", "RS256"), ("e", "AQAB")] {
            assert_eq!(keys["keys"][0][member], value);
        }
        assert_eq!(text(&keys["keys"][0], "n").len(), 342, "2048 bits, and no private part");
        assert!(keys["keys"][0].get("d").is_none());
    }
    for name in ["consumers", "fabrikam.example", "11111111-1111-4111-8111-111111111111"] {
        let answer = server.get(&format!("/{name}/v2.0/.well-known/openid-configuration")).await;
        super::demand_refusal(answer, 400, "invalid_request", 90_002);
    }
    server.finish().await;
}

#[tokio::test]
async fn metadata_follow_the_name_by_which_a_client_came() {
    let server = Server::start().await;
    let before_a_proxy = [("x-forwarded-proto", "https"), ("x-forwarded-host", "login.example")];
    let by_microsofts_name = [("host", "login.microsoftonline.com")];
    let cases = [(&before_a_proxy[..], "https://login.example"), (&by_microsofts_name[..], "http://login.microsoftonline.com")];
    for (fields, origin) in cases {
        let document = server.get_with("/common/v2.0/.well-known/openid-configuration", fields).await.demand(200).json();
        assert_eq!(text(&document, "token_endpoint"), format!("{origin}/common/oauth2/v2.0/token"));
        assert_eq!(text(&document, "issuer"), format!("{origin}/{}/v2.0", dev(&server, "tenant")));
    }
    let page = server.get_with("/common/oauth2/deviceauth", &before_a_proxy).await.demand(200);
    assert!(page.header("set-cookie").is_none(), "nothing is asked yet");
    server.finish().await;
}

async fn instance(server: &Server, authorization_endpoint: &str) -> Answer {
    let query = form_text(&[("api-version", "1.1"), ("authorization_endpoint", authorization_endpoint)]);
    server.get(&format!("/common/discovery/instance?{query}")).await
}

#[tokio::test]
async fn an_authority_is_known_by_this_servers_name_or_microsofts() {
    let server = Server::start().await;
    let origin = server.origin();
    let host = origin.strip_prefix("http://").unwrap();
    // The port is not looked at: a library is known that loses it.
    for authority in
        ["https://127.0.0.1/contoso.com", "https://127.0.0.1:1/contoso.com", "https://login.microsoftonline.com/contoso.com"]
    {
        let known: Value = instance(&server, &format!("{authority}/oauth2/v2.0/authorize")).await.demand(200).json();
        let expected = format!("{origin}/contoso.com/v2.0/.well-known/openid-configuration");
        assert_eq!(text(&known, "tenant_discovery_endpoint"), expected, "{authority}");
        assert_eq!(known["metadata"], json!([{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]));
        assert_eq!(known["api-version"], "1.1");
    }
    for authority in ["https://evil.example/common", "https://127.0.0.1/fabrikam.example", "http://127.0.0.1/common", "x"] {
        let unknown = instance(&server, &format!("{authority}/oauth2/v2.0/authorize")).await.demand(400).json();
        assert_eq!(unknown["error"], "invalid_instance", "{authority}");
    }
    server.get("/common/discovery/instance").await.demand(400);
    server.finish().await;
}

#[tokio::test]
async fn a_realm_tells_of_the_domain_and_never_who_is_here() {
    let server = Server::start().await;
    for name in ["AdeleV%40contoso.com", "nobody@contoso.com"] {
        let realm = server.get(&format!("/common/userrealm/{name}?api-version=1.0")).await.demand(200).json();
        assert_eq!(realm, json!({"ver": "1.0", "account_type": "Managed", "domain_name": "contoso.com"}));
    }
    let realm = server.get("/common/userrealm/x@fabrikam.example?api-version=1.0").await.demand(200).json();
    assert_eq!(realm["account_type"], "Unknown");
    server.finish().await;
}

#[tokio::test]
async fn signing_out_leads_to_registered_addresses_alone() {
    let server = Server::start().await;
    server.get("/common/oauth2/v2.0/logout").await.demand(200);
    let back = server.get("/common/oauth2/v2.0/logout?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fbye").await;
    assert_eq!(back.header("location"), Some("http://localhost:1/bye"));
    let refused =
        server.get("/common/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F").await.demand(400);
    assert!(refused.header("location").is_none());
    server.finish().await;
}
