//! Authorization codes: one for one app, one address and one use.

use super::{
    CHALLENGE, REDIRECT, SCOPE, VERIFIER, authorize, claims, code, demand_refusal, dev, part, redeem, refresh, sent_back, text,
};
use kit::{Server, address, form_fields};
use serde_json::{Value, json};

#[tokio::test]
async fn a_code_is_exchanged_for_tokens_that_say_who_signed_in() {
    let server = Server::start().await;
    let back = sent_back(authorize(&server, &[]).await);
    assert_eq!(back["state"], "a state & more");
    assert!(!back["session_state"].is_empty());
    let answer = redeem(&server, &back["code"], &[("client_info", "1")]).await.demand(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.json();
    assert_eq!((text(&tokens, "token_type"), &tokens["expires_in"]), ("Bearer", &json!(3599)));
    assert_eq!(text(&tokens, "scope"), SCOPE, "as it was spelled");

    let (id, tenant) = (text(server.entry("AdeleV"), "id"), dev(&server, "tenant"));
    let access = claims(text(&tokens, "access_token"));
    for (name, expected) in [
        ("aud", "https://graph.microsoft.com"),
        ("iss", &format!("https://sts.windows.net/{tenant}/")),
        ("tid", tenant),
        ("oid", id),
        ("appid", dev(&server, "client_id")),
        ("azp", dev(&server, "client_id")),
        ("scp", "Mail.Read openid profile"),
        ("upn", &address("AdeleV")),
        ("preferred_username", &address("AdeleV")),
        ("name", "Adele Vance"),
        ("idtyp", "user"),
        ("app_displayname", "Restante"),
        ("ver", "1.0"),
    ] {
        assert_eq!(access[name], expected, "{name}");
    }
    assert!(access.get("roles").is_none());

    let id_token = claims(text(&tokens, "id_token"));
    for (name, expected) in [
        ("aud", dev(&server, "client_id")),
        ("iss", &format!("{}/{tenant}/v2.0", server.origin())),
        ("nonce", "n-0S6_WzA2Mj"),
        ("oid", id),
        ("sub", id),
        ("tid", tenant),
        ("preferred_username", &address("AdeleV")),
        ("name", "Adele Vance"),
        ("ver", "2.0"),
    ] {
        assert_eq!(id_token[name], expected, "{name}");
    }
    let client_info = encodify::base64::URL_SAFE_NO_PAD.decode(text(&tokens, "client_info")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&client_info).unwrap(), json!({"uid": id, "utid": tenant}));

    let adele = server.bearer(Some(text(&tokens, "access_token").to_owned()));
    adele.get("messages").await.demand(200);
    adele.post_json("messages", &json!({"subject": "x"})).await.demand_error(403, "ErrorAccessDenied");
    server.finish().await;
}

#[tokio::test]
async fn tokens_are_signed_with_a_key_of_the_key_set() {
    let server = Server::start().await;
    let tokens = redeem(&server, &code(&server).await, &[]).await.demand(200).json();
    let keys = server.get(&format!("/{}/discovery/v2.0/keys", dev(&server, "tenant"))).await.demand(200).json();
    for name in ["access_token", "id_token"] {
        let header = part(text(&tokens, name), 0);
        assert_eq!((text(&header, "alg"), text(&header, "kid")), ("RS256", text(&keys["keys"][0], "kid")));
    }
    server.finish().await;
}

#[tokio::test]
async fn a_code_used_twice_takes_back_what_it_gave() {
    let server = Server::start().await;
    let code = code(&server).await;
    let tokens = redeem(&server, &code, &[]).await.demand(200).json();
    demand_refusal(redeem(&server, &code, &[]).await, 400, "invalid_grant", 54_005);
    demand_refusal(refresh(&server, text(&tokens, "refresh_token"), &[]).await, 400, "invalid_grant", 70_000);
    server.finish().await;
}

#[tokio::test]
async fn of_two_who_come_with_one_code_one_gets_tokens() {
    let server = Server::start().await;
    let code = code(&server).await;
    let (one, other) = tokio::join!(redeem(&server, &code, &[]), redeem(&server, &code, &[]));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    server.finish().await;
}

