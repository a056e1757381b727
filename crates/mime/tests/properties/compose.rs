//! What holds for every message that is composed, whatever its values are. The tests ask it of hostile values, the fuzz
//! target of what it makes up.

use mime::{Attachment, BodyKind, Composition, ItemBody, Message, NameAddr, PartKind, compose, html_to_text, is_field_name};

/// Fields whose text is encoded nowhere: read as they stand.
const STRUCTURED: [&str; 4] = ["In-Reply-To", "References", "List-Id", "Auto-Submitted"];
/// Fields of URIs.
const URIS: [&str; 1] = ["List-Unsubscribe"];

/// Asks everything of one composition.
pub fn holds(composition: &Composition) {
    let octets = mime::written(&compose(composition));
    roads_are_safe(composition, &octets);
    let message = Message::parse(octets.into());
    assert_eq!(message.defects(), [], "{}", text(message.octets()));
    let names: Vec<_> = message.fields().map(|f| f.name.to_owned()).collect();
    assert_eq!(names, expected_names(composition), "{}", text(message.octets()));
    people_read_back(composition, &message);
    fields_read_back(composition, &message);
    body_reads_back(composition, &message);
    attachments_read_back(composition, &message);
}

/// Whether a file is kept as it is: then its lines and octets are its own.
fn is_message(attachment: &Attachment) -> bool {
    ["message/rfc822", "message/global"].iter().any(|kind| attachment.media_type.eq_ignore_ascii_case(kind))
}

fn roads_are_safe(composition: &Composition, octets: &[u8]) {
    if composition.attachments.iter().any(is_message) {
        return;
    }
    for line in octets.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.len() <= 998 && !line.contains(&b'\r') && !line.contains(&0), "{}", text(line));
        assert!(!line.starts_with(b"From "), "{}", text(line));
    }
    assert_eq!(octets.iter().filter(|&&b| b == b'\n').count(), octets.windows(2).filter(|w| w == b"\r\n").count());
    let people = composition.from.iter().chain(&composition.sender).chain(&composition.reply_to);
    let people = people.chain(&composition.to).chain(&composition.cc).chain(&composition.bcc);
    let structured = composition.fields.iter().filter(|(name, _)| is_in(&STRUCTURED, name));
    let ids = composition.attachments.iter().filter_map(|a| a.content_id.as_deref());
    let mut kept = people.map(|a| a.address.as_str()).chain(structured.map(|(_, text)| text.as_str())).chain(ids);
    if kept.all(str::is_ascii) {
        assert!(octets.is_ascii(), "{}", text(octets));
    }
}

fn expected_names(composition: &Composition) -> Vec<String> {
    let somebody = |list: &[NameAddr]| list.iter().any(is_somebody);
    let mut names: Vec<String> = [
        ("From", somebody(&composition.from)),
        ("Sender", somebody(composition.sender.as_slice())),
        ("Reply-To", somebody(&composition.reply_to)),
        ("To", somebody(&composition.to)),
        ("Cc", somebody(&composition.cc)),
        ("Bcc", somebody(&composition.bcc)),
        ("Subject", !composition.subject.is_empty()),
    ]
    .iter()
    .filter(|(_, there)| *there)
    .map(|(name, _)| (*name).to_owned())
    .collect();
    names.extend(composition.fields.iter().map(|(name, _)| name.clone()).filter(|name| is_field_name(name)));
    names.extend(["MIME-Version", "Content-Type"].map(str::to_owned));
    let files = composition.attachments.iter().filter(|a| !a.is_inline || composition.body_kind == BodyKind::Text).count();
    let is_multipart = files > 0 || composition.body_kind == BodyKind::Html;
    let encoded = composition.attachments.iter().any(|a| is_message(a) && needs_declaring(&a.octets));
    if !is_multipart || encoded {
        names.push("Content-Transfer-Encoding".to_owned());
    }
    names
}

fn is_somebody(a: &NameAddr) -> bool {
    !(one_line(&a.name).is_empty() && one_line(&a.address).is_empty())
}

/// Whether octets are no lines of 7-bit text (RFC 2045 §2.7).
fn needs_declaring(octets: &[u8]) -> bool {
    let is_long = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).len() > 998;
    let bare_cr = octets.iter().enumerate().any(|(at, &b)| b == b'\r' && octets.get(at + 1) != Some(&b'\n'));
    !octets.is_ascii() || octets.contains(&0) || bare_cr || octets.split(|&b| b == b'\n').any(is_long)
}

fn people_read_back(composition: &Composition, message: &Message) {
    for (name, list) in [
        ("From", composition.from.as_slice()),
        ("Sender", composition.sender.as_slice()),
        ("Reply-To", &composition.reply_to),
        ("To", &composition.to),
        ("Cc", &composition.cc),
        ("Bcc", &composition.bcc),
    ] {
        let expected: Vec<_> = list.iter().filter(|a| is_somebody(a)).map(|a| (words(&a.name), bare(&a.address))).collect();
        let read = message.addresses(name);
        let read: Vec<_> = read.iter().map(|a| (words(&a.name), bare(&a.address))).collect();
        assert_eq!(read, expected, "{name} of {}", text(message.octets()));
    }
}

