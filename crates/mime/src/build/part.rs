//! The parts of a message to be built, and what each says of itself.

use super::Attachment;
use super::field::{one_line, text_line};
use super::param::content_line;
use super::text;
use crate::boundary;
use crate::field::LineEnd;
use crate::piece::Piece;
use bytes::Bytes;
use mail_parser::{HeaderForm, HeaderValue};

/// A part to be written.
pub(super) struct Part {
    /// Its header, without the empty line; lines end in CR LF.
    header: String,
    domain: Domain,
    content: Content,
}

enum Content {
    /// Octets that are written in base64.
    Base64(Bytes),
    Parts {
        boundary: String,
        parts: Vec<Part>,
    },
    /// Octets that are written as they are.
    Verbatim(Bytes),
}

/// What a body needs of a road (RFC 2045 §2.7 to 2.9), each more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Domain {
    SevenBit,
    EightBit,
    Binary,
}

impl Domain {
    /// What octets need: lines end in LF, with or without CR before it, and have at most 998 octets.
    fn of(octets: &[u8]) -> Domain {
        let is_line = |line: &[u8]| {
            let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
            line.len() <= 998 && !line.iter().any(|&b| b == 0 || b == b'\r')
        };
        match octets.split_inclusive(|&b| b == b'\n').all(is_line) {
            true if octets.is_ascii() => Domain::SevenBit,
            true => Domain::EightBit,
            false => Domain::Binary,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Domain::SevenBit => "7bit",
            Domain::EightBit => "8bit",
            Domain::Binary => "binary",
        }
    }
}

/// Whether no road changes octets: 7-bit lines that end in CR LF, none of which begins a message in a mailbox file.
fn survives(octets: &[u8]) -> bool {
    let lines_survive = || {
        octets.split_inclusive(|&b| b == b'\n').all(|l| (l.ends_with(b"\r\n") || !l.ends_with(b"\n")) && !l.starts_with(b"From "))
    };
    Domain::of(octets) == Domain::SevenBit && lines_survive()
}

impl Part {
    /// A text/plain or text/html.
    pub(super) fn text(essence: &str, text: &str) -> Part {
        let text::EncodedText { encoding, octets } = text::encode(text);
        let header = format!("Content-Type: {essence}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: {encoding}\r\n");
        Part { header, domain: Domain::SevenBit, content: Content::Verbatim(octets.into()) }
    }

    /// A multipart. It needs what the neediest of its parts needs, and says so (RFC 2045 §6.4). `parameter` is one more
    /// of its media type.
    pub(super) fn multipart(subtype: &str, parameter: Option<(&str, &str)>, seed: &str, parts: Vec<Part>) -> Part {
        let boundary = boundary::unlike(subtype, seed, |text| parts.iter().any(|part| part.holds(text)));
        let parameters: Vec<_> = parameter.into_iter().chain([("boundary", boundary.as_str())]).collect();
        let mut header = content_line("Content-Type", &format!("multipart/{subtype}"), &parameters);
        let domain = parts.iter().map(|part| part.domain).max().unwrap_or(Domain::SevenBit);
        if domain != Domain::SevenBit {
            header += &format!("Content-Transfer-Encoding: {}\r\n", domain.as_str());
        }
        Part { header, domain, content: Content::Parts { boundary, parts } }
    }

    /// A file. Its octets are its own: base64 also for text, so that no line end is touched. An attached message stays
    /// as it is, since it must not be encoded (RFC 2046 §5.2.1); so does any other message/* that no road changes, as
    /// RFC 3464 §2.1 demands of reports.
    pub(super) fn file(attachment: &Attachment) -> Part {
        let MediaType { essence, .. } = MediaType::of(&attachment.media_type);
        let octets = attachment.octets.clone();
        let is_message = matches!(essence.as_str(), "message/rfc822" | "message/global");
        let is_report = essence.starts_with("message/") && survives(&octets);
        let (encoding, domain, content) = if is_message || is_report {
            let domain = Domain::of(&octets);
            (domain.as_str(), domain, Content::Verbatim(octets))
        } else {
            ("base64", Domain::SevenBit, Content::Base64(octets))
        };
        let FileFields { content_type, content_disposition, content_id } = FileFields::of(attachment);
        let content_id = content_id.unwrap_or_default();
        let header = format!("{content_type}Content-Transfer-Encoding: {encoding}\r\n{content_disposition}{content_id}");
        Part { header, domain, content }
    }

