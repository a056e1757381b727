//! Sign-in as auth libraries do it, on the wire: metadata, codes, refresh tokens, devices, passwords, and what is refused.

mod before_a_proxy;
mod codes;
mod devices;
mod discovery;
mod nodes;
mod pages;
mod production;
mod refreshes;
mod tokens;

use kit::{Answer, Server, address, form_fields, form_text};
use serde_json::Value;
use std::collections::BTreeMap;

const SCOPE: &str = "openid profile offline_access https://graph.microsoft.com/Mail.Read";
const REDIRECT: &str = "http://localhost:4711/signed-in";
/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What is changed in a request, and the status, word and number of its refusal.
type Refused<'c> = (&'c [(&'c str, &'c str)], u16, &'c str, u64);

/// A text of dev.json.
fn dev<'s>(server: &'s Server, name: &str) -> &'s str {
    server.dev()[name].as_str().expect("dev.json has this text")
}

/// An address of the tenant.
fn at(server: &Server, path: &str) -> String {
    format!("/{}/{path}", dev(server, "tenant"))
}

/// Some pairs, with others in their place or beside them; one whose new value is empty is left out.
fn with<'p>(pairs: &[(&'p str, &'p str)], changes: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
    let kept = pairs.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes).copied().filter(|(_, value)| !value.is_empty()).collect()
}

/// What an app sends to the authorization endpoint for Adele.
fn wish<'p>(server: &'p Server, adele: &'p str) -> [(&'p str, &'p str); 9] {
    [
        ("client_id", dev(server, "client_id")),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", "a state & more"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("login_hint", adele),
    ]
}

/// Asks the authorization endpoint, with changes to what is sent.
async fn authorize(server: &Server, changes: &[(&str, &str)]) -> Answer {
    let adele = address("AdeleV");
    let query = form_text(&with(&wish(server, &adele), changes));
    server.get(&at(server, &format!("oauth2/v2.0/authorize?{query}"))).await
}

/// What was answered at the redirect URI.
fn sent_back(answer: Answer) -> BTreeMap<String, String> {
    let answer = answer.demand(302);
    let location = answer.header("location").expect("a redirect leads somewhere");
    form_fields(location.strip_prefix(&format!("{REDIRECT}?")).unwrap_or_else(|| panic!("it leads to {location}")))
}

/// A code for Adele.
async fn code(server: &Server) -> String {
    sent_back(authorize(server, &[]).await)["code"].clone()
}

/// Exchanges a code as a public client, with changes to what is sent.
async fn redeem(server: &Server, code: &str, changes: &[(&str, &str)]) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", dev(server, "client_id")),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    server.post_form(&at(server, "oauth2/v2.0/token"), &with(&form, changes)).await
}

/// Exchanges a refresh token as a public client, with changes to what is sent.
async fn refresh(server: &Server, token: &str, changes: &[(&str, &str)]) -> Answer {
    let form = [("grant_type", "refresh_token"), ("client_id", dev(server, "client_id")), ("refresh_token", token)];
    server.post_form(&at(server, "oauth2/v2.0/token"), &with(&form, changes)).await
}

/// Sends a form to the token endpoint.
async fn token(server: &Server, form: &[(&str, &str)]) -> Answer {
    server.post_form(&at(server, "oauth2/v2.0/token"), form).await
}

/// A member that is a text.
#[track_caller]
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a text in {value}"))
}

/// The claims of a token, unproven.
fn claims(token: &str) -> Value {
    part(token, 1)
}

/// A part of a token: 0 is its header, 1 its claims.
fn part(token: &str, number: usize) -> Value {
    let octets = encodify::base64::URL_SAFE_NO_PAD.decode(token.split('.').nth(number).expect("a token has three parts"));
    serde_json::from_slice(&octets.expect("base64url")).expect("a token is JSON")
}

/// Demands a refusal in the words that libraries read.
#[track_caller]
fn demand_refusal(answer: Answer, status: u16, word: &str, number: u64) {
    let error = answer.demand(status).json();
    assert_eq!((text(&error, "error"), &error["error_codes"]), (word, &serde_json::json!([number])), "{error}");
    assert!(text(&error, "error_description").starts_with(&format!("AADSTS{number}: ")), "{error}");
    for member in ["timestamp", "trace_id", "correlation_id"] {
        assert!(!text(&error, member).is_empty());
    }
}

/// The calls of the rows of sign-in in the table of operations, one for each grant or way.
pub(crate) async fn call(server: &Server, method: &str, path: &str) -> Vec<Answer> {
    let app = [("client_id", dev(server, "client_id")), ("client_secret", dev(server, "client_secret"))];
    let all = [("grant_type", "client_credentials"), ("scope", "https://graph.microsoft.com/.default")];
    match (method, path.strip_prefix("/{tenant}/").unwrap_or_default()) {
        ("GET", "oauth2/v2.0/authorize") => vec![authorize(server, &[]).await],
        ("GET", "v2.0/.well-known/openid-configuration") => {
            vec![server.get(&at(server, "v2.0/.well-known/openid-configuration")).await]
        }
        ("POST", "oauth2/v2.0/devicecode") => vec![devices::begin(server, &[]).await],
        ("POST", "oauth2/v2.0/token") => {
            let first = redeem(server, &code(server).await, &[]).await;
            let second = refresh(server, text(&first.json(), "refresh_token"), &[]).await;
            vec![token(server, &[app, all].concat()).await, first, second]
        }
        _ => Vec::new(),
    }
}
