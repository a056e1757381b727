//! Reading an address list (RFC 5322 §3.4, §4.4): one walk over its characters, which never fails.
//!
//! A wrong address is mail for somebody else, so the grammar is followed where there is one: quoted local parts, domain
//! literals, routes, comments and white space around dots. mail-parser takes an `@` for an address wherever it stands.

use crate::address::NameAddr;
use crate::charset;
use encodify::rfc2047::{self, EncodedWord};
use std::iter::Peekable;
use std::str::CharIndices;

/// Every mailbox of a list, groups flattened.
pub(crate) fn parse(text: &str) -> Vec<NameAddr> {
    let mut lexer = Lexer { text, chars: text.char_indices().peekable() };
    let mut found = Vec::new();
    let mut item = Item::default();
    while let Some(token) = lexer.token() {
        match token {
            Token::Separator => found.extend(std::mem::take(&mut item).mailbox()),
            Token::GroupStart if item.angle.is_none() => item = Item::default(), // its name is nobody's
            Token::GroupStart => {}
            Token::Angle(content) => {
                // A second address without a comma between: both are meant.
                if item.angle.is_some() {
                    found.extend(std::mem::take(&mut item).mailbox());
                }
                item.angle = Some(content);
            }
            Token::Comment(comment) => item.comments.push(comment),
            Token::Word(word) => item.words.push(word),
        }
    }
    found.extend(item.mailbox());
    found
}

/// What stands between two separators.
#[derive(Default)]
struct Item<'t> {
    words: Vec<Word<'t>>,
    comments: Vec<&'t str>,
    /// What stands between `<` and `>`.
    angle: Option<&'t str>,
}

/// An atom or a quoted string.
struct Word<'t> {
    /// As written, quotes included.
    text: &'t str,
    quoted: bool,
    /// It is an encoded word (RFC 2047), which belongs to a name and never to an address (§5).
    encoded: bool,
    /// White space or a comment stands before it.
    spaced: bool,
}

impl Item<'_> {
    fn mailbox(self) -> Option<NameAddr> {
        let (address, rest) = match self.angle {
            Some(angle) => (addr_spec(angle), self.words.iter().collect()),
            None => bare_address(&self.words),
        };
        let comment = || self.comments.last().map(|text| decoded(&unescaped(text)));
        let name = Some(phrase(&rest)).filter(|name| !name.is_empty()).or_else(comment).unwrap_or_default();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        (!(name.is_empty() && address.is_empty())).then_some(NameAddr { name, address })
    }
}

