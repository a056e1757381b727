//! What senders are told.

use super::{report, started, to, towards_with};
use kit::{Act, EXTENSIONS, Peer, Server, address};

#[tokio::test]
async fn nobody_of_our_domain_is_a_report_too() {
    let peer = Peer::start().await;
    let (server, adele) = started(&peer).await;
    let octets = to(&["nobody@contoso.com", &address("AlexW")], "Nobody");
    assert_eq!(adele.send_mime(&octets).await.status, 202);
    let report = report(&adele, "Undeliverable: Nobody").await;
    for line in [
        "Return-Path: <>\r\n",
        "From: \"Mail Delivery\" <postmaster@contoso.com>\r\n",
        "Content-Type: multipart/report; report-type=delivery-status;\r\n",
        "Auto-Submitted: auto-replied\r\n",
        "\r\nReporting-MTA: dns; contoso.com\r\n",
        "\r\nFinal-Recipient: rfc822; nobody@contoso.com\r\nAction: failed\r\nStatus: 5.1.1\r\n",
        "\r\nSubject: Nobody\r\n",
    ] {
        assert!(report.contains(line), "{line:?} in {report}");
    }
    server.person("AlexW").arrived("Nobody").await;
    server.finish().await;
}

#[tokio::test]
async fn a_report_stands_in_the_conversation_that_it_is_about() {
    let peer = Peer::start().await;
    let (server, adele) = started(&peer).await;
    let octets = to(&["nobody@contoso.com"], "Thread");
    assert_eq!(adele.send_mime(&octets).await.status, 202);
    let report = adele.arrived("Undeliverable: Thread").await;
    let sent = adele.sent().await;
    assert_eq!(report["conversationId"], sent[0]["conversationId"]);
    server.finish().await;
}

