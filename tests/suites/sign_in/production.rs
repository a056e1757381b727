//! People sign in outside development mode: with a password, after which they say what the app may do; and what is refused.

use super::{CHALLENGE, REDIRECT, VERIFIER, at, claims, demand_refusal, sent_back, text, token, with};
use kit::{Answer, Browser, Server, address, form, form_text};
use serde_json::Value;

const RIGHT: &str = "correct horse battery";

struct App {
    id: String,
}

/// A command of the operator, and what it answers.
async fn operator(server: &Server, command: &[&str]) -> Value {
    let done = server.restante(&[command, &["--json"]].concat()).await;
    assert!(done.status.success(), "restante {command:?}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("it answers JSON")
}

/// Gives somebody a password, which is answered.
async fn password(server: &Server, name: &str) -> String {
    let made = operator(server, &["user", "password", &address(name), "--generate"]).await;
    assert_eq!(made["hasPassword"], true);
    text(&made, "password").to_owned()
}

async fn app(server: &Server) -> App {
    let flags = ["app", "add", "Reader", "--public-client", "--redirect-uri", REDIRECT];
    let permissions = ["--delegated-permission", "Mail.Read", "--delegated-permission", "Mail.Send"];
    App { id: text(&operator(server, &[&flags[..], &permissions].concat()).await, "appId").to_owned() }
}

impl App {
    /// Where a browser is sent to sign in.
    fn authorize(&self, server: &Server, changes: &[(&str, &str)]) -> String {
        let wish = [
            ("client_id", self.id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid offline_access Mail.Read"),
            ("state", "s"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        at(server, &format!("oauth2/v2.0/authorize?{}", form_text(&with(&wish, changes))))
    }

    async fn redeem(&self, server: &Server, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", self.id.as_str()),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        token(server, &form).await
    }

    async fn refresh(&self, server: &Server, refresh_token: &str) -> Answer {
        token(server, &[("grant_type", "refresh_token"), ("client_id", &self.id), ("refresh_token", refresh_token)]).await
    }
}

fn html(page: &Answer) -> String {
    String::from_utf8(page.body.to_vec()).expect("a page is text")
}

/// Fills in the page of sign-in that an address shows.
async fn signed_in(browser: &mut Browser<'_>, address: &str, name: &str, password: &str) -> Answer {
    let page = browser.open(address).await.demand(200);
    browser.send(&page, &[("username", name), ("password", password)], "accept").await
}

#[tokio::test]
async fn consent_is_asked_once_and_again_for_more() {
    let server = Server::in_production("").await;
    let (app, right) = (app(&server).await, password(&server, "AdeleV").await);
    let (adele, first) = (address("AdeleV"), app.authorize(&server, &[]));
    let mut browser = Browser::new(&server);
    let consent = signed_in(&mut browser, &first, &adele.to_uppercase(), &right).await.demand(200);
    let page = html(&consent);
    assert!(page.contains("Adele Vance") && page.contains("Reader") && page.contains("Mail.Read"), "{page}");
    assert!(!page.contains(&right), "the password does not come back");
    let back = sent_back(browser.send(&consent, &[], "accept").await);
    assert_eq!(back["state"], "s");
    let tokens = app.redeem(&server, &back["code"]).await.demand(200).json();
    assert_eq!(claims(text(&tokens, "access_token"))["upn"], adele);
    let bearer = server.bearer(Some(text(&tokens, "access_token").to_owned()));
    bearer.get("messages").await.demand(200);

    sent_back(signed_in(&mut browser, &first, &adele, &right).await).remove("code").expect("nothing is asked twice");
    let more = app.authorize(&server, &[("scope", "openid Mail.Read Mail.Send")]);
    let consent = signed_in(&mut browser, &more, &adele, &right).await.demand(200);
    assert_eq!(sent_back(browser.send(&consent, &[], "decline").await)["error"], "access_denied");
    let consent = signed_in(&mut browser, &more, &adele, &right).await.demand(200);
    sent_back(browser.send(&consent, &[], "accept").await).remove("code").expect("now it is agreed");
    sent_back(signed_in(&mut browser, &more, &adele, &right).await).remove("code").expect("and kept");
    let always = app.authorize(&server, &[("prompt", "consent")]);
    assert!(html(&signed_in(&mut browser, &always, &adele, &right).await.demand(200)).contains("Reader"));
    let silent = app.authorize(&server, &[("prompt", "none"), ("login_hint", &adele)]);
    assert_eq!(sent_back(browser.open(&silent).await)["error"], "login_required", "nobody stays signed in");
    server.finish().await;
}

#[tokio::test]
async fn every_wrong_sign_in_is_told_the_same() {
    let server = Server::in_production("").await;
    let app = app(&server).await;
    let right = password(&server, "AdeleV").await;
    let of_disabled = password(&server, "MeganB").await;
    operator(&server, &["user", "disable", &address("MeganB")]).await;
    operator(&server, &["user", "add", "desk@contoso.com", "--shared"]).await;
    let refused = server.restante(&["user", "password", "desk@contoso.com", "--generate"]).await;
    assert!(!refused.status.success(), "a shared mailbox has no password");
    let authorize = app.authorize(&server, &[]);
    let mut told = Vec::new();
    for (name, tried) in [
        (address("AdeleV"), "wrong password"),
        (address("MeganB"), of_disabled.as_str()),
        (address("AlexW"), RIGHT),
        ("desk@contoso.com".to_owned(), RIGHT),
        ("nobody@contoso.com".to_owned(), RIGHT),
    ] {
        let mut browser = Browser::new(&server);
        let page = signed_in(&mut browser, &authorize, &name, tried).await.demand(400);
        let said = html(&page);
        let notice = said.split("id=\"notice\"").nth(1).and_then(|rest| rest.split("</p>").next()).map(str::to_owned);
        told.push(notice.unwrap_or_else(|| panic!("{name}: {said}")));
        assert!(!said.contains(tried), "{name}: a password does not come back");
        // The same page lets in who is right then.
        let consent = browser.send(&page, &[("username", &address("AdeleV")), ("password", &right)], "accept").await;
        assert!(html(&consent.demand(200)).contains("Adele Vance"));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    server.finish().await;
}

#[tokio::test]
async fn forms_and_tickets_of_others_are_refused() {
    let server = Server::in_production("").await;
    let (app, right, adele) = (app(&server).await, password(&server, "AdeleV").await, address("AdeleV"));
    let authorize = app.authorize(&server, &[]);
    let (mut mine, mut other) = (Browser::new(&server), Browser::new(&server));
    let page = mine.open(&authorize).await.demand(200);
    other.open(&authorize).await.demand(200);
    let stolen = other.send(&page, &[("username", &adele), ("password", &right)], "accept").await;
    stolen.demand(400); // another browser's mark
    let consent = signed_in(&mut mine, &authorize, &adele, &right).await.demand(200);
    other.send(&consent, &[], "accept").await.demand(400);
    let ticket = form(&consent).fields.into_iter().find(|(name, _)| name == "ticket").expect("consent has a ticket").1;
    for forged in [String::new(), ticket.chars().rev().collect(), format!("{}A", &ticket[..ticket.len() - 1])] {
        if forged != ticket {
            let answer = mine.send(&consent, &[("ticket", &forged)], "accept").await;
            assert!(answer.status.as_u16() != 302, "{forged}: {answer:?}");
        }
    }
    // A ticket for one wish is none for another, and none once the password is another.
    let more = app.authorize(&server, &[("scope", "Mail.Send")]);
    let page = mine.open(&more).await.demand(200);
    let mut swapped = form(&page);
    swapped.fields.push(("ticket".to_owned(), ticket.clone()));
    assert!(mine.send_form(&swapped, &[], "accept").await.status.as_u16() != 302);
    let consent = signed_in(&mut mine, &authorize, &adele, &right).await.demand(200);
    password(&server, "AdeleV").await;
    assert!(mine.send(&consent, &[], "accept").await.status.as_u16() != 302, "the password is another by now");
    server.finish().await;
}

#[tokio::test]
async fn who_guesses_waits_and_others_do_not() {
    let server = Server::in_production("trusted_proxies = [\"127.0.0.1/32\"]\n").await;
    let (app, right, adele) = (app(&server).await, password(&server, "AdeleV").await, address("AdeleV"));
    let authorize = app.authorize(&server, &[]);
    let mut guesser = Browser::at(&server, "203.0.113.7");
    let mut waits = None;
    for number in 0..8 {
        let answer = signed_in(&mut guesser, &authorize, &adele, &format!("guess number {number}")).await;
        if answer.status.as_u16() == 429 {
            waits = answer.header("retry-after").map(str::to_owned);
            break;
        }
        answer.demand(400);
    }
    assert!(waits.expect("there is an end").parse::<u32>().unwrap() >= 1);
    let blocked = signed_in(&mut guesser, &authorize, &adele, &right).await;
    assert_eq!(blocked.status.as_u16(), 429, "also the right one waits, from there");
    let mut person = Browser::at(&server, "198.51.100.20");
    signed_in(&mut person, &authorize, &adele, &right).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn whoever_is_no_trusted_proxy_has_one_address() {
    let server = Server::in_production("").await;
    let (app, adele) = (app(&server).await, address("AdeleV"));
    password(&server, "AdeleV").await;
    let authorize = app.authorize(&server, &[]);
    let mut statuses = Vec::new();
    for number in 0..8 {
        let mut browser = Browser::at(&server, &format!("203.0.113.{number}"));
        statuses.push(signed_in(&mut browser, &authorize, &adele, "a guess").await.status.as_u16());
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    server.finish().await;
}

#[tokio::test]
async fn what_is_taken_back_ends_refreshing() {
    let server = Server::in_production("").await;
    let (app, adele) = (app(&server).await, address("AdeleV"));
    let authorize = app.authorize(&server, &[]);
    for how in ["disable", "password"] {
        let right = password(&server, "AdeleV").await;
        let mut browser = Browser::new(&server);
        let mut answer = signed_in(&mut browser, &authorize, &adele, &right).await;
        if answer.status.as_u16() == 200 {
            answer = browser.send(&answer, &[], "accept").await;
        }
        let tokens = app.redeem(&server, &sent_back(answer)["code"]).await.demand(200).json();
        let tokens = app.refresh(&server, text(&tokens, "refresh_token")).await.demand(200).json();
        match how {
            "disable" => operator(&server, &["user", "disable", &adele]).await,
            _ => operator(&server, &["user", "password", &adele, "--remove"]).await,
        };
        let refused = app.refresh(&server, text(&tokens, "refresh_token")).await;
        assert_eq!((refused.status.as_u16(), refused.json()["error"].as_str()), (400, Some("invalid_grant")), "{how}");
        operator(&server, &["user", "enable", &adele]).await;
    }
    server.finish().await;
}

#[tokio::test]
async fn a_device_is_let_in_on_its_page() {
    let server = Server::in_production("").await;
    let (app, right, adele) = (app(&server).await, password(&server, "AdeleV").await, address("AdeleV"));
    let wish = [("client_id", app.id.as_str()), ("scope", "Mail.Read")];
    let begun = server.post_form(&at(&server, "oauth2/v2.0/devicecode"), &wish).await.demand(200).json();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let poll = [("grant_type", grant), ("client_id", &app.id), ("device_code", text(&begun, "device_code"))];
    demand_refusal(token(&server, &poll).await, 400, "authorization_pending", 70_016);
    let mut browser = Browser::new(&server);
    let page = browser.open("/common/oauth2/deviceauth").await.demand(200);
    let (name, _) = form(&page).fields.into_iter().find(|(name, _)| name.contains("code")).expect("it asks for the code");
    let code = form_text(&[(&name, text(&begun, "user_code"))]);
    let page = browser.open(&format!("/common/oauth2/deviceauth?{code}")).await.demand(200);
    let consent = browser.send(&page, &[("username", &adele), ("password", &right)], "accept").await.demand(200);
    assert!(html(&consent).contains(text(&begun, "user_code")), "who agrees compares the code");
    browser.send(&consent, &[], "accept").await.demand(200);
    let mut tokens = token(&server, &poll).await;
    for _ in 0..10 {
        if tokens.status.as_u16() == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await; // asked too soon
        tokens = token(&server, &poll).await;
    }
    assert_eq!(claims(text(&tokens.demand(200).json(), "access_token"))["upn"], adele);
    server.finish().await;
}

#[tokio::test]
async fn no_password_is_taken_outside_the_page() {
    let server = Server::in_production("").await;
    let (app, right, adele) = (app(&server).await, password(&server, "AdeleV").await, address("AdeleV"));
    let form =
        [("grant_type", "password"), ("client_id", &app.id), ("username", &adele), ("password", &right), ("scope", "Mail.Read")];
    demand_refusal(token(&server, &form).await, 400, "unsupported_grant_type", 70_003);
    server.finish().await;
}
