//! Header fields that are spliced: their lines, and no other octet.

use super::{ODD, id, path, recipient};
use kit::{Field, Server, address, fields, letter, recipients};
use serde_json::{Value, json};

/// The message without the lines of the fields of a name.
fn without(octets: &[u8], name: &str) -> Vec<u8> {
    let mut kept = octets.to_vec();
    for field in fields(octets).iter().rev().filter(|field| field.is(name)) {
        kept.drain(field.start..field.start + field.lines.len());
    }
    kept
}

fn named(octets: &[u8], name: &str) -> Vec<Field> {
    fields(octets).into_iter().filter(|field| field.is(name)).collect()
}

/// A property, what it is set to, and the field that is spliced.
fn changes() -> Vec<(&'static str, Value, &'static str)> {
    let long = "a very long subject of many words ".repeat(40);
    vec![
        ("subject", json!("Another subject"), "Subject"),
        ("subject", json!("Größe, 日本語, und noch ein ganz langer Betreff, der gefaltet werden muss 👍"), "Subject"),
        ("subject", json!(long.trim_end()), "Subject"),
        ("subject", json!(""), "Subject"),
        ("from", json!({"emailAddress": {"name": "Adele “A” Vance", "address": address("AdeleV")}}), "From"),
        ("toRecipients", json!([recipient("ChristieC")]), "To"),
        (
            "toRecipients",
            json!([{"emailAddress": {"name": "Wilber, \"Al\" <x@y>", "address": address("AlexW")}}, recipient("MeganB")]),
            "To",
        ),
        ("toRecipients", json!([]), "To"),
        ("ccRecipients", json!([recipient("MeganB"), recipient("ChristieC")]), "Cc"),
        ("ccRecipients", json!([]), "Cc"),
        ("replyTo", json!([recipient("ChristieC")]), "Reply-To"),
        ("internetMessageId", json!("<another@tests.contoso.com>"), "Message-ID"),
    ]
}

#[tokio::test]
async fn a_patched_property_splices_its_fields_lines_and_no_other_octet() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let lf: Vec<u8> =
        String::from_utf8_lossy(&letter(&[("Subject", "x"), ("X-Keep", " odd  ")], "a\r\nb")).replace("\r\n", "\n").into();
    let headers_only = b"Subject: no body, no last line end".to_vec();
    for octets in [ODD.to_vec(), lf, headers_only, b"\r\nno header".to_vec()] {
        for (property, value, field) in changes() {
            let draft = adele.draft(&octets).await;
            let changed = adele.patch_json(&path(&draft), &json!({property: value})).await.demand(200).json();
            assert_eq!(changed[property], value, "of {}", String::from_utf8_lossy(&octets));
            let after = adele.value(id(&draft)).await;
            let removed = value == json!("") || value == json!([]);
            let is_there = usize::from(!removed && draft[property] != value);
            if field != "Message-ID" || !named(&octets, field).is_empty() {
                assert_eq!(named(&after, field).len(), is_there, "{property} = {value} gave {}", String::from_utf8_lossy(&after));
            }
            demand_others_kept(&octets, &after, field);
            demand_sound(&named(&after, field), &octets);
            assert_eq!(changed["bccRecipients"], draft["bccRecipients"], "{property}");
        }
    }
    server.finish().await;
}

/// All octets but the field's lines are as they were; a header that had no last line end may have got one.
fn demand_others_kept(before: &[u8], after: &[u8], field: &str) {
    let (before, after) = (without(before, field), without(after, field));
    let ended = |octets: &[u8]| [octets, b"\r\n"].concat();
    let same = after == before || after == ended(&before) || ended(&after) == before;
    assert!(same, "{field}: {}\n---\n{}", String::from_utf8_lossy(&before), String::from_utf8_lossy(&after));
}

