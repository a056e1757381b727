use super::*;
use crate::{Piece, written};

fn message(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()))
}

fn text(pieces: &[Bytes]) -> String {
    String::from_utf8_lossy(&pieces.concat()).into_owned()
}

fn set(octets: &str, edits: &[(&str, Option<&str>)]) -> String {
    let edits: Vec<_> = edits.iter().map(|&(name, lines)| FieldEdit { name, lines: lines.map(str::as_bytes) }).collect();
    text(&set_fields(&message(octets), &edits))
}

fn part() -> Vec<Piece> {
    vec!["A: b\n\nnew".to_owned().into()]
}

fn insert(octets: &str) -> String {
    let pieces = insert_part(&message(octets), part(), "s").expect("it is found again");
    String::from_utf8(written(&pieces)).expect("text")
}

#[test]
fn cuts_leave_all_other_octets() {
    let octets = Bytes::from_static(b"0123456789");
    let cuts = Cuts::new([1..3, 8..10]);
    assert_eq!(pieces(&octets, &cuts).concat(), b"034567");
    assert_eq!(cuts.octets(), 4);
    assert_eq!(Cuts::parse(&cuts.to_text()), Some(cuts));
    assert_eq!(pieces(&octets, &Cuts::default()).concat(), &octets[..]);
    assert_eq!(Cuts::parse("x"), None);
}

#[test]
fn new_lines_stand_where_the_first_field_stood() {
    let octets = "A: 1\nTo: a@x.org,\nb@x.org\nB: 2\nTO: c@x.org\n\nTo: body";
    assert_eq!(set(octets, &[("to", Some("To: d@x.org,\r\n e@x.org\r\n"))]), "A: 1\nTo: d@x.org,\n e@x.org\nB: 2\n\nTo: body");
    assert_eq!(set(octets, &[("to", None), ("C", Some("C: 3"))]), "A: 1\nB: 2\nC: 3\n\nTo: body");
    assert_eq!(set(octets, &[("A", Some("A: 9\n")), ("a", None)]), "To: a@x.org,\nb@x.org\nB: 2\nTO: c@x.org\n\nTo: body");
    assert_eq!(set(octets, &[]), octets);
    assert_eq!(set("A: 1\nB: 2", &[("B", Some("B: 3")), ("C", Some("C: 4"))]), "A: 1\nB: 3\nC: 4\n");
    assert_eq!(set("A: 1\nB: 2", &[("B", None), ("C", Some("C: 4"))]), "A: 1\nC: 4\n");
}

#[test]
fn a_field_can_be_added_to_any_header() {
    for (octets, expected) in [
        ("", "N: 1\r\n\r\n"),
        ("body", "N: 1\r\n\r\nbody"),
        ("\nbody", "N: 1\n\nbody"),
        ("A: 1\n\nbody", "A: 1\nN: 1\n\nbody"),
        ("A: 1\r\n\r\nbody", "A: 1\r\nN: 1\r\n\r\nbody"),
        ("A: 1\n", "A: 1\nN: 1\n"),
        ("A: 1", "A: 1\r\nN: 1\r\n"),
        ("From a@x.org Mon\nA: 1\n\nbody", "From a@x.org Mon\nA: 1\nN: 1\n\nbody"),
        ("junk\n\nbody", "junk\nN: 1\n\nbody"),
        (" \nbody", "N: 1\n\nbody"),
        ("A: 1\r\n\r\r", "A: 1\r\nN: 1\r\n\r\n"),
    ] {
        let edited = set(octets, &[("N", Some("N: 1\r\n"))]);
        assert_eq!(edited, expected, "{octets:?}");
        assert_eq!(message(&edited).text("N").as_deref(), Some("1"), "{octets:?}");
    }
}

