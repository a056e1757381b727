//! Sign-in over http behind a proxy that took https off it. In development mode that is whatever runs on this machine.

use super::{REDIRECT, VERIFIER, claims, code, dev, devices, text, wish, with};
use kit::{Answer, Server, form_text};

const PROXIED: [(&str, &str); 2] = [("x-forwarded-proto", "https"), ("x-forwarded-host", "login.microsoftonline.com")];
const PUBLIC: &str = "https://login.microsoftonline.com";

/// Whatever of its own address the server told in an answer is the proxy's, or this server's own.
#[track_caller]
fn demand_told(answer: Answer, is_believed: bool, own: &str) -> Answer {
    let told = String::from_utf8_lossy(&answer.body).into_owned();
    let (here, there) = if is_believed { (PUBLIC, own) } else { (own, PUBLIC) };
    assert!(told.contains(here) && !told.contains(there), "{told}");
    answer
}

async fn metadata(server: &Server, is_believed: bool) {
    let own = server.origin();
    for path in ["common/.well-known/openid-configuration", "contoso.com/v2.0/.well-known/openid-configuration"] {
        demand_told(server.get_with(&format!("/{path}"), &PROXIED).await.demand(200), is_believed, &own);
    }
    let query = form_text(&[("authorization_endpoint", &format!("{PUBLIC}/common/oauth2/v2.0/authorize"))]);
    let instance = server.get_with(&format!("/common/discovery/instance?{query}"), &PROXIED).await;
    demand_told(instance.demand(200), is_believed, &own);
    let begun = server.post_form_with("/common/oauth2/v2.0/devicecode", &PROXIED, &devices::wish(server)).await;
    let begun = demand_told(begun.demand(200), is_believed, &own).json();
    let verification_uri = format!("{}/common/oauth2/deviceauth", if is_believed { PUBLIC } else { &own });
    assert_eq!(text(&begun, "verification_uri"), verification_uri);
    server.get_with("/common/discovery/v2.0/keys", &PROXIED).await.demand(200);
    let realm = server.get_with("/common/userrealm/AdeleV@contoso.com?api-version=1.0", &PROXIED).await.demand(200).json();
    assert_eq!(text(&realm, "account_type"), "Managed");
}

/// The page where somebody is chosen: its cookie goes over https alone where the browser came by it.
async fn page(server: &Server, is_believed: bool) {
    let query = form_text(&with(&wish(server, ""), &[("login_hint", "")]));
    let page = server.get_with(&format!("/common/oauth2/v2.0/authorize?{query}"), &PROXIED).await.demand(200);
    let cookie = page.header("set-cookie").expect("the browser is marked");
    assert_eq!(cookie.contains("; Secure"), is_believed, "{cookie}");
}

async fn tokens(server: &Server, issuer: &str) {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", dev(server, "client_id")),
        ("code", &code(server).await),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let given = server.post_form_with("/common/oauth2/v2.0/token", &PROXIED, &form).await.demand(200).json();
    let said = claims(text(&given, "id_token"));
    assert_eq!(text(&said, "iss"), format!("{issuer}/{}/v2.0", dev(server, "tenant")));
    let person = server.bearer(Some(text(&given, "access_token").to_owned()));
    person.get_with("messages", &PROXIED).await.demand(200);
}

#[tokio::test]
async fn all_of_sign_in_answers_over_http_and_speaks_as_the_proxy_says() {
    let server = Server::start().await;
    metadata(&server, true).await;
    page(&server, true).await;
    tokens(&server, PUBLIC).await;
    server.finish().await;
}

#[tokio::test]
async fn nobody_is_believed_where_no_proxy_is_trusted() {
    let server = Server::with_config("development = true\ntrusted_proxies = []\n").await;
    metadata(&server, false).await;
    page(&server, false).await;
    tokens(&server, &server.origin()).await;
    let adele = server.person("AdeleV");
    let page = adele.get_with("mailFolders?$top=1", &PROXIED).await.demand(200).json();
    assert!(text(&page, "@odata.nextLink").starts_with(&server.origin()));
    server.finish().await;
}

/// Links of lists, and the address of an upload, lead to the proxy too.
#[tokio::test]
async fn links_of_graph_lead_to_the_proxy() {
    let server = Server::start().await;
    let fields = [("forwarded", "for=192.0.2.1;proto=https;host=graph.microsoft.com")];
    let page = server.person("AdeleV").get_with("mailFolders?$top=1", &fields).await.demand(200).json();
    assert!(text(&page, "@odata.nextLink").starts_with("https://graph.microsoft.com/v1.0/"));
    server.finish().await;
}
