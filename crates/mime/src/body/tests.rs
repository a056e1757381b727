use super::*;
use bytes::Bytes;

fn message(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()))
}

/// A multipart of the given parts, each `type|header lines|body`.
fn multipart(subtype: &str, boundary: &str, parts: &[&str]) -> String {
    let mut text = format!("Content-Type: multipart/{subtype}; boundary={boundary}\n\n");
    for part in parts {
        text += &format!("--{boundary}\n{part}\n");
    }
    text + &format!("--{boundary}--\n")
}

const PLAIN: &str = "Content-Type: text/plain\n\nplain & <b>";
const HTML: &str = "Content-Type: text/html\n\n<p>html</p>";
const FILE: &str = "Content-Type: application/pdf\n\n%PDF";

#[test]
fn of_alternatives_one_is_shown() {
    let parsed = message(&multipart("alternative", "a", &[PLAIN, HTML]));
    assert_eq!(parsed.body(), ItemBody::Html("<p>html</p>".to_owned()));
    assert_eq!(parsed.text_body(), "plain & <b>");
    let only_html = message(&multipart("alternative", "a", &[HTML]));
    assert_eq!(only_html.text_body().trim(), "html");
}

#[test]
fn texts_beside_each_other_are_all_shown() {
    let parsed = message(&multipart("mixed", "m", &[PLAIN, FILE, PLAIN]));
    assert_eq!(parsed.body(), ItemBody::Text("plain & <b>\r\nplain & <b>".to_owned()));
    assert_eq!(parsed.attachments().count(), 1);
    let apple = message(&multipart("alternative", "a", &[PLAIN, &multipart("mixed", "m", &[HTML, FILE, PLAIN])]));
    let expected = "<p>html</p>\r\n<div style=\"white-space: pre-wrap\">plain &amp; &lt;b&gt;</div>\r\n";
    assert_eq!(apple.body(), ItemBody::Html(expected.to_owned()));
    assert_eq!(apple.text_body(), "plain & <b>");
    assert_eq!(apple.body_preview(), "plain & <b>");
}

#[test]
fn a_multipart_without_parts_is_shown_as_it_stands() {
    let parsed = message("Content-Type: multipart/mixed; boundary=b\n\nno delimiter here\n");
    assert_eq!(parsed.body(), ItemBody::Text("no delimiter here\n".to_owned()));
    assert_eq!(parsed.attachments().count(), 0);
}

#[test]
fn flowed_text_is_joined_for_show_only() {
    let parsed = message("Content-Type: text/plain; format=Flowed; delsp=yes\n\na \nb\n");
    assert_eq!(parsed.body(), ItemBody::Text("ab\n".to_owned()));
    assert_eq!(parsed.decoded_text(&parsed.parts()[0], usize::MAX), "a \nb\n");
}

#[test]
fn an_invitation_is_another_form_of_the_text() {
    let invitation = "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR";
    let parsed = message(&multipart("alternative", "a", &[PLAIN, invitation]));
    let (_, part) = parsed.attachments().next().expect("the calendar part");
    assert_eq!(parsed.parameter(part, "method").as_deref(), Some("REQUEST"));
    assert!(parsed.is_alternative(part) && !parsed.has_attachments());
    assert!(message(&multipart("mixed", "m", &[PLAIN, invitation])).has_attachments());
}

#[test]
fn a_preview_has_no_markup() {
    let html = "Content-Type: text/html\n\n<html><head><title>t</title><style>p{}</style></head><body><!-- c --><script>x()</script>\
                <p>Gr&uuml;&szlig;e &amp; mehr</p></body></html>";
    assert_eq!(message(html).body_preview(), "Grüße & mehr");
}

#[test]
fn an_attached_message_is_its_raw_slice() {
    let inner = "Subject: inner\n\nhello";
    let raw = message(&multipart("mixed", "m", &[PLAIN, &format!("Content-Type: message/rfc822\n\n{inner}")]));
    let (_, part) = raw.attachments().next().expect("the message");
    assert_eq!(raw.decoded(part), inner.as_bytes());
    assert_eq!(raw.attached(part).and_then(|m| m.text("Subject")).as_deref(), Some("inner"));
    let base64 = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW5uZXIKCmhlbGxv";
    let encoded = message(&multipart("mixed", "m", &[PLAIN, base64]));
    let (_, part) = encoded.attachments().next().expect("the message");
    assert_eq!(encoded.attached(part).map(|m| m.octets().to_vec()).as_deref(), Some(inner.as_bytes()));
}

#[test]
fn what_repeats_a_hidden_header_is_left_out_where_the_message_was_encrypted() {
    let text = "Subject: Dinner\r\nContent-Type: multipart/alternative; boundary=b; hp=\"cipher\"\r\n\r\n--b\r\n\
        Content-Type: text/plain; hp-legacy-display=\"1\"\r\n\r\nSubject: Dinner\r\n\r\nAt eight.\r\n--b\r\n\
        Content-Type: text/html; hp-legacy-display=1\r\n\r\n\
        <div class=\"header-protection-legacy-display\"><pre>Subject: Dinner</pre></div><p>At eight.</p>\r\n--b--\r\n";
    let message = Message::parse(bytes::Bytes::from_static(text.as_bytes()));
    assert!(message.text_body().starts_with("Subject: Dinner"), "a parameter alone hides nothing");
    let message = message.decrypted();
    assert_eq!((message.text_body().trim(), message.body_preview().trim()), ("At eight.", "At eight."));
    assert_eq!(message.body(), ItemBody::Html("<p>At eight.</p>".to_owned()));
}