#[test]
fn a_white_space_line_that_ends_a_header_is_no_part_of_its_last_field() {
    let octets = "A: 1\nBcc: b@x.org\njunk\n \nbody";
    let parsed = message(octets);
    assert_eq!(text(&pieces(parsed.octets(), &parsed.cuts("Bcc"))), "A: 1\n \nbody");
    assert_eq!(set(octets, &[("N", Some("N: 1"))]), "A: 1\nBcc: b@x.org\njunk\nN: 1\n\nbody");
}

#[test]
fn a_part_goes_before_the_close_delimiter() {
    let octets = "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n\n--b--\nepilogue";
    let inserted = insert(octets);
    assert_eq!(inserted, octets.replace("--b--", "--b\nA: b\n\nnew\n--b--"));
    assert_eq!(text(&remove_part(&message(&inserted), 2).expect("a part")), octets);
}

#[test]
fn an_open_multipart_is_closed_behind_the_new_part() {
    let open = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n";
    assert_eq!(insert(open), format!("{open}\n--b\nA: b\n\nnew\n--b--\n"));
    let delimiter_last = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b";
    assert_eq!(insert(delimiter_last), format!("{delimiter_last}\nA: b\n\nnew\n--b--\n"));
}

#[test]
fn any_other_message_becomes_the_first_part() {
    let wrapped = insert("Subject: s\r\nContent-type: text/html\r\nX: 1\r\nContent-ID: <i>\r\n\r\n<p>\r");
    let expected = "Subject: s\r\nX: 1\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"=_mixed_s\"\r\n\r\n\
                    --=_mixed_s\r\nContent-type: text/html\r\nContent-ID: <i>\r\n\r\n<p>\r\r\n--=_mixed_s\r\nA: b\n\nnew\r\n--=_mixed_s--\r\n";
    assert_eq!(wrapped, expected);
    for octets in
        ["", "body", "A: 1", "A: 1\nContent-Type: text/x", "Content-Type: text/x", "\n", "A: 1\n\n--=_mixed_s\n", " \nx\r"]
    {
        let (before, after) = (message(octets), message(&insert(octets)));
        assert_eq!(after.parts().len(), 3, "{octets:?}");
        assert_eq!(after.parts()[1].media_type, before.parts()[0].media_type, "{octets:?}");
        assert_eq!(after.decoded(&after.parts()[1]), before.decoded(&before.parts()[0]), "{octets:?}");
        assert_eq!(after.decoded(&after.parts()[2]), "new", "{octets:?}");
    }
}

#[test]
fn what_is_signed_stays_whole() {
    let signed =
        "Content-Type: multipart/signed; boundary=b\n\n--b\n\none\n--b\nContent-Type: application/pkcs7-signature\n\nx\n--b--\n";
    let wrapped = message(&insert(signed));
    assert_eq!(wrapped.parts()[0].media_type.essence, "multipart/mixed");
    let body = &signed[signed.find("--b").expect("a delimiter")..];
    assert_eq!(wrapped.octets()[wrapped.parts()[1].body.clone()], body.as_bytes()[..]);
    assert!((0..3).all(|index| remove_part(&message(signed), index).is_none()));
    let smime = "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nAAAA";
    assert!(remove_part(&message(smime), 0).is_none());
}

#[test]
fn a_part_goes_with_its_delimiter() {
    let octets = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: a/b\n\ntwo\n--b\n\nthree";
    let without = |index| text(&remove_part(&message(octets), index).expect("a part"));
    assert_eq!(without(1), octets.replace("--b\n\none\n", ""));
    assert_eq!(without(2), octets.replace("--b\nContent-Type: a/b\n\ntwo\n", ""));
    assert_eq!(without(3), octets.replace("\n--b\n\nthree", ""));
    assert!(remove_part(&message(octets), 0).is_none() && remove_part(&message(octets), 4).is_none());
    let only = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n";
    let emptied = message(&text(&remove_part(&message(only), 1).expect("a part")));
    assert_eq!((emptied.parts().len(), emptied.parts()[0].kind), (1, crate::PartKind::Multipart));
    let whole = "Subject: s\nContent-Type: application/pdf\nX: 1\n\n%PDF";
    assert_eq!(text(&remove_part(&message(whole), 0).expect("a part")), "Subject: s\nX: 1\n\n");
}

