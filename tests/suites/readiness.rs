//! Where the rows are out of reach: every door says so in its own words and in bounded time, and goes on when they are back.
//! These servers keep their mail in PostgreSQL, whatever the others do: it is what can be out of reach.

use kit::{Answer, Gate, S3Fault, Server, Smtp, Way, address, exchange, plain, until, until_within};
use std::time::{Duration, Instant};

/// How long an answer may take while the store says nothing at all.
const BOUND: Duration = Duration::from_secs(25);

pub(crate) async fn plain_get(server: &Server, path: &str) -> Answer {
    let host = server.origin().trim_start_matches("http://").to_owned();
    exchange(&host, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), Vec::new()).await
}

async fn until_ready(server: &Server, status: u16) -> Answer {
    until_within(BOUND, "readiness changes", async || {
        let answer = plain_get(server, "/readyz").await;
        (answer.status == status).then_some(answer)
    })
    .await
}

async fn behind_gate() -> (Server, Gate) {
    let (server, gate) = Server::behind_gate().await;
    until_ready(&server, 200).await;
    (server, gate)
}

#[tokio::test]
async fn a_store_out_of_reach_is_told_at_every_door_and_taken_up_again() {
    let (server, gate) = behind_gate().await;
    let adele = server.person("AdeleV");
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Before")).await.demand_empty(202);
    server.person("AlexW").arrived("Before").await;
    let mut smtp = Smtp::connect(&server).await;
    smtp.demand("EHLO client.elsewhere.example", 250).await;
    smtp.envelope("sender@elsewhere.example", &[address("AlexW")]).await;

    gate.set(Way::Shut);
    let answer = until_ready(&server, 503).await;
    assert!(answer.header("retry-after").is_some());
    plain_get(&server, "/healthz").await.demand(200);
    for answer in [
        adele.get("messages").await,
        adele.send_mime(&plain("AdeleV", &["AlexW"], "Meanwhile")).await,
        adele.post_json("messages", &serde_json::json!({"subject": "Meanwhile"})).await,
        adele.get("mailFolders/inbox/messages/delta").await,
    ] {
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
        answer.demand_error(503, "ServiceNotAvailable");
    }
    smtp.data(&plain("AdeleV", &["AlexW"], "By SMTP"), 451).await;
    let form = "grant_type=refresh_token&client_id=00000000-0000-0000-0000-000000000000&refresh_token=AAAA";
    let host = server.origin().trim_start_matches("http://").to_owned();
    let head = format!(
        "POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    );
    let refused = exchange(&host, &head, Vec::new()).await;
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.demand(503).json()["error"], "temporarily_unavailable");

    gate.set(Way::Open);
    until_ready(&server, 200).await;
    until("mail is sent again", async || {
        (adele.send_mime(&plain("AdeleV", &["AlexW"], "After")).await.status == 202).then_some(())
    })
    .await;
    server.person("AlexW").arrived("After").await;
    let subjects: Vec<String> =
        server.person("AlexW").inbox().await.iter().map(|one| one["subject"].as_str().unwrap().to_owned()).collect();
    assert!(!subjects.iter().any(|subject| subject == "Meanwhile"), "what was refused was not done: {subjects:?}");
    server.finish().await;
}

#[tokio::test]
async fn a_store_that_says_nothing_is_not_waited_for_without_end() {
    let (server, gate) = behind_gate().await;
    let adele = server.person("AdeleV");
    adele.get("messages").await.demand(200);
    gate.set(Way::Stuck);
    until_ready(&server, 503).await;
    let began = Instant::now();
    assert!(plain_get(&server, "/readyz").await.demand(503).header("retry-after").is_some());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let (began, letter) = (Instant::now(), plain("AdeleV", &["AlexW"], "Meanwhile"));
    let (read, sent) = tokio::join!(adele.get("messages"), adele.send_mime(&letter));
    for answer in [read, sent] {
        answer.demand_error(503, "ServiceNotAvailable");
    }
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    gate.set(Way::Open);
    until_ready(&server, 200).await;
    adele.get("messages").await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn octets_out_of_reach_are_told_as_rows_are() {
    let (server, _gate) = behind_gate().await;
    let adele = server.person("AdeleV");
    for fault in [S3Fault::HangingUp, S3Fault::Silent] {
        server.set_fault(Some(fault));
        let answer = until_ready(&server, 503).await;
        assert!(answer.header("retry-after").is_some());
        adele.get("messages").await.demand(200);
        server.set_fault(None);
        until_ready(&server, 200).await;
    }
    server.finish().await;
}
