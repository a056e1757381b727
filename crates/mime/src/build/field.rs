//! One header field: encoded where its kind allows that (RFC 2047 §5), folded at white space (RFC 5322 §2.2.3).
//!
//! Lines have at most 78 characters where there is a place to fold, and never more than 998. An octet above 127 stands
//! only within an address or an identifier that has one: those have no 7-bit form (RFC 6532 §3.2).

use crate::address::{AddrSpec, NameAddr};
use encodify::Fold;
use encodify::rfc2047::{B, MAX_WORD_LEN, Q_PHRASE, Q_TEXT, WordEncoder};
use std::borrow::Cow;
use std::fmt::Write;

/// How a field's text is written, which its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Addresses: names are encoded, addresses never.
    Addresses,
    /// Tokens and identifiers: nothing is encoded, and what is too long for a line is folded within.
    Structured,
    /// Text for people: all of it is encoded, if any.
    Text,
    /// URIs in angle brackets: 7-bit by percent-encoding (RFC 2369 §2, RFC 3986 §2.1).
    Uris,
}

/// Names with a form other than text. What is not here is an extension field, which is text (RFC 2047 §5, rule 1).
const FORMS: [(Form, &[&str]); 3] = [
    (Form::Addresses, &["Disposition-Notification-To", "Errors-To", "Mail-Followup-To", "Mail-Reply-To", "Return-Receipt-To"]),
    (
        Form::Structured,
        &[
            "Accept-Language",
            "Auto-Submitted",
            "Autoforwarded",
            "Content-ID",
            "DKIM-Signature",
            "In-Reply-To",
            "List-Id",
            "List-Unsubscribe-Post",
            "Message-ID",
            "Original-Message-ID",
            "Precedence",
            "Priority",
            "References",
            "Sensitivity",
            "Thread-Index",
        ],
    ),
    (Form::Uris, &["Archived-At", "List-Archive", "List-Help", "List-Owner", "List-Post", "List-Subscribe", "List-Unsubscribe"]),
];

/// Whether a text can be the name of a header field (RFC 5322 §3.6.8) that fits a line with its colon. It begins with a
/// letter or a figure, as every registered one does and as we read them.
pub fn is_field_name(name: &str) -> bool {
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins_well && name.len() <= 76 && name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
}

/// A field of any name with its text, encoded and folded as that name's fields are, with its CR LF.
pub fn text_line(name: &str, text: &str) -> String {
    let text = one_line(text);
    let text = text.trim();
    let form = FORMS.iter().find(|(_, names)| names.iter().any(|n| n.eq_ignore_ascii_case(name))).map(|(form, _)| *form);
    match form.unwrap_or(Form::Text) {
        Form::Addresses if !text.is_ascii() => address_line(name, &NameAddr::parse_list(text.as_bytes())),
        Form::Addresses | Form::Structured => raw_line(name, text),
        Form::Text if needs_words(name, text) => {
            let mut line = FieldLine::new(name);
            line.words(text, Q_TEXT);
            line.end()
        }
        Form::Text => raw_line(name, text),
        Form::Uris => raw_line(name, &percent_encoded(text)),
    }
}

/// One address field, encoded and folded, with its CR LF; nothing for an empty list.
pub fn address_line(name: &str, list: &[NameAddr]) -> String {
    let clean = |text: &str| one_line(text).trim().to_owned();
    let list = list.iter().map(|a| (clean(&a.name), clean(&a.address)));
    let list: Vec<_> = list.filter(|(name, address)| !(name.is_empty() && address.is_empty())).collect();
    let Some(last) = list.len().checked_sub(1) else { return String::new() };
    let mut line = FieldLine::new(name);
    for (index, (name, address)) in list.iter().enumerate() {
        let comma = if index == last { "" } else { "," };
        line.phrase(name);
        line.atom(1, &format!("<{}>{comma}", addr_text(address)));
    }
    line.end()
}

/// The text with every control a space: no value can end its line.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::Owned(text.replace(char::is_control, " ")) } else { Cow::Borrowed(text) }
}

fn raw_line(name: &str, text: &str) -> String {
    let mut line = FieldLine::new(name);
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.trim_start_matches(' ');
        let gap = (rest.len() - word.len()).clamp(1, WIDEST_GAP);
        let (word, after) = word.split_at(word.find(' ').unwrap_or(word.len()));
        line.atom(gap, word);
        rest = after;
    }
    line.end()
}

/// Whether a text can't stand as it is: it is not ASCII, it would read as encoded words, or it has no place to fold.
/// The long tokens of extension fields stay as they are as long as a line can hold them, since those who look for them
/// decode nothing.
fn needs_words(name: &str, text: &str) -> bool {
    let longest_word = if name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-")) { 900 } else { 76 };
    let no_gap_is_wide = !text.contains(&" ".repeat(WIDEST_GAP + 1));
    !(text.is_ascii() && !text.contains("=?") && no_gap_is_wide && text.split(' ').all(|word| word.len() <= longest_word))
}