/// A spliced field is 7-bit, folded, and ends its lines as the message does (RFC 5322 §2.1.1).
fn demand_sound(spliced: &[Field], message: &[u8]) {
    let is_lf = !message.windows(2).any(|two| two == b"\r\n") && message.contains(&b'\n');
    for field in spliced {
        if message.windows(field.lines.len()).any(|window| window == field.lines) {
            continue; // the client's own
        }
        let text = std::str::from_utf8(&field.lines).expect("7 bits are text");
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 78), "{text:?}");
        assert_eq!(text.contains('\r'), !is_lf, "{text:?}");
    }
}

#[tokio::test]
async fn no_value_becomes_a_header_line_of_its_own() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let evil = "x\r\nBcc: MeganB@contoso.com\r\n\r\nbody";
    let with = |name: &str, address: &str| json!({"emailAddress": {"name": name, "address": address}});
    let changes = [
        json!({"subject": evil}),
        json!({"toRecipients": [with(evil, "AlexW@contoso.com")]}),
        json!({"replyTo": [with("x", "AlexW@contoso.com>\r\nBcc: MeganB@contoso.com")]}),
        json!({"ccRecipients": [with("\u{85}\u{2028}\nBcc: x", "\"a\\\r\nBcc: b\"@contoso.com")]}),
    ];
    let octets = letter(&[("From", "AdeleV@contoso.com"), ("Subject", "Before")], "Hello\r\n");
    for change in changes {
        let draft = adele.draft(&octets).await;
        let answer = adele.patch_json(&path(&draft), &change).await;
        let after = adele.value(id(&draft)).await;
        match answer.status.as_u16() {
            200 => {
                let names: Vec<String> = fields(&after).into_iter().map(|field| field.name).collect();
                assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("Bcc")), "{change} gave {names:?}");
                assert!(after.ends_with(b"\r\n\r\nHello\r\n"), "{}", String::from_utf8_lossy(&after));
            }
            _ => {
                assert!(answer.demand(400).error()["code"].is_string());
                assert_eq!(after, octets, "what is refused changes nothing");
            }
        }
    }
    server.finish().await;
}

/// The page has no such thing: a new text makes the message anew, and nothing else of it is lost.
#[tokio::test]
async fn a_patched_body_composes_the_message_anew() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(ODD).await;
    let change = json!({"body": {"contentType": "html", "content": "<p>Written <b>anew</b>: größer</p>"}});
    let changed = adele.patch_json(&path(&draft), &change).await.demand(200).json();
    assert_eq!(changed["body"]["contentType"], "html");
    assert!(changed["body"]["content"].as_str().unwrap().contains("Written <b>anew</b>: größer"));
    for name in ["subject", "toRecipients", "ccRecipients", "replyTo", "internetMessageId", "conversationId", "hasAttachments"] {
        assert_eq!(changed[name], draft[name], "{name}");
    }
    assert_eq!(changed["bccRecipients"][0]["emailAddress"]["address"], address("MeganB"));
    let octets = adele.value(id(&draft)).await;
    assert_ne!(octets, ODD);
    assert!(octets.is_ascii(), "composed octets are 7-bit");
    let of = |name: &str| named(&octets, name).iter().map(Field::body).collect::<Vec<_>>();
    assert_eq!(of("X-First"), ["kept", "again"], "fields without a property stay");
    let expanded = adele.get(&format!("{}?$expand=attachments", path(&draft))).await.demand(200).json();
    assert_eq!(expanded["attachments"][0]["name"], "one.bin");
    assert_eq!(expanded["attachments"][0]["contentBytes"], "QUJD");
    // Once composed, its recipients are in its own fields again.
    let change = json!({"bccRecipients": recipients(&["ChristieC"])});
    adele.patch_json(&path(&draft), &change).await.demand(200);
    adele.post_nothing(&format!("{}/send", path(&draft))).await.demand_empty(202);
    for (name, copies) in [("AlexW", 1), ("ChristieC", 1)] {
        server.person(name).arrived("Größe folded").await;
        assert_eq!(server.person(name).inbox().await.len(), copies);
    }
    assert!(server.person("MeganB").inbox().await.is_empty(), "Bcc was replaced");
    server.finish().await;
}
