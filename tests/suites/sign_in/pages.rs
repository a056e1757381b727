//! The page on which somebody is chosen, and forms that did not come from it.

use super::{at, authorize, claims, redeem, sent_back, text, wish, with};
use kit::{Answer, Server, address, form_text};

/// The browser's mark and the form's of a page that was shown.
pub(super) fn mark(page: &Answer) -> (String, String) {
    let cookie = page.header("set-cookie").expect("a page marks the browser").split(';').next().unwrap().to_owned();
    (cookie, between(page, "name=\"mark\" value=\"", "\""))
}

fn between(page: &Answer, start: &str, end: &str) -> String {
    let html = String::from_utf8(page.body.to_vec()).expect("a page is text");
    let rest = html.split_once(start).unwrap_or_else(|| panic!("{start} is in {html}")).1;
    rest.split_once(end).expect("it ends").0.to_owned()
}

/// Presses a person's button on a page, or the one that cancels.
pub(super) async fn choose(server: &Server, page: &Answer, person: Option<&str>) -> Answer {
    let (cookie, mark) = mark(page);
    let action = between(page, "<form method=\"post\" action=\"", "\"").replace("&amp;", "&");
    let form = with(&[("mark", &mark)], &[("person", person.unwrap_or_default())]);
    server.post_form_with(&action, &[("cookie", &cookie)], &form).await
}

#[tokio::test]
async fn somebody_chosen_on_the_page_is_signed_in() {
    let server = Server::start().await;
    for change in [("login_hint", ""), ("login_hint", "nobody@contoso.com")] {
        let page = authorize(&server, &[change]).await.demand(200);
        let html = String::from_utf8(page.body.to_vec()).unwrap();
        for name in ["AdeleV", "AlexW", "ChristieC", "MeganB"] {
            assert!(html.contains(&address(name)), "{html}");
        }
        assert!(html.contains("Restante asks to use: Mail.Read."), "{html}");
        let back = sent_back(choose(&server, &page, Some(&address("MeganB"))).await);
        let tokens = redeem(&server, &back["code"], &[]).await.demand(200).json();
        assert_eq!(claims(text(&tokens, "access_token"))["upn"], address("MeganB"));
    }
    let page = authorize(&server, &[("login_hint", "")]).await.demand(200);
    assert_eq!(sent_back(choose(&server, &page, None).await)["error"], "access_denied");
    server.finish().await;
}

#[tokio::test]
async fn an_app_may_post_what_it_asks_for() {
    let server = Server::start().await;
    let megan = address("MeganB");
    let form = with(&wish(&server, &megan), &[("login_hint", "")]);
    let page = server.post_form(&at(&server, "oauth2/v2.0/authorize"), &form).await.demand(200);
    assert!(sent_back(choose(&server, &page, Some(&megan)).await).contains_key("code"));
    server.finish().await;
}

#[tokio::test]
async fn pages_can_be_neither_framed_nor_scripted() {
    let server = Server::start().await;
    for page in [
        authorize(&server, &[("login_hint", "")]).await.demand(200),
        authorize(&server, &[("client_id", "x")]).await.demand(400),
        server.get(&at(&server, "oauth2/deviceauth")).await.demand(200),
    ] {
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("script-src"), "{policy}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(!String::from_utf8_lossy(&page.body).contains("<script"));
    }
    let page = authorize(&server, &[("login_hint", "")]).await;
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "over http: {cookie}");
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self' http://localhost:4711"));
    server.finish().await;
}

#[tokio::test]
async fn a_mark_that_was_given_over_tls_stays_there() {
    let server = Server::start().await;
    let megan = address("MeganB");
    let query = form_text(&with(&wish(&server, &megan), &[("login_hint", "")]));
    let path = at(&server, &format!("oauth2/v2.0/authorize?{query}"));
    let page = server.get_with(&path, &[("x-forwarded-proto", "https")]).await.demand(200);
    assert!(page.header("set-cookie").unwrap().ends_with("; Secure"));
    server.finish().await;
}

#[tokio::test]
async fn a_form_that_is_not_of_the_page_is_refused() {
    let server = Server::start().await;
    let adele = address("AdeleV");
    let query = form_text(&with(&wish(&server, &adele), &[("login_hint", "")]));
    let other = form_text(&with(&wish(&server, &adele), &[("login_hint", ""), ("scope", "Mail.ReadWrite")]));
    let page = server.get(&at(&server, &format!("oauth2/v2.0/authorize?{query}"))).await.demand(200);
    let (cookie, mark) = mark(&page);
    let login = |query: &str| at(&server, &format!("login?{query}"));
    let cases = [
        (login(&query), "", mark.as_str()),              // another browser's
        (login(&query), cookie.as_str(), ""),            // another site's
        (login(&query), cookie.as_str(), "AAAA"),        // somebody's guess
        (login(&other), cookie.as_str(), mark.as_str()), // the page showed other scopes
    ];
    for (action, cookie, mark) in cases {
        let form = with(&[("person", adele.as_str())], &[("mark", mark)]);
        let answer = server.post_form_with(&action, &[("cookie", cookie)], &form).await.demand(400);
        assert!(answer.header("location").is_none());
    }
    let form = [("person", adele.as_str()), ("mark", mark.as_str())];
    let back = sent_back(server.post_form_with(&login(&query), &[("cookie", &cookie)], &form).await);
    redeem(&server, &back["code"], &[]).await.demand(200);
    server.finish().await;
}