/// An address for between angle brackets. What is none is quoted (RFC 5322 §3.4.1), so that nothing of it is taken for
/// an address of its own.
fn addr_text(address: &str) -> Cow<'_, str> {
    let is_atom = !address.contains(|c: char| c.is_whitespace() || "<>()[],;:\\\"".contains(c));
    let reads_as_encoded = address.contains("=?");
    if !reads_as_encoded && (is_atom || AddrSpec::parse(address).is_some()) {
        return Cow::Borrowed(address);
    }
    if let Some((local, domain)) = address.rsplit_once('@')
        && AddrSpec::parse(&format!("x@{domain}")).is_some()
    {
        return Cow::Owned(format!("{}@{domain}", quoted(local)));
    }
    Cow::Owned(quoted(address))
}

pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut octets = [0; 4];
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        for octet in c.encode_utf8(&mut octets).bytes() {
            let _ = write!(out, "%{octet:02X}"); // a String takes whatever is written
        }
    }
    out
}

/// A field as it is written, with the column at which its last line stands.
pub(super) struct FieldLine {
    out: String,
    column: usize,
    /// How long this line should become at most: RFC 2047 §2 has 76 for one with encoded words.
    width: usize,
    is_first: bool,
}

impl FieldLine {
    pub(super) fn new(name: &str) -> FieldLine {
        FieldLine { out: format!("{name}:"), column: name.len() + 1, width: WIDTH, is_first: true }
    }

    pub(super) fn end(mut self) -> String {
        self.out.push_str("\r\n");
        self.out
    }

    /// A run without a place to fold, after `gap` spaces, on a new line where it doesn't fit this one. The first one
    /// stays beside the name if a new line would not help.
    pub(super) fn atom(&mut self, gap: usize, atom: &str) {
        let fits = self.column + gap + atom.len() <= self.width;
        let helps = !self.is_first || gap + atom.len() <= WIDTH;
        if !fits && helps {
            self.fold();
        }
        self.is_first = false;
        self.out.extend(std::iter::repeat_n(' ', gap));
        self.column += gap;
        self.unfolded(atom);
    }

    /// What is too long for any line is folded where the line ends: RFC 5322 §2.1.1 bears no longer one.
    fn unfolded(&mut self, mut atom: &str) {
        while self.column + atom.len() > LONGEST {
            let room = &atom[..atom.floor_char_boundary(LONGEST - self.column)];
            let backslashes = room.bytes().rev().take_while(|&b| b == b'\\').count();
            let (head, tail) = atom.split_at(room.len() - backslashes % 2); // a quoted pair stays one
            self.out.push_str(head);
            self.fold();
            self.out.push(' ');
            self.column = 1;
            atom = tail;
        }
        self.out.push_str(atom);
        self.column += atom.len();
    }

    /// A display name: a quoted string, or encoded words.
    fn phrase(&mut self, name: &str) {
        let quoted = quoted(name);
        if name.is_empty() {
        } else if name.is_ascii() && !name.contains("=?") && quoted.len() < WIDTH {
            self.atom(1, &quoted);
        } else {
            self.words(name, Q_PHRASE);
        }
    }

    /// Encoded words (RFC 2047 §4), Q or B, whichever is shorter; one word stays whole if any line can hold it.
    fn words(&mut self, text: &str, q: WordEncoder) {
        let encoder = if q.payload_len(text) <= B.payload_len(text) { q } else { B };
        let whole = "=?utf-8?Q?".len() + encoder.payload_len(text) + "?=".len();
        let needed = if whole <= MAX_WORD_LEN { whole } else { SHORTEST_WORD };
        if self.column + 1 + needed > Fold::HEADER.width {
            self.fold();
        }
        self.out.push(' ');
        self.column += 1;
        self.width = Fold::HEADER.width;
        encoder.encode_words("utf-8", text, &mut self.column, Fold::HEADER, &mut self.out);
        self.is_first = false;
    }

    fn fold(&mut self) {
        self.out.push_str("\r\n");
        self.column = 0;
        self.width = WIDTH;
    }
}

