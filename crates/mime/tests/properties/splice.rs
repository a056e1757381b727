//! What holds for every splice of any octets. The tests ask it of the corpus, the fuzz target of what it makes up.

use bytes::Bytes;
use mime::{Defect, FieldEdit, Message, Part, PartKind, Piece, insert_part, remove_part, set_fields};

const SUBJECT: &[u8] = b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n from a splice\r\n";
const ADDED: &[u8] = b"X-Restante-Splice: here\r\n";
const PART: &str = "Content-Type: application/x-splice; name=\"s.bin\"\nContent-Transfer-Encoding: base64\n\nAAEC/w==";

/// Which roads the edits of one message took.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub inserted: usize,
    pub wrapped: usize,
    pub not_inserted: usize,
    pub removed: usize,
    /// Part of something signed or encrypted.
    pub sealed: usize,
    /// Its delimiters are no lines.
    pub not_removed: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.inserted += other.inserted;
        self.wrapped += other.wrapped;
        self.not_inserted += other.not_inserted;
        self.removed += other.removed;
        self.sealed += other.sealed;
        self.not_removed += other.not_removed;
    }
}

/// Whether the other parts of a damaged message must be read as before. Real ones are; of what a fuzzer breaks, which
/// parts there are is the reader's guess, and a splice may change the guess, though no octet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Damaged {
    #[allow(dead_code, reason = "only the fuzz target guesses")]
    Guessed,
    #[allow(dead_code, reason = "only the corpus is real")]
    ReadAsBefore,
}

/// Asks everything of one message.
pub fn holds(octets: &Bytes, damaged: Damaged) -> Tally {
    let message = Message::parse(octets.clone());
    let is_damaged = !message.defects().is_empty() || std::str::from_utf8(octets).is_err();
    let is_guessed = damaged == Damaged::Guessed && is_damaged;
    fields_are_set(&message);
    fields_are_taken_out(&message);
    let mut tally = Tally::default();
    part_is_inserted(&message, is_guessed, &mut tally);
    for index in 0..message.parts().len().min(50) {
        part_is_removed(&message, index, is_guessed, &mut tally);
    }
    tally
}

fn fields_are_set(message: &Message) {
    let edits = [
        FieldEdit { name: "subject", lines: Some(SUBJECT) },
        FieldEdit { name: "Cc", lines: None },
        FieldEdit { name: "X-Restante-Splice", lines: Some(ADDED) },
    ];
    let pieces = set_fields(message, &edits);
    let edited = joined(&pieces);
    assert_eq!(edited.text("Subject").as_deref(), Some("Grüße from a splice"));
    assert_eq!(edited.text("X-Restante-Splice").as_deref(), Some("here"));
    let touched = ["Subject", "Cc", "X-Restante-Splice"];
    assert_eq!(other_fields(&edited, &touched), other_fields(message, &touched), "other fields are the same");
    assert_eq!(edited.fields().filter(|f| touched.iter().any(|name| f.is(name))).count(), 2);
    assert_eq!(body(&edited), body(message), "the body is the same");
    let (kept, expected) = (own(message, &pieces), without_blank_line(message, &touched));
    assert_eq!(text(&kept), text(&expected), "all octets outside the spans are the message's own");
}

