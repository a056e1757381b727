//! Sign-in of devices in development mode.

use super::{at, claims, demand_refusal, dev, refresh, text, token, with};
use crate::sign_in::pages::{choose, mark};
use kit::{Answer, Server, address};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Asks for a device's code, with changes to what is sent.
pub(super) async fn begin(server: &Server, changes: &[(&str, &str)]) -> Answer {
    server.post_form(&at(server, "oauth2/v2.0/devicecode"), &with(&wish(server), changes)).await
}

/// What a device asks for.
pub(super) fn wish(server: &Server) -> [(&str, &str); 2] {
    [("client_id", dev(server, "client_id")), ("scope", "Mail.Read offline_access")]
}

async fn poll(server: &Server, device_code: &str) -> Answer {
    token(server, &[("grant_type", GRANT), ("client_id", dev(server, "client_id")), ("device_code", device_code)]).await
}

#[tokio::test]
async fn a_device_is_signed_in_at_its_first_question() {
    let server = Server::start().await;
    let begun = begin(&server, &[]).await.demand(200).json();
    let (device_code, user_code) = (text(&begun, "device_code"), text(&begun, "user_code"));
    assert!(text(&begun, "message").contains(user_code) && text(&begun, "message").contains(text(&begun, "verification_uri")));
    assert_eq!((begun["expires_in"].as_u64(), begun["interval"].as_u64()), (Some(900), Some(5)));
    let tokens = poll(&server, device_code).await.demand(200).json();
    assert_eq!(claims(text(&tokens, "access_token"))["upn"], address("AdeleV"), "as the first of the people");
    refresh(&server, text(&tokens, "refresh_token"), &[]).await.demand(200);
    demand_refusal(poll(&server, device_code).await, 400, "bad_verification_code", 70_018);
    server.finish().await;
}

#[tokio::test]
async fn a_device_can_be_signed_in_as_somebody_in_particular() {
    let server = Server::start().await;
    let begun = begin(&server, &[("login_hint", &address("MeganB"))]).await.demand(200).json();
    let tokens = poll(&server, text(&begun, "device_code")).await.demand(200).json();
    assert_eq!(claims(text(&tokens, "access_token"))["upn"], address("MeganB"));
    server.finish().await;
}

#[tokio::test]
async fn what_somebody_decides_on_the_page_counts() {
    let server = Server::start().await;
    for (person, status) in [(Some(address("ChristieC")), 200), (None, 400)] {
        let begun = begin(&server, &[]).await.demand(200).json();
        let page_address = at(&server, "oauth2/deviceauth");
        let typed = text(&begun, "user_code").to_lowercase();
        let page = server.get(&format!("{page_address}?user_code={}-{}", &typed[..4], &typed[4..])).await.demand(200);
        let answer = choose(&server, &page, person.as_deref()).await.demand(200);
        assert!(String::from_utf8_lossy(&answer.body).contains("Your device is"));
        let polled = poll(&server, text(&begun, "device_code")).await;
        match person {
            Some(name) => assert_eq!(claims(text(&polled.demand(status).json(), "access_token"))["upn"], name),
            None => demand_refusal(polled, status, "authorization_declined", 65_004),
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn codes_that_nobody_gave_out_are_refused() {
    let server = Server::start().await;
    demand_refusal(poll(&server, "AAAA").await, 400, "bad_verification_code", 70_018);
    demand_refusal(begin(&server, &[("client_id", "")]).await, 400, "invalid_request", 900_144);
    demand_refusal(begin(&server, &[("scope", "Calendars.Read")]).await, 400, "invalid_scope", 70_011);
    let page = server.get(&at(&server, "oauth2/deviceauth?user_code=BBBBBBBB")).await.demand(200);
    assert!(String::from_utf8_lossy(&page.body).contains("There is no such code"));

    let begun = begin(&server, &[]).await.demand(200).json();
    let page_address = at(&server, &format!("oauth2/deviceauth?user_code={}", text(&begun, "user_code")));
    let (cookie, mark) = mark(&server.get(&page_address).await.demand(200));
    let adele = address("AdeleV");
    for (cookie, mark) in [("", mark.as_str()), (cookie.as_str(), "x"), (cookie.as_str(), "")] {
        let form = with(&[("person", adele.as_str())], &[("mark", mark)]);
        server.post_form_with(&page_address, &[("cookie", cookie)], &form).await.demand(400);
    }
    server.finish().await;
}