/// RFC 5322 §2.1.1: lines should have at most so many characters,
const WIDTH: usize = 78;
/// and must have at most so many.
const LONGEST: usize = 998;
/// Spaces in a row that can stand before a word in one line.
const WIDEST_GAP: usize = 60;
/// An encoded word of one character of four octets.
const SHORTEST_WORD: usize = "=?utf-8?Q?=F0=9F=98=80?=".len();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::fields;

    fn read(line: &str) -> String {
        let field = fields(line.as_bytes(), None).next().expect("a field");
        assert_eq!(field.span, 0..line.len(), "{line:?} is one field");
        field.text()
    }

    fn longest(line: &str) -> usize {
        line.lines().map(str::len).max().unwrap_or_default()
    }

    #[test]
    fn text_reads_back_and_is_folded() {
        let sentence = "The quick brown fox jumps over the lazy dog. ".repeat(5);
        for text in ["", "Hello", "Grüße – 你好 😀", "=?utf-8?Q?not?= decoded", "a  b   c", &sentence, &"ä".repeat(300)]
        {
            let line = text_line("Subject", text);
            assert_eq!(read(&line), text.trim(), "{line}");
            assert!(longest(&line) <= 78 && line.is_ascii(), "{line}");
        }
        assert_eq!(text_line("Subject", ""), "Subject:\r\n");
        assert!(text_line("Subject", &sentence).contains("\r\n "), "plain text is folded, not encoded");
        assert!(!text_line("Subject", &sentence).contains("=?"));
    }

    #[test]
    fn long_words_never_pass_998() {
        let long = "x".repeat(3000);
        for name in ["Subject", "X-Token", "References", "List-Unsubscribe", "Disposition-Notification-To"] {
            let line = text_line(name, &long);
            assert!(longest(&line) <= 998, "{name}");
            assert_eq!(read(&line).replace(' ', ""), long, "{name}");
        }
        let token = "x".repeat(500);
        assert_eq!(text_line("X-Token", &token), format!("X-Token: {token}\r\n"), "whoever looks for it decodes nothing");
        let gap = format!("a{}b", " ".repeat(2000));
        assert_eq!(read(&text_line("Subject", &gap)), gap);
        assert!(longest(&text_line("References", &gap)) <= 78);
    }

    #[test]
    fn structured_fields_are_never_encoded() {
        let ids = (0..20).map(|n| format!("<{n}.abcdefghijklmnop@mail.example>")).collect::<Vec<_>>().join(" ");
        for (name, text) in [
            ("References", ids.as_str()),
            ("In-Reply-To", "<ä@x.example>"),
            ("List-Unsubscribe", "<mailto:u@x.example?subject=a%20b>, <https://x.example/?a=%3D?b>"),
            ("List-Id", "\"A list\" <l.x.example>"),
            ("Auto-Submitted", "auto-replied"),
            ("Precedence", "bulk"),
            ("Thread-Index", "AQHZ=?x"),
        ] {
            let line = text_line(name, text);
            assert_eq!(line.replace("\r\n ", " "), format!("{name}: {text}\r\n"));
            assert!(longest(&line) <= 78, "{line}");
        }
        assert_eq!(text_line("List-Help", "<https://x.example/ä>"), "List-Help: <https://x.example/%C3%A4>\r\n");
        let receipt = text_line("Disposition-Notification-To", "Ünal <u@x.example>");
        assert_eq!(receipt, "Disposition-Notification-To: =?utf-8?B?w5xuYWw=?= <u@x.example>\r\n");
    }

    fn addresses(line: &str) -> Vec<(String, String)> {
        let field = fields(line.as_bytes(), None).next().expect("a field");
        assert_eq!(field.span, 0..line.len(), "{line:?} is one field");
        NameAddr::parse_field(&field).into_iter().map(|a| (a.name, a.address)).collect()
    }

    #[test]
    fn names_and_addresses_read_back() {
        let long = "Ä long nämé ".repeat(20);
        let list: Vec<_> =
            ["", "Adele Vance", "Vance, Adele", "\"q\" \\ (c)", "=?utf-8?Q?x?=", "Ünal, A. 😀", long.trim(), &"n".repeat(90)]
                .iter()
                .enumerate()
                .map(|(n, name)| NameAddr { name: (*name).to_owned(), address: format!("a{n}@x.example") })
                .collect();
        let line = address_line("To", &list);
        assert!(longest(&line) <= 78 && line.is_ascii(), "{line}");
        let expected: Vec<_> = list.into_iter().map(|a| (a.name, a.address)).collect();
        assert_eq!(addresses(&line), expected, "{line}");
    }

    #[test]
    fn an_address_never_becomes_two() {
        for address in [
            "a@x.example>, <evil@x.example",
            "a@x.example, evil@x.example",
            "\"a\" <evil@x.example>, \"c\"@x.example",
            "a b@x.example",
            "a\r\nBcc: evil@x.example",
            "a@[x>, <evil@x.example>]",
            "G: evil@x.example;",
            "(evil@x.example",
            "bob",
            "=?utf-8?Q?evil=40x.example?=",
            "a@b@c.example",
            &"a".repeat(2000),
        ] {
            let line = address_line("To", &[NameAddr { name: "N".into(), address: address.into() }]);
            let read = addresses(&line);
            assert_eq!(read.len(), 1, "{line}");
            assert!(read[0].1 != "evil@x.example" && !read[0].1.is_empty(), "{line}");
            assert!(longest(&line) <= 998, "{line}");
        }
        let quoted = NameAddr { name: String::new(), address: "\"a b\"@x.example".into() };
        assert_eq!(address_line("To", &[quoted]), "To: <\"a b\"@x.example>\r\n");
        assert_eq!(address_line("To", &[]), "");
        assert_eq!(address_line("To", &[NameAddr::default()]), "");
    }
}
