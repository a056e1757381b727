use super::*;
use crate::ItemBody;

fn message(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn any_octets_are_a_message() {
    for octets in [&b""[..], b"\n", b"\r\n\r\n", b"hello", b"\0\xff\xfe", b":", b" lead\nA: b\n\nbody", &[b'\n'; 1000]] {
        let parsed = Message::parse(Bytes::copy_from_slice(octets));
        assert_eq!(&parsed.octets()[..], octets);
        assert!(!parsed.parts().is_empty(), "{octets:?}");
    }
    assert_eq!(message("hello").body(), ItemBody::Text("hello".to_owned()));
    assert_eq!(message("hello").defects(), [Defect::NoHeader]);
}

#[test]
fn parts_behind_an_undeclared_boundary_are_found() {
    let text = "Content-Type: multipart/mixed; boundary=outer\n\n--inner\nContent-Type: text/plain\n\nplain\n\n--inner\n\
                Content-Type: text/html\n\n<p>html</p>\n--inner--\n--outer\nContent-Type: application/x-a; name=a.bin\n\
                Content-Transfer-Encoding: base64\n\nAAEC\n--outer--\n";
    let parsed = message(text);
    assert_eq!(parsed.body(), ItemBody::Html("<p>html</p>".to_owned()));
    assert_eq!(parsed.text_body(), "plain\n");
    let attachments: Vec<_> = parsed.attachments().map(|(_, p)| (p.file_name.clone(), parsed.decoded(p).to_vec())).collect();
    assert_eq!(attachments, [(Some("a.bin".to_owned()), vec![0, 1, 2])]);
    assert!(parsed.defects().contains(&Defect::UndeclaredBoundary));
}

#[test]
fn a_signature_line_in_a_preamble_is_no_part() {
    let text = "Content-Type: multipart/mixed; boundary=b\n\nthis is\n-- \nContent-Type of a preamble\n--b\n\nplain\n--b--\n";
    assert_eq!(message(text).body(), ItemBody::Text("plain".to_owned()));
    assert!(message(text).defects().is_empty());
}

#[test]
fn undeclared_parts_may_end_with_the_declared_delimiter() {
    let text = "Content-Type: multipart/mixed; boundary=b\n\n--x\nContent-Type: text/plain\n\nfirst\n--b\nContent-Type: text/html\n\nsecond\n--b--\n";
    let parsed = message(text);
    assert_eq!(parsed.text_body(), "first");
    assert_eq!(parsed.body(), ItemBody::Html("second".to_owned()));
}

#[test]
fn transfer_encodings_and_charsets_are_undone() {
    let qp = message(
        "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=\n=DFe=3D=zz\n",
    );
    assert_eq!(qp.text_body(), "Grüße==zz\n");
    let base64 = message("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nR3L*DvM\nOf\n");
    assert_eq!(base64.text_body(), "Grüß");
    let raw = Message::parse(Bytes::from_static(b"Subject: x\n\nGr\xfc\xdfe"));
    assert_eq!(raw.text_body(), "Grüße");
}

#[test]
fn text_can_hold_no_line_end() {
    let parsed = message("Subject: =?utf-8?Q?x=0D=0ABcc:_eve=40example.net?=\n\n");
    assert_eq!(parsed.text("Subject").as_deref(), Some("x  Bcc: eve@example.net"));
}

#[test]
fn bcc_lines_are_cut_and_nothing_else() {
    let text = "From: a@x.org\nbcc : b@x.org,\n c@x.org,\nd@x.org\nSubject: s\nBCC: e@x.org\n\nBcc: in the body\n";
    let parsed = message(text);
    let kept = crate::pieces(parsed.octets(), &parsed.cuts("Bcc")).concat();
    assert_eq!(String::from_utf8_lossy(&kept), "From: a@x.org\nSubject: s\n\nBcc: in the body\n");
    let bcc: Vec<_> = parsed.addresses("Bcc").into_iter().map(|a| a.address).collect();
    assert_eq!(bcc, ["b@x.org", "c@x.org", "d@x.org", "e@x.org"]);
}

#[test]
fn depth_and_number_of_parts_are_bounded() {
    let mut nested = String::new();
    for level in 0..10_000 {
        nested.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
    }
    let parsed = message(&nested);
    assert!(parsed.parts().len() <= MAX_PARTS);
    assert!(parsed.defects().contains(&Defect::LimitReached), "{:?}", parsed.defects());

    let mut flat = "Content-Type: multipart/mixed; boundary=none\n\n".to_owned();
    flat.push_str(&"--x\nContent-Type: text/plain\n\n\n".repeat(20_000));
    assert!(message(&flat).parts().len() <= MAX_PARTS);
}

#[test]
fn blank_lines_before_a_field_are_passed_over() {
    for before in ["\n", "\r\n\r\n", "      \n", " \n\n"] {
        let parsed = message(&format!("{before}Subject: s\nBcc: b@x.org\n\nbody"));
        assert_eq!(parsed.text("Subject").as_deref(), Some("s"), "{before:?}");
        assert_eq!(parsed.body(), ItemBody::Text("body".to_owned()));
        assert_eq!(parsed.opening(), crate::Opening::LineEnd);
        assert_eq!(parsed.parts()[0].header.start, before.len());
        let kept = crate::pieces(parsed.octets(), &parsed.cuts("Bcc")).concat();
        assert_eq!(String::from_utf8_lossy(&kept), format!("{before}Subject: s\n\nbody"));
    }
    assert_eq!(message("\n\nno field: here").text("no"), None);
    assert_eq!(message("  Subject: s\n\nbody").opening(), crate::Opening::Continuation);
    for body in [" \nbody", " \n\nbody", "\t\r\n body", "  body\nmore"] {
        assert_eq!(message(body).opening(), crate::Opening::Body, "{body:?}: a line of white space continues what stands before");
    }
}

#[test]
fn the_first_field_of_a_name_counts() {
    let text = "Subject: one\nSubject: two\nContent-Type: multipart/mixed; boundary=b\nContent-Type: text/plain\n\n\
                --b\nContent-Type: text/html\nContent-Transfer-Encoding: 7bit\nContent-Type: image/png\n\
                Content-Transfer-Encoding: base64\n\n<p>a</p>\n--b--\n";
    let parsed = message(text);
    assert_eq!(parsed.text("Subject").as_deref(), Some("one"));
    assert_eq!(parsed.body(), ItemBody::Html("<p>a</p>".to_owned()));
    assert_eq!(parsed.defects(), [Defect::RepeatedField]);
    assert_eq!(&parsed.octets()[..], text.as_bytes());
}

#[test]
fn two_delimiters_hold_no_part_and_an_empty_part_is_one() {
    let essences = |text: &str| -> Vec<String> { message(text).parts().iter().map(|p| p.media_type.essence.clone()).collect() };
    let two = "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\nContent-Type: text/html\n\nx\n--b\n--b--\n";
    assert_eq!(essences(two), ["multipart/mixed", "text/html"]);
    let empty = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\nContent-Type: text/html\n\n--b--\n";
    assert_eq!(essences(empty), ["multipart/mixed", "text/plain", "text/html"]);
}

#[test]
fn names_of_files_are_read_in_every_spelling() {
    for (field, name) in [
        (&b"attachment; filename=a.txt"[..], "a.txt"),
        (b"attachment; filename=\"a b.txt\"", "a b.txt"),
        (b"attachment; filename*=utf-8'de'Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
        (b"attachment; filename*0*=utf-8''Gr%C3%BC; filename*1=\"sse.txt\"", "Grüsse.txt"),
        (b"attachment; filename=\"=?utf-8?q?Gr=C3=BC=C3=9Fe.txt?=\"", "Grüße.txt"),
        (b"attachment; filename=\"=?utf-8?q?a=0D=0AB:_c.txt?=\"", "a  B: c.txt"),
        (b"attachment; filename*=utf-8''a%0D%0Ab.txt", "a  b.txt"),
        (b"attachment; filename=\"Gr\xc3\xbc\xc3\x9fe.txt\"", "Grüße.txt"),
        (b"attachment; filename=\"Gr\xfc\xdfe.txt\"", "Grüße.txt"),
    ] {
        let octets = [b"Content-Disposition: ", field, b"\n\nbody"].concat();
        let parsed = Message::parse(octets.into());
        assert_eq!(parsed.parts()[0].file_name.as_deref(), Some(name), "{}", String::from_utf8_lossy(field));
    }
}
