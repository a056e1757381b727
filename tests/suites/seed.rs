//! The samples of Microsoft's MIME page, sent by Adele: octets kept, and everything in them found, odd as they are.

use kit::{Person, Server, base64, decode_base64, now, shared};
use serde_json::{Value, json};

const TEXT: &str = "We are testing the Graph MIME feature.";

/// A sample, and what must be found in it.
struct Sample {
    /// The body of the request.
    body: Vec<u8>,
    /// The octets it stands for.
    octets: Vec<u8>,
    subject: &'static str,
    /// Octets of the attachment, if there is one.
    attachment: Option<Vec<u8>>,
}

#[tokio::test]
async fn sample_b64_arrives_octet_for_octet() {
    let (Some(body), Some(octets)) = (shared("seed/sample.b64"), shared("seed/sample-decoded.eml")) else { return };
    let sample = Sample { body, octets, subject: "This is a test in Graph - MIME", attachment: None };
    send_by_every_road(&sample).await;
}

#[tokio::test]
async fn sample_plain_whose_boundary_no_part_uses_arrives_octet_for_octet() {
    let Some(octets) = shared("seed/sample-plain.eml") else { return };
    send_by_every_road(&plain(octets, None)).await;
}

#[tokio::test]
async fn sample_plain_with_attachment_part_appended_arrives_octet_for_octet() {
    let (Some(mut octets), Some(part)) = (shared("seed/sample-plain.eml"), shared("seed/sample-attachment-part.txt")) else {
        return;
    };
    octets.extend_from_slice(&part);
    send_by_every_road(&plain(octets, Some(octets_of(&part)))).await;
}

/// What the server adds before the first octet ends its lines as the message does.
#[tokio::test]
async fn added_fields_end_their_lines_as_the_message_does() {
    let Some(octets) = shared("seed/sample-decoded.eml") else { return };
    let crlf = String::from_utf8(octets).unwrap().replace('\n', "\r\n").into_bytes();
    let server = Server::start().await;
    server.person("AdeleV").send_mime(&crlf).await.demand_empty(202);
    let alex = server.person("AlexW");
    let message = alex.arrived("This is a test in Graph - MIME").await;
    let added = added(&alex.value(text(&message["id"])).await, &crlf);
    assert_eq!(added.matches('\n').count(), added.matches("\r\n").count(), "{added:?}");
    server.finish().await;
}

fn plain(octets: Vec<u8>, attachment: Option<Vec<u8>>) -> Sample {
    Sample { body: base64(&octets).into_bytes(), octets, subject: "Testing the MIME feature in Graph", attachment }
}

/// The octets that an attachment's part stands for: those of its base64 body, whatever `size=` claims.
fn octets_of(part: &[u8]) -> Vec<u8> {
    let part = std::str::from_utf8(part).unwrap();
    let (_, body) = part.split_once("\n\n").unwrap();
    let (body, _) = body.split_once("\n--").unwrap();
    decode_base64(body)
}

async fn send_by_every_road(sample: &Sample) {
    let roads: [fn(Person) -> Person; 4] =
        [|me| me, |me| me.at("AdeleV"), |me| me.under_beta(), |me| me.under_beta().at("AdeleV")];
    for road in roads {
        let server = Server::start().await;
        let adele = road(server.person("AdeleV"));
        let before = now();
        adele.post("sendMail", "text/plain", sample.body.clone()).await.demand_empty(202);
        for name in ["AlexW", "ChristieC"] {
            let recipient = server.person(name);
            let message = recipient.arrived(sample.subject).await;
            demand_all_found(&message, sample);
            let received = text(&message["receivedDateTime"]);
            assert!(before.as_str() <= received && received <= now().as_str(), "received at {received}");
            demand_delivered_octets(&recipient.value(text(&message["id"])).await, &sample.octets);
            demand_attachment(&recipient, &message, sample.attachment.as_deref()).await;
        }
        let sent = adele.sent().await;
        assert_eq!(sent.len(), 1, "one message was sent");
        demand_all_found(&sent[0], sample);
        assert_eq!(adele.value(text(&sent[0]["id"])).await, sample.octets, "Sent Items hold the octets that were given");
        server.finish().await;
    }
}

fn demand_all_found(message: &Value, sample: &Sample) {
    assert_eq!(message["subject"], sample.subject);
    assert_eq!(message["from"], who("Adele Vance", "AdeleV@contoso.com"));
    assert_eq!(message["toRecipients"], json!([who("Alex Wilber", "AlexW@contoso.com")]));
    assert_eq!(message["ccRecipients"], json!([who("Christie Cline", "ChristieC@contoso.com")]));
    assert_eq!(message["sentDateTime"], "2021-05-06T22:47:14Z");
    assert_eq!(message["internetMessageId"], "<4aade2547798441eab5188a7a2436bc1@contoso.com>");
    assert_eq!(message["hasAttachments"], sample.attachment.is_some());
    assert_eq!(message["body"]["contentType"], "html");
    assert!(text(&message["body"]["content"]).contains(TEXT), "{}", message["body"]);
    let preview = text(&message["bodyPreview"]);
    assert!(preview.starts_with("Hello Alex,") && preview.contains(TEXT), "{preview:?}");
}

fn who(name: &str, address: &str) -> Value {
    json!({"emailAddress": {"name": name, "address": address}})
}

fn demand_delivered_octets(delivered: &[u8], given: &[u8]) {
    let added = added(delivered, given);
    assert!(!added.contains('\r'), "the message ends its lines with LF: {added:?}");
    let fields: Vec<&str> = added.lines().filter(|line| !line.starts_with([' ', '\t'])).collect();
    assert_eq!(fields.len(), 2, "nothing else is added: {added}");
    assert_eq!(fields[0], "Return-Path: <AdeleV@contoso.com>");
    assert!(fields[1].starts_with("Received: "), "{added}");
}

/// What stands before the octets that were given.
fn added(delivered: &[u8], given: &[u8]) -> String {
    let prefix = delivered.strip_suffix(given).expect("what is delivered ends with the octets that were given");
    String::from_utf8(prefix.to_vec()).expect("added fields are text")
}

async fn demand_attachment(recipient: &Person, message: &Value, octets: Option<&[u8]>) {
    let path = format!("messages/{}?$expand=attachments", text(&message["id"]));
    let expanded = recipient.get(&path).await.demand(200).json();
    let attachments = expanded["attachments"].as_array().expect("attachments were asked for");
    assert_eq!(attachments.len(), usize::from(octets.is_some()), "{}", expanded["attachments"]);
    let Some(octets) = octets else { return };
    let attachment = &attachments[0];
    assert_eq!(attachment["@odata.type"], "#microsoft.graph.fileAttachment");
    assert_eq!(attachment["name"], "Proposed_agenda_topics.docx");
    assert_eq!(attachment["size"], octets.len(), "the size is that of its octets");
    assert_eq!(attachment["contentBytes"], base64(octets));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is a text"))
}
