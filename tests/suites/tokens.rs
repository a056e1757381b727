//! The token endpoint, and tokens that are no tokens of this server.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use kit::{Answer, Http, Server, base64};
use serde_json::Value;

const SCOPE: &str = "https%3A%2F%2Fgraph.microsoft.com%2F.default";

fn member<'s>(server: &'s Server, name: &str) -> &'s str {
    server.dev()[name].as_str().expect("dev.json names the app")
}

async fn ask(server: &Server, tenant: &str, basic: Option<&str>, form: &str) -> Answer {
    let mut request = Request::post(format!("{}/{tenant}/oauth2/v2.0/token", server.origin()))
        .header("content-type", "application/x-www-form-urlencoded");
    if let Some(basic) = basic {
        request = request.header("authorization", format!("Basic {}", base64(basic.as_bytes())));
    }
    Http::new().attempt(request.body(Full::new(Bytes::from(form.to_owned()))).unwrap()).await.unwrap()
}

#[tokio::test]
async fn an_app_gets_a_token_for_its_secret() {
    let server = Server::start().await;
    let (id, secret) = (member(&server, "client_id"), member(&server, "client_secret"));
    let in_body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope={SCOPE}");
    let alone = format!("grant_type=client_credentials&scope={SCOPE}");
    let basic = format!("{id}:{secret}");
    let tenant = member(&server, "tenant");
    for (tenant, basic, form) in
        [(tenant, None, &in_body), ("contoso.com", None, &in_body), (tenant, Some(basic.as_str()), &alone)]
    {
        let granted = ask(&server, tenant, basic, form).await.demand(200);
        assert_eq!(granted.header("cache-control"), Some("no-store"));
        let granted = granted.json();
        // A client is known that dies of a fifth member.
        let names: Vec<&str> = granted.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["token_type", "expires_in", "ext_expires_in", "access_token"]);
        let app = server.bearer(granted["access_token"].as_str().map(str::to_owned));
        app.at("AdeleV").get("messages").await.demand(200);
    }
    server.finish().await;
}

#[tokio::test]
async fn what_earns_no_token_is_told_in_words_that_libraries_read() {
    let server = Server::start().await;
    let (id, secret, tenant) = (member(&server, "client_id"), member(&server, "client_secret"), member(&server, "tenant"));
    let app = format!("client_id={id}&client_secret={secret}");
    let cases = [
        (tenant, format!("grant_type=client_credentials&client_id={id}&client_secret=x&scope={SCOPE}"), 401, "invalid_client"),
        (tenant, format!("grant_type=client_credentials&scope={SCOPE}"), 401, "invalid_client"),
        (tenant, format!("grant_type=password&{app}&scope={SCOPE}"), 400, "unsupported_grant_type"),
        (tenant, format!("grant_type=client_credentials&{app}&scope=Mail.Send"), 400, "invalid_scope"),
        (tenant, format!("{app}&scope={SCOPE}"), 400, "invalid_request"),
        ("%FF", format!("grant_type=client_credentials&{app}&scope={SCOPE}"), 400, "invalid_request"),
        ("fabrikam.example", format!("grant_type=client_credentials&{app}&scope={SCOPE}"), 400, "invalid_request"),
    ];
    for (tenant, form, status, word) in cases {
        let error: Value = ask(&server, tenant, None, &form).await.demand(status).json();
        assert_eq!(error["error"], word, "{form}");
        let number = error["error_codes"][0].as_u64().unwrap();
        assert!(error["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")), "{error}");
        assert!(!error.to_string().contains(secret), "no secret comes back");
    }
    server.finish().await;
}
