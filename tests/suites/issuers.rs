//! Tokens of other people's issuers, at a server outside development mode: Entra ID's and Keycloak's shapes, keys that
//! change, an issuer that goes down, and a second Restante as an issuer.

mod shapes;

use kit::{Provider, Server, SigningKey, address, plain, until};
use serde_json::{Value, json};

const AUDIENCE: &str = "api://restante";
const APP: &str = "5d1a4a0e-0000-4000-8000-00000000a001";
const ALL: [&str; 4] = ["Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"];

/// The settings that trust a provider.
fn trusting(issuer: &str, more: &str) -> String {
    format!("[[issuers]]\nissuer = \"{issuer}\"\naudiences = [\"{AUDIENCE}\", \"other\"]\n{more}\n")
}

/// Registers an app for everything, as an operator does beside a server that runs.
async fn register(server: &Server, client_id: &str) {
    let name = format!("App {client_id}");
    let mut command = vec!["app", "add", &name, "--client-id", client_id];
    for name in ALL {
        command.extend(["--delegated-permission", name, "--application-permission", name]);
    }
    let added = server.restante(&command).await;
    assert!(added.status.success(), "restante app add: {}", String::from_utf8_lossy(&added.stderr));
}

/// Seconds since 1970.
fn seconds() -> i64 {
    kit::now().parse::<jiff::Timestamp>().expect("a date").as_second()
}

/// What every token says, and these claims over it; those that are null are left out.
fn claims(issuer: &str, over: &Value) -> Value {
    let mut claims = json!({"iss": issuer, "aud": AUDIENCE, "nbf": seconds() - 5, "exp": seconds() + 600, "tid": "t"});
    let members = claims.as_object_mut().unwrap();
    members.extend(over.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    claims
}

/// Claims of Entra ID's v2.0 tokens for a person.
fn of_adele() -> Value {
    json!({"azp": APP, "scp": "Mail.ReadWrite Mail.Send", "preferred_username": address("AdeleV"), "oid": "o", "sub": "s", "ver": "2.0"})
}

#[tokio::test]
async fn keys_rotate_and_an_issuer_that_is_down_puts_its_people_off() {
    let provider = Provider::start().await;
    let (first, second) = (SigningKey::rs256("first"), SigningKey::rs256("second"));
    let server = Server::in_production(&trusting(&provider.issuer(), "")).await;
    register(&server, APP).await;
    let adele = |key: &SigningKey| server.bearer(Some(key.sign(&claims(&provider.issuer(), &of_adele()))));

    let answer = adele(&first).get("messages").await;
    let seconds: u64 = answer.header("retry-after").expect("it says when to come again").parse().expect("seconds");
    assert!((1..60).contains(&seconds) && answer.header("www-authenticate").is_none());
    answer.demand_error(503, "ServiceNotAvailable");

    provider.publish(&[&first]);
    let works = async |key: &SigningKey, failing: u16| {
        let answer = adele(key).get("messages").await;
        if answer.status == 200 {
            Some(())
        } else {
            answer.demand(failing);
            None
        }
    };
    until("the issuer is asked again", async || works(&first, 503).await).await;

    provider.publish(&[&second]);
    until("the new key is found", async || works(&second, 401).await).await;
    adele(&first).get("messages").await.demand_error(401, "InvalidAuthenticationToken");

    provider.go_down();
    adele(&second).get("messages").await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn a_second_restante_is_an_issuer() {
    let elsewhere = Server::start().await;
    let dev = |name: &str| elsewhere.dev()[name].as_str().unwrap().to_owned();
    let (tenant, ca) = (dev("tenant"), dev("ca"));
    let settings = |ca: &str| {
        format!(
            "[[issuers]]\nissuer = \"https://sts.windows.net/{tenant}/\"\naudiences = [\"https://graph.microsoft.com\"]\n\
             discovery = \"{}/{tenant}/v2.0/.well-known/openid-configuration\"\ntenant = \"{tenant}\"\n{ca}",
            dev("authority")
        )
    };
    // Its certificate is of an authority that the system doesn't know.
    let doubting = Server::in_production(&settings("")).await;
    let theirs = elsewhere.entry("AdeleV")["token"].as_str().unwrap();
    let adele = doubting.bearer(Some(theirs.to_owned()));
    adele.get("messages").await.demand_error(503, "ServiceNotAvailable");
    doubting.finish().await;

    let server = Server::in_production(&settings(&format!("ca = \"{ca}\"\n"))).await;
    let adele = server.bearer(Some(theirs.to_owned()));
    adele.get("messages").await.demand_error(401, "InvalidAuthenticationToken");

    register(&server, &dev("client_id")).await;
    let letter = plain("AdeleV", &["AlexW"], "From another issuer");
    adele.send_mime(&letter).await.demand_empty(202);
    let app = server.bearer(Some(elsewhere.app_token().await));
    let alex = app.at("AlexW");
    let arrived = alex.arrived("From another issuer").await;
    assert!(alex.value(arrived["id"].as_str().unwrap()).await.ends_with(&letter), "octet for octet");
    assert!(elsewhere.person("AlexW").inbox().await.is_empty(), "nothing happens at the issuer");
    app.get("messages").await.demand(400); // an app is nobody's /me
    elsewhere.finish().await;
    server.finish().await;
}