    /// Writes the part. What it was given as it is keeps its line ends; all other lines end in `line_end`.
    pub(super) fn write(&self, line_end: LineEnd, out: &mut Vec<Piece>) {
        let end = line_end.as_str();
        let mut header = line_end.end_lines(self.header.as_bytes());
        header.extend_from_slice(end.as_bytes());
        out.push(header.into());
        match &self.content {
            Content::Base64(octets) => out.push(Piece::Base64 { octets: octets.clone(), line_end }),
            Content::Parts { boundary, parts } => {
                for part in parts {
                    out.push(format!("--{boundary}{end}").into());
                    part.write(line_end, out);
                    out.push(end.to_owned().into());
                }
                out.push(format!("--{boundary}--{end}").into());
            }
            Content::Verbatim(octets) => out.push(octets.clone().into()),
        }
    }

    /// Whether a text stands in what is written as it is.
    fn holds(&self, text: &str) -> bool {
        match &self.content {
            Content::Base64(_) => false,
            Content::Parts { parts, .. } => parts.iter().any(|part| part.holds(text)),
            Content::Verbatim(octets) => boundary::occurs(octets, text.as_bytes()),
        }
    }
}

/// The header fields that say what a file is called, what it is and how it is shown, each with its CR LF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFields {
    /// Content-Type
    pub content_type: String,
    /// Content-Disposition
    pub content_disposition: String,
    /// Content-ID; nothing where it has none.
    pub content_id: Option<String>,
}

impl FileFields {
    /// The fields of a file; its octets are not looked at.
    pub fn of(attachment: &Attachment) -> FileFields {
        let MediaType { essence, parameters } = MediaType::of(&attachment.media_type);
        let name = one_line(&attachment.name);
        let name = name.trim();
        let named = |key| (!name.is_empty()).then_some((key, name));
        let kept = parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let parameters: Vec<_> = kept.chain(named("name")).collect();
        // A text without a name that is inline would be read as the message's own.
        let is_inline = attachment.is_inline && !(name.is_empty() && essence.starts_with("text/"));
        let disposition = if is_inline { "inline" } else { "attachment" };
        let file_name: Vec<_> = named("filename").into_iter().collect();
        let content_id = attachment.content_id.as_deref().map(content_id).filter(|id| !id.is_empty());
        FileFields {
            content_type: content_line("Content-Type", &essence, &parameters),
            content_disposition: content_line("Content-Disposition", disposition, &file_name),
            content_id: content_id.map(|id| text_line("Content-ID", &format!("<{id}>"))),
        }
    }
}

/// A media type that a client gave.
struct MediaType {
    essence: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads `type/subtype` with parameters; what is none is application/octet-stream, and so is a multipart, which no
    /// file can be. `name` is the attachment's to say and `boundary` nobody's.
    fn of(text: &str) -> MediaType {
        let text = one_line(text);
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !is_media_type(&essence) {
            return MediaType { essence: "application/octet-stream".to_owned(), parameters: Vec::new() };
        }
        let parsed = HeaderForm::ContentType.parse(text.as_bytes());
        let HeaderValue::ContentType(parsed) = parsed.value() else { return MediaType { essence, parameters: Vec::new() } };
        let kept = parsed.attributes().filter(|(key, value)| {
            let reserved = ["name", "boundary"].iter().any(|own| key.eq_ignore_ascii_case(own));
            is_token(key) && !reserved && value.len() <= LONGEST_PARAMETER
        });
        let parameters = kept.map(|(key, value)| (key.to_owned(), one_line(value).into_owned())).collect();
        MediaType { essence, parameters }
    }
}

/// Longest value of a media type's parameter that is kept, in octets: as long as an address on the web (RFC 9110 §4.1).
const LONGEST_PARAMETER: usize = 8000;

/// `type/subtype`, each of at most 127 characters (RFC 6838 §4.2).
fn is_media_type(text: &str) -> bool {
    text.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype) && kind != "multipart")
}

fn is_token(text: &str) -> bool {
    (1..=127).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
}

/// A Content-ID without angle brackets and what can't stand between them.
fn content_id(id: &str) -> String {
    id.chars().filter(|c| !matches!(c, '<' | '>') && !c.is_control() && !c.is_whitespace()).collect()
}
