//! The token endpoint's other grants, how apps prove themselves, and tokens that are no tokens of this server.

use super::{at, claims, demand_refusal, dev, redeem, refresh, text, token, with};
use kit::{Answer, Server, address, base64};
use serde_json::{Value, json};

const DEFAULT: &str = "https://graph.microsoft.com/.default";

fn for_itself(server: &Server) -> [(&str, &str); 4] {
    [
        ("grant_type", "client_credentials"),
        ("client_id", dev(server, "client_id")),
        ("client_secret", dev(server, "client_secret")),
        ("scope", DEFAULT),
    ]
}

async fn demand_app_token(server: &Server, answer: Answer) {
    let answer = answer.demand(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let granted = answer.json();
    // A client is known that dies of a fifth member.
    let names: Vec<&str> = granted.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["token_type", "expires_in", "ext_expires_in", "access_token"]);
    let said = claims(text(&granted, "access_token"));
    assert_eq!((said["idtyp"].as_str(), said["azp"].as_str()), (Some("app"), Some(dev(server, "client_id"))));
    assert!(said["roles"].as_array().is_some_and(|roles| roles.contains(&json!("Mail.Send"))) && said.get("scp").is_none());
    let app = server.bearer(Some(text(&granted, "access_token").to_owned()));
    app.at("AdeleV").get("messages").await.demand(200);
}

#[tokio::test]
async fn an_app_gets_a_token_for_its_secret() {
    let server = Server::start().await;
    let in_body = for_itself(&server);
    for tenant in [dev(&server, "tenant"), "contoso.com", "CONTOSO.com", "common", "organizations"] {
        // Libraries put things into the query; none of them counts.
        let path = format!("/{tenant}/oauth2/v2.0/token?client-request-id=11111111-1111-4111-8111-111111111111");
        demand_app_token(&server, server.post_form(&path, &in_body).await).await;
    }
    let (id, secret) = (dev(&server, "client_id"), dev(&server, "client_secret"));
    let alone = with(&in_body, &[("client_id", ""), ("client_secret", "")]);
    let basic = format!("Basic {}", base64(format!("{}:{secret}", id.replace('-', "%2D")).as_bytes()));
    let path = at(&server, "oauth2/v2.0/token");
    demand_app_token(&server, server.post_form_with(&path, &[("authorization", &basic)], &alone).await).await;
    server.finish().await;
}

#[tokio::test]
async fn the_older_endpoint_asks_for_a_resource() {
    let server = Server::start().await;
    let path = at(&server, "oauth2/token");
    let form = with(&for_itself(&server), &[("scope", ""), ("resource", "https://graph.microsoft.com/")]);
    let granted = server.post_form(&path, &form).await.demand(200).json();
    assert_eq!(granted["expires_in"], "3599", "a text");
    assert_eq!(granted["resource"], "https://graph.microsoft.com/");
    let until: u64 = text(&granted, "expires_on").parse().unwrap();
    assert_eq!(claims(text(&granted, "access_token"))["exp"], until);
    server.bearer(Some(text(&granted, "access_token").to_owned())).at("AdeleV").get("messages").await.demand(200);

    let (adele, password) = (address("AdeleV"), text(server.entry("AdeleV"), "password"));
    let form = with(&form, &[("grant_type", "password"), ("username", &adele), ("password", password)]);
    let granted = server.post_form(&path, &form).await.demand(200).json();
    assert!(!text(&granted, "refresh_token").is_empty(), "it always gives one");
    demand_refusal(server.post_form(&path, &with(&form, &[("resource", "")])).await, 400, "invalid_request", 900_144);
    server.finish().await;
}

#[tokio::test]
async fn a_password_gives_tokens_in_development_mode() {
    let server = Server::start().await;
    let (megan, password) = (address("MeganB").to_uppercase(), text(server.entry("MeganB"), "password"));
    let form = [
        ("grant_type", "password"),
        ("client_id", dev(&server, "client_id")),
        ("username", &megan),
        ("password", password),
        ("scope", "openid offline_access Mail.ReadWrite"),
    ];
    let tokens = token(&server, &form).await.demand(200).json();
    assert_eq!(claims(text(&tokens, "access_token"))["upn"], address("MeganB"));
    refresh(&server, text(&tokens, "refresh_token"), &[]).await.demand(200);
    let others = text(server.entry("AdeleV"), "password");
    for change in [("password", others), ("password", "x"), ("username", "nobody@contoso.com")] {
        demand_refusal(token(&server, &with(&form, &[change])).await, 400, "invalid_grant", 50_126);
    }
    server.finish().await;
}