fn fields_read_back(composition: &Composition, message: &Message) {
    let subject = message.text("Subject").unwrap_or_default();
    assert_eq!(subject, one_line(&composition.subject), "{}", text(message.octets()));
    let mut written = message.fields().filter(|f| f.is("Subject") || composition.fields.iter().any(|(name, _)| f.is(name)));
    if !composition.subject.is_empty() {
        written.next();
    }
    for (name, value) in composition.fields.iter().filter(|(name, _)| is_field_name(name)) {
        let Some(field) = written.next() else { panic!("{name} is missing") };
        if is_in(&STRUCTURED, name) {
            assert_eq!(solid(&text(&field.body())), solid(value), "{name}");
        } else if is_in(&URIS, name) {
            let percent = |c: char| match c {
                c if c.is_ascii() => c.to_string(),
                c => c.to_string().bytes().map(|b| format!("%{b:02X}")).collect(),
            };
            let expected: String = one_line(value).chars().map(percent).collect();
            assert_eq!(solid(&text(&field.body())), solid(&expected), "{name}");
        } else {
            assert_eq!(field.text(), one_line(value), "{name}");
        }
    }
}

fn body_reads_back(composition: &Composition, message: &Message) {
    let leaf = |kind: PartKind| message.parts().iter().find(|p| p.kind == kind).map(|p| message.decoded(p));
    let leaf = |kind| text(&leaf(kind).unwrap_or_default()).into_owned();
    match composition.body_kind {
        BodyKind::Text => {
            assert_eq!(leaf(PartKind::Text), with_crlf(&composition.body), "{}", text(message.octets()));
            assert!(matches!(message.body(), ItemBody::Text(_)));
        }
        BodyKind::Html => {
            assert_eq!(leaf(PartKind::Html), with_crlf(&composition.body), "{}", text(message.octets()));
            assert_eq!(leaf(PartKind::Text), with_crlf(&html_to_text(&composition.body)), "{}", text(message.octets()));
            assert!(matches!(message.body(), ItemBody::Html(_)));
        }
    }
}

fn attachments_read_back(composition: &Composition, message: &Message) {
    let has_inline = composition.body_kind == BodyKind::Html;
    let (inline, files): (Vec<_>, Vec<_>) = composition.attachments.iter().partition(|a| a.is_inline && has_inline);
    let expected: Vec<_> = inline.into_iter().chain(files).collect();
    let read: Vec<_> = message.attachments().map(|(_, part)| part).collect();
    assert_eq!(read.len(), expected.len(), "{}", text(message.octets()));
    for (part, given) in read.into_iter().zip(expected) {
        name_reads_back(part.file_name.as_deref().unwrap_or_default(), &one_line(&given.name));
        assert_eq!(message.decoded(part), given.octets, "{}", text(message.octets()));
        let is_nameless_text = one_line(&given.name).is_empty() && part.media_type.essence.starts_with("text/");
        assert_eq!(part.is_inline(), given.is_inline && !is_nameless_text);
        let id = given.content_id.as_deref().map(|id| solid(id).replace(['<', '>'], "")).unwrap_or_default();
        assert_eq!(solid(part.content_id.as_deref().unwrap_or_default()), id, "{}", text(message.octets()));
        assert_eq!(part.kind == PartKind::Message, is_message(given));
        if is_media_type(&given.media_type) {
            assert_eq!(part.media_type.essence, given.media_type.to_ascii_lowercase());
        }
    }
}

/// A longer name takes more than the thousand pieces that are looked at (RFC 2231 §3), each of 15 octets or more: then its
/// beginning is read.
const LONGEST_NAME: usize = 14_000;

fn name_reads_back(read: &str, given: &str) {
    if given.len() <= LONGEST_NAME {
        assert_eq!(read, given);
    } else {
        assert!(given.starts_with(read) && read.len() >= LONGEST_NAME, "{} of {} octets are read", read.len(), given.len());
    }
}

fn is_media_type(text: &str) -> bool {
    let token = |t: &str| (1..=127).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.+".contains(&b));
    text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype) && kind != "multipart")
}

fn is_in(names: &[&str], name: &str) -> bool {
    names.iter().any(|n| n.eq_ignore_ascii_case(name))
}

/// As a header line can hold it.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ").trim().to_owned()
}

fn words(text: &str) -> String {
    one_line(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without white space and controls: what folding may add is none of the text.
fn solid(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

/// An address without the quotes that an impossible one is given.
fn bare(address: &str) -> String {
    solid(address).replace(['"', '\\'], "")
}

fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn text(octets: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(octets)
}