fn fields_are_taken_out(message: &Message) {
    let edits = [FieldEdit { name: "Subject", lines: None }, FieldEdit { name: "X-None", lines: None }];
    let pieces = set_fields(message, &edits);
    assert_eq!(pieces.concat(), without(message, &["Subject"]));
    let nothing: [FieldEdit<'_>; 0] = [];
    assert_eq!(set_fields(message, &nothing).concat(), &message.octets()[..]);
}

fn part_is_inserted(message: &Message, is_guessed: bool, tally: &mut Tally) {
    let part = vec![PART.replace('\n', message.line_end().as_str()).into()];
    let Some(pieces) = insert_part(message, part, "5eed") else {
        tally.not_inserted += 1;
        return;
    };
    let pieces: Vec<Bytes> = pieces.iter().flat_map(Piece::written).collect();
    let edited = joined(&pieces);
    let media_type = |message: &Message| message.field("Content-Type").map(|f| f.raw_body.to_vec());
    let wraps = media_type(&edited) != media_type(message);
    let made_room = if wraps { blank_line(message) } else { 0 };
    assert_eq!(own(message, &pieces).len(), message.octets().len() - made_room, "no octet is lost");
    let mut views = views(&edited);
    let Some(added) = views.pop() else { panic!("a message has parts") };
    assert_eq!((added.media_type.as_str(), added.decoded.as_slice()), ("application/x-splice", &[0, 1, 2, 255][..]));
    if wraps {
        let around = views.remove(0);
        assert_eq!((around.kind, around.media_type.as_str()), (PartKind::Multipart, "multipart/mixed"));
        let first = &edited.octets()[edited.parts()[1].body.start..];
        assert!(first.starts_with(body(message)), "the body is the same");
        tally.wrapped += 1;
    } else {
        let back = remove_part(&edited, edited.parts().len() - 1).map(|pieces| pieces.concat());
        if !message.defects().contains(&Defect::Unterminated) && !message.defects().contains(&Defect::UndeclaredBoundary) {
            assert_eq!(back.as_deref(), Some(&message.octets()[..]), "taken out again, the message is what it was");
        }
        tally.inserted += 1;
    }
    let mut expected = self::views(message);
    if message.defects().contains(&Defect::Unterminated) {
        // A delimiter at the very end begins no part until something stands behind it.
        views.retain(|view| !view.decoded.is_empty());
        expected.retain(|view| !view.decoded.is_empty());
    }
    assert!(is_guessed || views == expected, "the other parts are the same: {views:?}, not {expected:?}");
}

fn part_is_removed(message: &Message, index: usize, is_guessed: bool, tally: &mut Tally) {
    let part = &message.parts()[index];
    if part.kind == PartKind::Multipart {
        assert!(remove_part(message, index).is_none());
        return;
    }
    let Some(pieces) = remove_part(message, index) else {
        let sealed = is_sealed(message, index);
        tally.sealed += usize::from(sealed);
        tally.not_removed += usize::from(!sealed);
        return;
    };
    assert!(!is_sealed(message, index), "nothing is taken out of what is signed or encrypted");
    tally.removed += 1;
    let edited = joined(&pieces);
    if index == 0 {
        assert_eq!(body(&edited), b"");
        return;
    }
    assert_eq!(own(message, &pieces), pieces.concat(), "nothing is added");
    let is_content = |name: &str| name.to_ascii_lowercase().starts_with("content-");
    assert_eq!(edited.fields().filter(|f| is_content(f.name)).count(), message.fields().filter(|f| is_content(f.name)).count());
    let mut expected = views(message);
    expected.remove(index);
    if !is_guessed && !is_only_part(message, part) {
        assert_eq!(views(&edited), expected, "the other parts are the same, without {index}");
    }
}

fn is_sealed(message: &Message, index: usize) -> bool {
    let part = &message.parts()[index];
    let holds = |outer: &Part| outer.body.start <= part.header.start && part.body.end <= outer.body.end;
    let essence = |part: &Part| part.media_type.essence.clone();
    let multiparts = ["multipart/signed", "multipart/encrypted"];
    message.parts()[..index].iter().any(|p| multiparts.contains(&essence(p).as_str()) && holds(p))
        || (index == 0 && ["application/pkcs7-mime", "application/x-pkcs7-mime"].contains(&essence(part).as_str()))
}

/// Whether it is the one part of its multipart: what is left then may be no multipart to the parser.
fn is_only_part(message: &Message, part: &Part) -> bool {
    let holds = |outer: &&Part| outer.body.start <= part.header.start && part.body.end <= outer.body.end;
    let mut multiparts = message.parts().iter().filter(|p| p.kind == PartKind::Multipart);
    let Some(within) = multiparts.rfind(holds) else { return true };
    let inside = |p: &&Part| within.body.start <= p.header.start && p.body.end <= within.body.end;
    message.parts().iter().filter(inside).count() < 2
}

#[derive(PartialEq, Eq)]
struct View {
    kind: PartKind,
    media_type: String,
    file_name: Option<String>,
    content_id: Option<String>,
    decoded: Vec<u8>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {:?}", self.media_type, self.file_name, text(&self.decoded[..self.decoded.len().min(60)]))?;
        write!(f, " {:?} ({} octets)", text(&self.decoded[self.decoded.len().saturating_sub(20)..]), self.decoded.len())
    }
}

/// The parts as their reader sees them; of multiparts only what they are.
fn views(message: &Message) -> Vec<View> {
    let view = |part: &Part| View {
        kind: part.kind,
        media_type: part.media_type.essence.clone(),
        file_name: part.file_name.clone(),
        content_id: part.content_id.clone(),
        decoded: if part.kind == PartKind::Multipart { Vec::new() } else { message.decoded(part).to_vec() },
    };
    message.parts().iter().map(view).collect()
}

fn joined(pieces: &[Bytes]) -> Message {
    Message::parse(pieces.concat().into())
}

fn body(message: &Message) -> &[u8] {
    &message.octets()[message.parts()[0].body.start..]
}

fn other_fields(message: &Message, names: &[&str]) -> Vec<(String, Vec<u8>)> {
    let others = message.fields().filter(|f| !names.iter().any(|name| f.is(name)));
    others.map(|f| (f.name.to_owned(), f.raw_body.trim_ascii_end().to_vec())).collect()
}

/// The pieces that are slices of the message's own memory.
fn own(message: &Message, pieces: &[Bytes]) -> Vec<u8> {
    let memory = message.octets().as_ptr_range();
    pieces.iter().filter(|piece| memory.contains(&piece.as_ptr())).flat_map(|piece| piece.to_vec()).collect()
}

/// The message's octets without the lines of the fields named.
fn without(message: &Message, names: &[&str]) -> Vec<u8> {
    let mut out = message.octets().to_vec();
    let spans: Vec<_> = message.fields().filter(|f| names.iter().any(|name| f.is(name))).map(|f| f.span).collect();
    let base = message.parts()[0].header.start;
    for span in spans.into_iter().rev() {
        out.drain(base + span.start..base + span.end);
    }
    out
}

/// [`without`], and without the line that ends the header where it is white space: it makes room for an empty one.
fn without_blank_line(message: &Message, names: &[&str]) -> Vec<u8> {
    let mut out = without(message, names);
    let end = out.len() - body(message).len();
    out.drain(end - blank_line(message)..end);
    out
}

/// How long the line that ends the header is, where it is white space.
fn blank_line(message: &Message) -> usize {
    let header = &message.octets()[message.parts()[0].header.clone()];
    let last = header.split_inclusive(|&b| b == b'\n').next_back().unwrap_or_default();
    let is_blank = last.iter().all(u8::is_ascii_whitespace) && last != b"\n" && last != b"\r\n";
    if is_blank { last.len() } else { 0 }
}

/// Octets as text, for a report that people can read.
fn text(octets: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(octets)
}