#[tokio::test]
async fn what_earns_no_token_is_told_in_words_that_libraries_read() {
    let server = Server::start().await;
    let app = for_itself(&server);
    let assertion_type = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let cases: [super::Refused; 11] = [
        (&[("client_secret", "x")], 401, "invalid_client", 7_000_215),
        (&[("client_secret", "")], 401, "invalid_client", 7_000_218),
        (&[("client_id", "")], 400, "invalid_request", 900_144),
        (&[("client_id", "11111111-1111-4111-8111-111111111111")], 400, "unauthorized_client", 700_016),
        (&[("grant_type", "implicit")], 400, "unsupported_grant_type", 70_003),
        (&[("grant_type", "")], 400, "invalid_request", 900_144),
        (&[("grant_type", "password")], 400, "invalid_request", 900_144),
        (&[("scope", "Mail.Send")], 400, "invalid_scope", 1_002_012),
        (&[("scope", "")], 400, "invalid_request", 900_144),
        (&[("client_secret", ""), assertion_type, ("client_assertion", "e30.e30.AAAA")], 401, "invalid_client", 700_027),
        (&[assertion_type, ("client_assertion", "e30.e30.AAAA")], 400, "invalid_request", 90_014),
    ];
    for (changes, status, word, number) in cases {
        let answer = token(&server, &with(&app, changes)).await;
        assert!(!String::from_utf8_lossy(&answer.body).contains(dev(&server, "client_secret")), "no secret comes back");
        demand_refusal(answer, status, word, number);
    }
    let refused = token(&server, &with(&app, &[("client_secret", "x")])).await;
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic "), "RFC 6749 §5.2");
    let twice = [&app[..], &[("scope", DEFAULT)]].concat();
    demand_refusal(token(&server, &twice).await, 400, "invalid_request", 90_014);
    for tenant in ["%FF", "fabrikam.example", "consumers"] {
        let answer = server.post_form(&format!("/{tenant}/oauth2/v2.0/token"), &app).await;
        demand_refusal(answer, 400, "invalid_request", 90_002);
    }
    let got = server.get(&at(&server, "oauth2/v2.0/token")).await;
    assert_eq!(got.header("allow"), Some("POST"), "RFC 9110 §15.5.6");
    demand_refusal(got, 405, "invalid_request", 900_561);
    let json = [("content-type", "application/json")];
    server.post_form_with(&at(&server, "oauth2/v2.0/token"), &json, &app).await.demand(400);
    server.finish().await;
}

/// Replaces the header of a token, and signs what comes of it anew where a key is given.
fn forged(token: &str, header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |octets: &[u8]| encodify::base64::URL_SAFE_NO_PAD.encode(octets);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), token.split('.').nth(1).unwrap());
    format!("{signed}.{}", encode(&sign(signed.as_bytes())))
}

#[tokio::test]
async fn a_token_signed_in_any_other_way_is_refused() {
    let server = Server::start().await;
    let good = text(server.entry("AdeleV"), "token");
    let keys = server.get("/common/discovery/v2.0/keys").await.demand(200).json();
    let modulus = encodify::base64::URL_SAFE_NO_PAD.decode(text(&keys["keys"][0], "n")).unwrap();
    let public_texts: [&[u8]; 3] = [&modulus, text(&keys["keys"][0], "n").as_bytes(), keys.to_string().leak().as_bytes()];
    let mut tokens = vec![String::new(), good[..good.len() - 4].to_owned(), format!("{good}AAAA")];
    for algorithm in ["none", "None", "NONE", "nOnE"] {
        tokens.push(forged(good, &json!({"alg": algorithm, "typ": "JWT"}), |_| Vec::new()));
    }
    // Whoever takes our public key for a secret signs with what everybody knows.
    for secret in public_texts {
        tokens.push(forged(good, &json!({"alg": "HS256", "typ": "JWT"}), |text| kit::hmac_sha256(secret, text)));
    }
    for algorithm in ["HS384", "HS512", "PS256", "RS384", "RS512", "ES256", "EdDSA", "RS256"] {
        let signature = good.split('.').nth(2).unwrap();
        let signature = encodify::base64::URL_SAFE_NO_PAD.decode(signature).unwrap();
        tokens.push(forged(good, &json!({"alg": algorithm, "typ": "JWT"}), |_| signature.clone()));
    }
    for token in tokens {
        server.bearer(Some(token)).get("messages").await.demand_error(401, "InvalidAuthenticationToken");
    }
    let elsewhere = Server::start().await;
    let theirs = text(elsewhere.entry("AdeleV"), "token").to_owned();
    server.bearer(Some(theirs)).get("messages").await.demand_error(401, "InvalidAuthenticationToken");
    server.bearer(Some(good.to_owned())).get("messages").await.demand(200);
    let id_token = text(&redeem(&server, &super::code(&server).await, &[]).await.json(), "id_token").to_owned();
    server.bearer(Some(id_token)).get("messages").await.demand_error(401, "InvalidAuthenticationToken");
    elsewhere.finish().await;
    server.finish().await;
}
