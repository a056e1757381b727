//! What browsers are told when a page of another origin asks: what its own token opens, and no page of ours.

use kit::{Answer, Server, exchange, form_text};

const ORIGIN: (&str, &str) = ("origin", "https://app.example");
const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const GRAPH: [&str; 3] = ["/v1.0/me/sendMail", "/beta/$batch", "/v1.0/uploads/none"];
const SERVICES: [&str; 4] = [
    "/common/oauth2/v2.0/token",
    "/contoso.com/oauth2/token",
    "/common/v2.0/.well-known/openid-configuration",
    "/common/discovery/v2.0/keys",
];
const PAGES: [&str; 6] = [
    "/common/oauth2/v2.0/authorize",
    "/common/oauth2/v2.0/logout",
    "/common/oauth2/v2.0/devicecode",
    "/common/oauth2/deviceauth",
    "/common/login",
    "/healthz",
];

/// Asks as a browser does before a request that a page could not make with a form (Fetch §4.8).
async fn preflight(server: &Server, path: &str, headers: &str) -> Answer {
    let host = server.origin().trim_start_matches("http://").to_owned();
    let head = format!(
        "OPTIONS {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: {headers}\r\nConnection: close\r\n\r\n"
    );
    exchange(&host, &head, Vec::new()).await
}

#[tokio::test]
async fn pages_of_any_origin_may_ask_graph_and_for_tokens() {
    let server = Server::start().await;
    let asked = "authorization,client-request-id,consistencylevel,content-type,idempotency-key,if-match,prefer";
    for path in GRAPH.iter().chain(&SERVICES) {
        let answer = preflight(&server, path, asked).await.demand(200);
        assert_eq!(answer.header(ALLOW_ORIGIN), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-headers"), Some(asked), "{path}");
        let methods = answer.header("access-control-allow-methods").expect("methods are named");
        for method in ["GET", "POST", "PATCH", "PUT", "DELETE"] {
            assert!(methods.split(',').any(|one| one.trim() == method), "{path}: {methods}");
        }
        assert!(answer.header("access-control-allow-credentials").is_none(), "{path}: browsers send no cookies");
    }
    server.finish().await;
}

#[tokio::test]
async fn answers_may_be_read_by_scripts_and_so_may_refusals() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for answer in
        [adele.get_with("messages", &[ORIGIN]).await.demand(200), server.anonymous().get_with("messages", &[ORIGIN]).await]
    {
        assert_eq!(answer.header(ALLOW_ORIGIN), Some("*"));
        let read = answer.header("access-control-expose-headers").expect("fields are named");
        for field in
            ["request-id", "location", "retry-after", "preference-applied", "etag", "www-authenticate", "restante-delivery"]
        {
            assert!(read.split(',').any(|one| one.trim() == field), "{field} in {read}");
        }
    }
    let refused = server.post_form_with(SERVICES[0], &[ORIGIN], &[("grant_type", "authorization_code")]).await.demand(400);
    assert_eq!(refused.header(ALLOW_ORIGIN), Some("*"));
    let metadata = server.get_with(SERVICES[2], &[ORIGIN]).await.demand(200);
    assert_eq!(metadata.header(ALLOW_ORIGIN), Some("*"));
    server.finish().await;
}

/// A script that could read the page of sign-in could press its buttons.
#[tokio::test]
async fn no_page_of_sign_in_may_be_read_by_scripts() {
    let server = Server::start().await;
    let client_id = server.dev()["client_id"].as_str().expect("dev.json names the app");
    let wish = form_text(&[
        ("client_id", client_id),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost"),
        ("scope", "Mail.Read"),
    ]);
    let page = server.get_with(&format!("{}?{wish}", PAGES[0]), &[ORIGIN]).await.demand(200);
    let device = server.get_with(PAGES[3], &[ORIGIN]).await.demand(200);
    for answer in [page, device] {
        assert!(answer.header(ALLOW_ORIGIN).is_none());
    }
    for path in PAGES {
        let answer = preflight(&server, path, "content-type").await;
        assert!(answer.header(ALLOW_ORIGIN).is_none() && !answer.status.is_success(), "{path}: {}", answer.status);
    }
    server.finish().await;
}