#[tokio::test]
async fn a_code_is_bound_to_challenge_address_and_app() {
    let server = Server::start().await;
    let code = code(&server).await;
    let other = "another-verifier-another-verifier-another-v";
    let cases: [super::Refused; 7] = [
        (&[("code_verifier", other)], 400, "invalid_grant", 501_481),
        (&[("code_verifier", "")], 400, "invalid_request", 900_144),
        (&[("redirect_uri", "http://localhost:4712/signed-in")], 400, "invalid_grant", 500_112),
        (&[("redirect_uri", "")], 400, "invalid_request", 900_144),
        (&[("client_id", "11111111-1111-4111-8111-111111111111")], 400, "unauthorized_client", 700_016),
        (&[("client_secret", "wrong")], 401, "invalid_client", 7_000_215),
        (&[("code", "AAAA")], 400, "invalid_grant", 70_000),
    ];
    for (changes, status, word, number) in cases {
        demand_refusal(redeem(&server, &code, changes).await, status, word, number);
    }
    redeem(&server, &code, &[]).await.demand(200); // none of them used it up
    server.finish().await;
}

#[tokio::test]
async fn a_code_without_a_challenge_is_for_apps_that_prove_themselves() {
    let server = Server::start().await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = sent_back(authorize(&server, &without).await)["code"].clone();
    demand_refusal(redeem(&server, &code, &[("code_verifier", "")]).await, 401, "invalid_client", 7_000_218);
    demand_refusal(redeem(&server, &code, &[("code_verifier", VERIFIER)]).await, 400, "invalid_grant", 501_481);
    let proven = [("code_verifier", ""), ("client_secret", dev(&server, "client_secret"))];
    let tokens = redeem(&server, &code, &proven).await.demand(200).json();
    // What was given to an app that proved itself stays with those who can.
    let refresh_token = text(&tokens, "refresh_token");
    demand_refusal(refresh(&server, refresh_token, &[]).await, 401, "invalid_client", 7_000_218);
    refresh(&server, refresh_token, &[("client_secret", dev(&server, "client_secret"))]).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn codes_go_to_registered_addresses_alone() {
    let server = Server::start().await;
    let taken = [
        "http://localhost",
        "http://localhost:1/a/b?c=d",
        "http://127.0.0.1:65535/",
        "http://[::1]:3000/",
        "https://login.microsoftonline.com/common/oauth2/nativeclient",
    ];
    for uri in taken {
        let answer = authorize(&server, &[("redirect_uri", uri)]).await.demand(302);
        assert!(answer.header("location").unwrap().starts_with(uri), "{uri}");
    }
    let refused = [
        "https://evil.example/",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "http://user:secret@localhost/",
        "http://localhost:80\\@evil.example/",
        "https://localhost/",
        "http://localhost/#fragment",
        "http://local\thost/",
        "//localhost/",
        "javascript:alert(1)",
        "https://login.microsoftonline.com/common/oauth2/nativeclient/",
        "",
    ];
    for uri in refused {
        let answer = authorize(&server, &[("redirect_uri", uri)]).await.demand(400);
        assert!(answer.header("location").is_none() && answer.header("content-type").unwrap().starts_with("text/html"), "{uri}");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_to_the_app_once_its_address_is_known() {
    let server = Server::start().await;
    let cases = [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("scope", "Calendars.Read"), "invalid_scope"),
        (("scope", ""), "invalid_request"),
        (("request", "eyJ"), "invalid_request"),
    ];
    for (change, word) in cases {
        let back = sent_back(authorize(&server, &[change]).await);
        assert_eq!((back["error"].as_str(), back["state"].as_str()), (word, "a state & more"), "{change:?}");
        assert!(!back.contains_key("code") && back["error_description"].starts_with("AADSTS"));
    }
    let silent = authorize(&server, &[("login_hint", ""), ("prompt", "none")]).await;
    assert_eq!(sent_back(silent)["error"], "login_required");
    server.finish().await;
}

#[tokio::test]
async fn the_answer_stands_where_the_app_wants_it() {
    let server = Server::start().await;
    let answer = authorize(&server, &[("response_mode", "fragment")]).await.demand(302);
    let fragment = answer.header("location").unwrap().strip_prefix(&format!("{REDIRECT}#")).unwrap().to_owned();
    redeem(&server, &form_fields(&fragment)["code"], &[]).await.demand(200);

    let page = authorize(&server, &[("response_mode", "form_post"), ("state", "<\"&")]).await.demand(200);
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(html.contains(&format!("<form method=\"post\" action=\"{REDIRECT}\">")), "{html}");
    assert!(html.contains("name=\"state\" value=\"&lt;&quot;&amp;\""), "{html}");
    let code = html.split("name=\"code\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    redeem(&server, code, &[]).await.demand(200);

    authorize(&server, &[("response_mode", "web_message")]).await.demand(400);
    server.finish().await;
}

#[tokio::test]
async fn the_example_of_the_standard_is_its_own_challenge() {
    let digest = kit::sha256(VERIFIER.as_bytes());
    let octets: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&digest[at * 2..at * 2 + 2], 16).unwrap()).collect();
    assert_eq!(encodify::base64::URL_SAFE_NO_PAD.encode(octets), CHALLENGE);
}