/// The address among words without brackets, and the words that are not part of it. White space around `.` and `@` is
/// no boundary (§4.4). One lone atom is an address too: a local part that says nothing of its domain.
fn bare_address<'w, 't>(words: &'w [Word<'t>]) -> (String, Vec<&'w Word<'t>>) {
    let mut runs: Vec<(String, Vec<&Word<'t>>)> = Vec::new();
    for word in words {
        let joins = |run: &str| !word.spaced || run.ends_with(['.', '@']) || word.text.starts_with(['.', '@']) && !word.quoted;
        match runs.last_mut() {
            Some((run, members)) if joins(run) => {
                run.push_str(word.text);
                members.push(word);
            }
            _ => runs.push((word.text.to_owned(), vec![word])),
        }
    }
    let has_at = |members: &[&Word<'_>]| members.iter().any(|w| !w.quoted && !w.encoded && w.text.contains('@'));
    let found = runs.iter().position(|(_, members)| has_at(members));
    let lone = || (runs.len() == 1 && runs[0].1.iter().all(|w| !w.quoted && !w.encoded)).then_some(0);
    let Some(at) = found.or_else(lone) else {
        return (String::new(), words.iter().collect());
    };
    let (address, _) = runs.remove(at);
    let rest = runs.into_iter().flat_map(|(_, members)| members).collect();
    (address, rest)
}

/// The address between angle brackets: without comments, white space and the route of §4.4.
fn addr_spec(angle: &str) -> String {
    let mut lexer = Lexer { text: angle, chars: angle.char_indices().peekable() };
    let mut address = String::new();
    while let Some(token) = lexer.token() {
        match token {
            Token::GroupStart | Token::Separator if address.starts_with('@') => address.clear(), // a route's hop
            Token::Word(word) => address.push_str(word.text),
            Token::Angle(inner) => address.push_str(inner.trim()),
            Token::Comment(_) => {}
            Token::GroupStart => address.push(':'),
            Token::Separator => address.push(','),
        }
    }
    address
}

/// A display name: quotes undone, encoded words decoded also where RFC 2047 §5 allows none, within quotes.
fn phrase(words: &[&Word<'_>]) -> String {
    let mut raw = String::new();
    for word in words {
        if word.spaced && !raw.is_empty() {
            raw.push(' ');
        }
        match word.text.strip_prefix('"') {
            Some(inner) if word.quoted => raw.push_str(&unescaped(inner.strip_suffix('"').unwrap_or(inner))),
            _ => raw.push_str(&unescaped(word.text)),
        }
    }
    decoded(&raw)
}

/// Encoded words decoded; controls become spaces, so that no name can end a line.
fn decoded(raw: &str) -> String {
    let text = rfc2047::decode_text(raw.as_bytes(), charset::decode_words);
    text.replace(char::is_control, " ").trim().to_owned()
}

/// Quoted pairs undone (§3.2.1).
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

enum Token<'t> {
    /// What stands between `<` and `>`.
    Angle(&'t str),
    /// What stands between `(` and `)`.
    Comment(&'t str),
    /// `:`
    GroupStart,
    /// `,` or `;`
    Separator,
    Word(Word<'t>),
}

struct Lexer<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
}

impl<'t> Lexer<'t> {
    fn token(&mut self) -> Option<Token<'t>> {
        let before = self.position();
        while self.chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        let start = self.position();
        let spaced = start > before || self.text[..start].ends_with(')');
        let (_, first) = *self.chars.peek()?;
        Some(match first {
            '(' => Token::Comment(self.comment()),
            '<' => Token::Angle(self.angle()),
            '"' => Token::Word(Word { text: self.quoted(), quoted: true, encoded: false, spaced }),
            ',' | ';' => self.one(Token::Separator),
            ':' => self.one(Token::GroupStart),
            '[' => Token::Word(Word { text: self.through(']'), quoted: false, encoded: false, spaced }),
            _ => Token::Word(match self.encoded_word() {
                Some(text) => Word { text, quoted: false, encoded: true, spaced },
                None => Word { text: self.atom(), quoted: false, encoded: false, spaced },
            }),
        })
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |&(at, _)| at)
    }

    fn one(&mut self, token: Token<'t>) -> Token<'t> {
        self.chars.next();
        token
    }

    /// An encoded word, also where its sender left special characters in it against RFC 2047 §5.
    fn encoded_word(&mut self) -> Option<&'t str> {
        let start = self.position();
        let (_, length) = EncodedWord::parse(&self.text.as_bytes()[start..])?;
        while self.chars.next_if(|&(at, _)| at < start + length).is_some() {}
        Some(&self.text[start..start + length])
    }

    /// Characters up to white space or one that means something. `)` and `>` mean nothing where nothing is open.
    fn atom(&mut self) -> &'t str {
        let start = self.position();
        let ends = |c: char, at| at > start && (c.is_whitespace() || "(<\",;:[".contains(c));
        while let Some((_, c)) = self.chars.next_if(|&(at, c)| !ends(c, at)) {
            if c == '\\' {
                self.chars.next();
            }
        }
        let end = self.position();
        &self.text[start..end]
    }

    /// A comment's inside; comments nest.
    fn comment(&mut self) -> &'t str {
        let start = self.position();
        let mut depth = 0_usize;
        while let Some((at, c)) = self.chars.next() {
            match c {
                '\\' => {
                    self.chars.next();
                }
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return &self.text[start + 1..at];
            }
        }
        &self.text[start + 1..]
    }

    /// A quoted string with its quotes; one that isn't closed goes to the end.
    fn quoted(&mut self) -> &'t str {
        let start = self.position();
        self.chars.next();
        while let Some((_, c)) = self.chars.next() {
            match c {
                '\\' => {
                    self.chars.next();
                }
                '"' => break,
                _ => {}
            }
        }
        let end = self.position();
        &self.text[start..end]
    }

    /// What stands between `<` and `>`; where no `>` comes, the address ends with its item.
    fn angle(&mut self) -> &'t str {
        let start = self.position() + 1;
        let rest = &self.text[start..];
        let length = closing(rest).or_else(|| rest.find([',', ';', '<'])).unwrap_or(rest.len());
        let end = start + length;
        while self.chars.next_if(|&(at, _)| at < end).is_some() {}
        self.chars.next_if(|&(_, c)| c == '>');
        &self.text[start..end]
    }

    fn through(&mut self, last: char) -> &'t str {
        let start = self.position();
        while let Some((_, c)) = self.chars.next_if(|&(_, c)| !",;".contains(c)) {
            if c == last {
                break;
            }
        }
        let end = self.position();
        if end == start {
            self.chars.next();
        }
        &self.text[start..end]
    }
}

/// Where `>` stands outside quotes. Looking stops at another `<`: what is open there is something else.
fn closing(rest: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in rest.char_indices() {
        match c {
            _ if std::mem::take(&mut escaped) => {}
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            '<' if !quoted => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