#[tokio::test]
async fn what_takes_long_is_told_once_and_given_up_at_the_end() {
    let peer = Peer::with(&EXTENSIONS, |_, line| match line.starts_with("RCPT") {
        true => Act::Say("450 4.2.1 try again".to_owned()),
        false => Act::Usual,
    })
    .await;
    let settings = towards_with(&peer, "delay_report_seconds = 1\nlifetime_seconds = 5\n");
    let server = Server::with_config(&settings).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Slow")).await.status, 202);
    let delayed = report(&adele, "Delivery delayed: Slow").await;
    for line in [
        "\r\nAction: delayed\r\nStatus: 4.2.1\r\n",
        "\r\nDiagnostic-Code: smtp; 450 4.2.1 try again\r\n",
        "\r\nWill-Retry-Until: ",
    ] {
        assert!(delayed.contains(line), "{line:?} in {delayed}");
    }
    let failed = report(&adele, "Undeliverable: Slow").await;
    assert!(failed.contains("\r\nAction: failed\r\nStatus: 4.4.7\r\n"), "{failed}");
    assert_eq!(adele.inbox().await.len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn a_receipt_of_delivery_is_asked_of_who_can_tell_and_told_of_who_can_not() {
    let with_reports = [&EXTENSIONS[..], &["DSN"]].concat();
    for (extensions, is_told) in [(&EXTENSIONS[..], true), (&with_reports[..], false)] {
        let peer = Peer::with(extensions, |_, _| Act::Usual).await;
        let (server, adele) = started(&peer).await;
        let message = serde_json::json!({"message": {
            "subject": "Receipt", "isDeliveryReceiptRequested": true,
            "toRecipients": [{"emailAddress": {"address": "a@elsewhere.example"}}, {"emailAddress": {"address": address("AlexW")}}],
        }});
        assert_eq!(adele.post_json("/me/sendMail", &message).await.status, 202);
        let delivered = report(&adele, "Delivered: Receipt").await;
        assert!(delivered.contains("\r\nFinal-Recipient: rfc822; AlexW@contoso.com\r\nAction: delivered\r\n"), "{delivered}");
        let taken = peer.until_taken(1).await;
        if is_told {
            let relayed = report(&adele, "Relayed: Receipt").await;
            assert!(relayed.contains("\r\nAction: relayed\r\nStatus: 2.0.0\r\n"), "{relayed}");
        } else {
            assert!(taken[0].rcpts[0].ends_with(" NOTIFY=SUCCESS,FAILURE,DELAY"), "{:?}", taken[0].rcpts);
            assert!(taken[0].mail.contains(" ENVID="), "{}", taken[0].mail);
            assert_eq!(adele.inbox().await.len(), 1);
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn what_another_server_reports_later_is_told_of_the_message() {
    let peer = Peer::start().await;
    let (server, adele) = started(&peer).await;
    let answer = adele.send_mime(&to(&["a@elsewhere.example", "b@elsewhere.example"], "Bounces")).await;
    let url = answer.headers["restante-delivery"].to_str().unwrap().to_owned();
    let path = url.split_once("/v1.0").unwrap().1.to_owned();
    let taken = peer.until_taken(1).await;
    let delivery = async || adele.get(&path).await.json()["recipients"].as_array().unwrap().clone();
    kit::until("it is relayed", async || delivery().await.iter().all(|one| one["state"] == "relayed").then_some(())).await;
    let original = String::from_utf8(taken[0].octets.clone()).unwrap();
    let (header, _) = original.split_once("\r\n\r\n").unwrap();
    let bounce = format!(
        "From: postmaster@elsewhere.example\r\nTo: {}\r\nSubject: Returned mail\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; elsewhere.example\r\n\r\n\
         Final-Recipient: rfc822; A@elsewhere.example\r\nAction: failed\r\nStatus: 5.2.1\r\n\
         Diagnostic-Code: smtp; 550 5.2.1 mailbox closed\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{header}\r\n\r\n--b--\r\n",
        address("AdeleV")
    );
    for (sender, expected) in [("forger@elsewhere.example", "relayed"), ("", "failed")] {
        let mut smtp = kit::Smtp::connect(&server).await;
        smtp.demand("EHLO mx.elsewhere.example", 250).await;
        smtp.envelope(sender, &[address("AdeleV")]).await;
        smtp.data(bounce.as_bytes(), 250).await;
        assert_eq!(delivery().await[0]["state"], expected, "{sender:?}");
    }
    let recipients = delivery().await;
    assert_eq!(recipients[0]["lastReply"], "failed: 550 5.2.1 mailbox closed");
    assert_eq!(recipients[1]["state"], "relayed");
    let (sent, mut inbox) = (adele.sent().await, adele.inbox().await);
    inbox.retain(|one| one["conversationId"] == sent[0]["conversationId"]);
    assert_eq!(inbox.len(), 1, "the report stands beside the message, and the forged one doesn't");
    server.finish().await;
}

#[tokio::test]
async fn whoever_asked_for_it_is_told_once_that_a_message_was_read() {
    let peer = Peer::start().await;
    let (server, adele) = started(&peer).await;
    let alex = server.person("AlexW");
    let message = serde_json::json!({"message": {
        "subject": "Asked", "isReadReceiptRequested": true, "body": {"content": "Please."},
        "toRecipients": [{"emailAddress": {"address": address("AlexW")}}],
    }});
    assert_eq!(adele.post_json("/me/sendMail", &message).await.status, 202);
    let arrived = alex.arrived("Asked").await;
    let path = format!("/me/messages/{}", arrived["id"].as_str().unwrap());
    assert_eq!(arrived["isReadReceiptRequested"], true);
    for is_read in [false, true, false, true] {
        let answer = alex.patch_json(&path, &serde_json::json!({"isRead": is_read})).await;
        assert_eq!(answer.status, 200);
    }
    let receipt = report(&adele, "Read: Asked").await;
    for line in [
        "Return-Path: <>\r\n",
        "Content-Type: multipart/report; report-type=disposition-notification;\r\n",
        "\r\nFinal-Recipient: rfc822; AlexW@contoso.com\r\n",
        "\r\nDisposition: manual-action/MDN-sent-automatically; displayed\r\n",
    ] {
        assert!(receipt.contains(line), "{line:?} in {receipt}");
    }
    let sent = adele.sent().await;
    assert!(receipt.contains(&format!("\r\nOriginal-Message-ID: {}\r\n", sent[0]["internetMessageId"].as_str().unwrap())));
    assert_eq!(adele.arrived("Read: Asked").await["conversationId"], sent[0]["conversationId"]);
    assert_eq!(alex.get(&path).await.json()["isReadReceiptRequested"], false);
    server.finish().await;
}

#[tokio::test]
async fn a_receipt_leaves_for_another_server_and_goes_to_nobody_else_than_errors_do() {
    let peer = Peer::start().await;
    let (server, _) = started(&peer).await;
    let alex = server.person("AlexW");
    for (subject, asks) in
        [("Theirs", "them@elsewhere.example"), ("Others", "victim@third.example"), ("Declined", "them@elsewhere.example")]
    {
        let octets = kit::letter(
            &[("From", "them@elsewhere.example"), ("Subject", subject), ("Disposition-Notification-To", asks)],
            "Hello.\r\n",
        );
        let mut smtp = kit::Smtp::connect(&server).await;
        smtp.demand("EHLO mx.elsewhere.example", 250).await;
        smtp.envelope("them@elsewhere.example", &[address("AlexW")]).await;
        smtp.data(&octets, 250).await;
        let path = format!("/me/messages/{}", alex.arrived(subject).await["id"].as_str().unwrap());
        if subject == "Declined" {
            let answer = alex.patch_json(&path, &serde_json::json!({"isReadReceiptRequested": false})).await;
            assert_eq!(answer.status, 200);
        }
        assert_eq!(alex.patch_json(&path, &serde_json::json!({"isRead": true})).await.status, 200);
    }
    let taken = peer.until_taken(1).await;
    assert!(taken[0].mail.starts_with("MAIL FROM:<>") && taken[0].rcpts == ["RCPT TO:<them@elsewhere.example>"], "{taken:?}");
    assert!(String::from_utf8_lossy(&taken[0].octets).contains("\r\nSubject: Read: Theirs\r\n"));
    server.finish().await;
    assert_eq!(peer.count(), 1);
}

/// Adele submits by SMTP, and asks for reports in these words.
async fn submit(server: &Server, octets: &[u8], mail: &str, rcpt: &str) {
    let token = server.person("AdeleV").authorization().trim_start_matches("Bearer ").to_owned();
    let mut smtp = kit::Smtp::connect(server).await;
    smtp.demand("EHLO app.contoso.com", 250).await;
    smtp.demand(&format!("AUTH PLAIN {}", kit::base64(format!("\0{}\0{token}", address("AdeleV")).as_bytes())), 235).await;
    smtp.demand(&format!("MAIL FROM:<{}>{mail}", address("AdeleV")), 250).await;
    smtp.demand(&format!("RCPT TO:<{rcpt}"), 250).await;
    smtp.data(octets, 250).await;
}

#[tokio::test]
async fn the_recipient_as_first_named_goes_on_with_the_message_and_into_its_report() {
    let with_reports = [&EXTENSIONS[..], &["DSN"]].concat();
    let peer = Peer::with(&with_reports, |_, line| match line.contains("gone@") {
        true => Act::Say("550 5.1.1 no such user".to_owned()),
        false => Act::Usual,
    })
    .await;
    let (server, adele) = started(&peer).await;
    let octets = to(&["a@elsewhere.example"], "First named");
    submit(&server, &octets, "", "a@elsewhere.example> ORCPT=rfc822;first+2Bnamed@third.example").await;
    let taken = peer.until_taken(1).await;
    assert_eq!(taken[0].rcpts, ["RCPT TO:<a@elsewhere.example> ORCPT=rfc822;first+2Bnamed@third.example"]);
    let octets = to(&["gone@elsewhere.example"], "Gone");
    submit(&server, &octets, "", "gone@elsewhere.example> ORCPT=rfc822;first@third.example").await;
    let told = report(&adele, "Undeliverable: Gone").await;
    assert!(told.contains("\r\nOriginal-Recipient: rfc822;first@third.example\r\n"), "{told}");
    server.finish().await;
}

#[tokio::test]
async fn no_parameter_of_a_client_becomes_a_command_to_the_next_server() {
    let with_reports = [&EXTENSIONS[..], &["DSN"]].concat();
    let peer = Peer::with(&with_reports, |_, _| Act::Usual).await;
    let (server, _adele) = started(&peer).await;
    let octets = to(&["a@elsewhere.example"], "Smuggled");
    let more = "x+0D+0ARCPT+20TO:<victim@third.example>+0D+0ANOOP+20+3By";
    submit(&server, &octets, &format!(" ENVID={more}"), &format!("a@elsewhere.example> ORCPT=rfc822;{more}")).await;
    let is_smuggled = |line: &String| line.starts_with("RCPT TO:<victim") || line.starts_with("NOOP");
    kit::until("it is taken, or more than it", async || (peer.count() > 0 || peer.lines().iter().any(is_smuggled)).then_some(()))
        .await;
    assert!(!peer.lines().iter().any(is_smuggled), "{:?}", peer.lines());
    server.finish().await;
}