#[test]
fn more_parts_than_are_looked_at_take_no_other() {
    let parts = "--b\n\n\n".repeat(10_001);
    let octets = format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n");
    assert_eq!(insert_part(&message(&octets), part(), "s"), None);
}

#[test]
fn an_attachment_beside_undeclared_bodies_can_go() {
    let bodies = "--i\nContent-Type: text/plain\n\none\n--i\nContent-Type: text/html\n\ntwo\n";
    for close in ["--b--\n", ""] {
        let octets = format!("Content-Type: multipart/mixed; boundary=b\n\n{bodies}--b\nContent-Type: a/b\n\nthree\n{close}");
        let parsed = message(&octets);
        let bodies: Vec<_> = parsed.parts()[1..3].iter().map(|part| parsed.decoded(part)).collect();
        assert_eq!(parsed.parts().len(), 4, "{octets}");
        let emptied = message(&text(&remove_part(&parsed, 3).expect("a part")));
        let left: Vec<_> = emptied.parts()[1..].iter().map(|part| emptied.decoded(part)).collect();
        assert_eq!(left, bodies, "{}", String::from_utf8_lossy(emptied.octets()));
    }
}

#[test]
fn a_content_type_that_only_some_readers_see_takes_no_other_part() {
    assert_eq!(insert_part(&message("Subject: s\n\rContent-Type: text/html\n\n<p>"), part(), "s"), None);
}

#[test]
fn a_boundary_that_is_named_twice_takes_no_part() {
    let inner = "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\ntext";
    let octets = format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n{inner}");
    let wrapped = message(&insert(&octets));
    assert_eq!(wrapped.decoded(&wrapped.parts()[wrapped.parts().len() - 1]), "new");
    let closed_only = "Content-Type: multipart/mixed; boundary=b\n\n--i\nContent-Type: text/plain\n\none\n--b--\n";
    let wrapped = message(&insert(closed_only));
    assert_eq!(wrapped.decoded(&wrapped.parts()[wrapped.parts().len() - 1]), "new");
}

#[test]
fn a_parts_fields_are_set_and_no_other_octet() {
    let octets = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: image/png;\n name=\"a\"\nX-A: b\n\nAA==\n--b--\n";
    let parsed = message(octets);
    let edit = |index: usize, name: &str, lines: Option<&str>| {
        set_part_fields(&parsed, index, &[FieldEdit { name, lines: lines.map(str::as_bytes) }]).map(|pieces| text(&pieces))
    };
    let renamed = octets.replace("image/png;\n name=\"a\"", "image/gif");
    assert_eq!(edit(2, "content-type", Some("Content-Type: image/gif\r\n")), Some(renamed));
    let added = octets.replace("X-A: b\n", "X-A: b\nContent-ID: <c>\n");
    assert_eq!(edit(2, "Content-ID", Some("Content-ID: <c>\r\n")), Some(added));
    assert_eq!(edit(2, "X-A", None), Some(octets.replace("X-A: b\n", "")));
    assert_eq!(edit(1, "X-A", Some("X-A: c\r\n")), Some(octets.replace("--b\n\ntext", "--b\nX-A: c\n\ntext")));
    assert_eq!(edit(0, "X-A", Some("X-A: c\r\n")), Some(octets.replace("=b\n\n", "=b\nX-A: c\n\n")));
    assert_eq!(edit(3, "X-A", None), None);
    let signed = octets.replace("multipart/mixed", "multipart/signed");
    assert_eq!(set_part_fields(&message(&signed), 2, &[FieldEdit { name: "X-A", lines: None }]), None);
}
