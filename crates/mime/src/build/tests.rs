use super::*;
use crate::{Message, PartKind, insert_part, written};

fn composed(composition: Composition) -> String {
    let composition = Composition { boundary_seed: "5eed".into(), ..composition };
    String::from_utf8(written(&compose(&composition))).expect("ASCII")
}

fn file(name: &str, media_type: &str, octets: &'static [u8]) -> Attachment {
    Attachment { name: name.into(), media_type: media_type.into(), octets: octets.into(), ..Attachment::default() }
}

/// Media types as they stand in each other.
fn structure(octets: &str) -> String {
    let message = Message::parse(octets.to_owned().into());
    let own = |index: usize| message.parts()[index].media_type.essence.clone();
    let mut open: Vec<usize> = Vec::new();
    let mut out = String::new();
    for (index, part) in message.parts().iter().enumerate() {
        while open.last().is_some_and(|&last| part.parent != Some(last)) {
            open.pop();
            out.push(')');
        }
        out += &format!("{}{}", if out.is_empty() || out.ends_with('(') { "" } else { " " }, own(index));
        if part.kind == PartKind::Multipart {
            out.push('(');
            open.push(index);
        }
    }
    out + &")".repeat(open.len())
}

#[test]
fn a_text_is_one_part() {
    let text = composed(Composition {
        from: vec![NameAddr { name: "Adele Vance".into(), address: "AdeleV@contoso.com".into() }],
        to: vec![NameAddr { name: String::new(), address: "AlexW@contoso.com".into() }],
        subject: "Hi".into(),
        fields: vec![("X-Test".into(), "one".into()), ("no name".into(), "two".into())],
        body: "Hello\nthere".into(),
        ..Composition::default()
    });
    let expected = "From: \"Adele Vance\" <AdeleV@contoso.com>\nTo: <AlexW@contoso.com>\nSubject: Hi\nX-Test: one\n\
                    MIME-Version: 1.0\nContent-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: 7bit\n\nHello\nthere";
    assert_eq!(text, expected.replace('\n', "\r\n"));
}

#[test]
fn html_stands_beside_its_text_and_files_around_both() {
    let html =
        |attachments| Composition { body_kind: BodyKind::Html, body: "<p>Hi".into(), attachments, ..Composition::default() };
    let image = Attachment { is_inline: true, content_id: Some("<i1>".into()), ..file("i.png", "image/png", &[0, 255]) };
    let pdf = file("a.pdf", "application/pdf", b"%PDF");
    assert_eq!(structure(&composed(html(vec![]))), "multipart/alternative(text/plain text/html)");
    let related = composed(html(vec![image.clone()]));
    assert_eq!(structure(&related), "multipart/related(multipart/alternative(text/plain text/html) image/png)");
    assert!(
        related.contains("multipart/related; type=\"multipart/alternative\";\r\n boundary=\"=_related_5eed\"\r\n"),
        "{related}"
    );
    assert!(related.contains("\r\nContent-Disposition: inline; filename=\"i.png\"\r\nContent-ID: <i1>\r\n"), "{related}");
    let mixed = composed(html(vec![pdf.clone(), image.clone()]));
    let expected = "multipart/mixed(multipart/related(multipart/alternative(text/plain text/html) image/png) application/pdf)";
    assert_eq!(structure(&mixed), expected);
    let plain = Composition { body: "Hi".into(), attachments: vec![image, pdf], ..Composition::default() };
    assert_eq!(structure(&composed(plain)), "multipart/mixed(text/plain image/png application/pdf)");
}

#[test]
fn an_attached_message_keeps_its_octets() {
    let utf8 = "Subject: \u{e4}\n\nbody".as_bytes();
    let long = vec![b'x'; 2000];
    for (octets, encoding) in [
        (&b"Subject: s\r\n\r\nFrom me\r\n"[..], "7bit"),
        (b"Subject: s\n\n--=_mixed_5eed--\n", "7bit"),
        (utf8, "8bit"),
        (b"\r", "binary"),
        (b"a\0b", "binary"),
        (&long, "binary"),
    ] {
        let attached = Attachment { octets: octets.to_vec().into(), ..file("m.eml", "message/rfc822", b"") };
        let composition = Composition { attachments: vec![attached], boundary_seed: "5eed".into(), ..Composition::default() };
        let message = Message::parse(written(&compose(&composition)).into());
        let part = &message.parts()[2];
        assert_eq!((part.kind, &message.decoded(part)[..]), (PartKind::Message, octets));
        let declared = |part| message.part_fields(part).find(|f| f.is("Content-Transfer-Encoding")).map(|f| f.text());
        assert_eq!(declared(part).as_deref(), Some(encoding));
        // RFC 2045 §6.4: what holds it needs as much, and says so.
        assert_eq!(declared(&message.parts()[0]).as_deref(), Some(encoding).filter(|&e| e != "7bit"));
    }
}

#[test]
fn media_types_keep_their_parameters() {
    for (given, expected) in [
        ("text/calendar; method=REQUEST; charset=utf-8", "text/calendar; method=\"REQUEST\"; charset=\"utf-8\";"),
        ("Text/CSV", "text/csv;"),
        ("image/png; name=\"other.png\"; boundary=x", "image/png;"),
        ("multipart/mixed; boundary=x", "application/octet-stream;"),
        ("no type", "application/octet-stream;"),
        ("", "application/octet-stream;"),
    ] {
        let part = attachment_part(&file("f", given, b""), LineEnd::Lf);
        let text = String::from_utf8(written(&part)).expect("ASCII").replace("\n ", " ");
        assert!(text.starts_with(&format!("Content-Type: {expected} name=\"f\"\n")), "{text}");
    }
}

#[test]
fn a_report_stays_readable() {
    let status = file("", "message/delivery-status", b"Reporting-MTA: dns; x.example\r\n\r\nAction: failed\r\n");
    assert!(composed(Composition { attachments: vec![status], ..Composition::default() }).contains("\r\nAction: failed\r\n"));
}

#[test]
fn a_file_goes_into_a_message_with_its_line_ends() {
    let message = Message::parse("Subject: s\n\nbody\n".into());
    let octets: Vec<u8> = (0..=255).collect();
    let given = Attachment { octets: octets.clone().into(), ..file("Grüße.bin", "application/x-b", b"") };
    let part = attachment_part(&given, message.line_end());
    let pieces = insert_part(&message, part, "5eed").expect("it is found again");
    let edited = Message::parse(written(&pieces).into());
    assert!(!edited.octets().contains(&b'\r'));
    let (_, part) = edited.attachments().next().expect("an attachment");
    assert_eq!((part.file_name.as_deref(), &edited.decoded(part)[..]), (Some("Grüße.bin"), &octets[..]));
}

#[test]
fn a_file_is_copied_once() {
    let large = Attachment { octets: vec![7; 3_000_000].into(), ..file("l.bin", "application/x-b", b"") };
    let composition = Composition { attachments: vec![large.clone(), large], ..Composition::default() };
    let octets = written(&compose(&composition));
    assert!(octets.capacity() < octets.len() + 8192, "{} for {}", octets.capacity(), octets.len());
}
