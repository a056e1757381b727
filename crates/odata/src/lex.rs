//! Tokens of `$filter`, `$orderby` and `$select`, each with its offset (OData 4.01 ABNF). One token is read ahead, so the
//! first thing that is wrong is the one that is told.

use crate::error::{Place, SyntaxError};
use crate::literal::Literal;
use crate::path::unquote;

/// The longest text of one option that is read, in octets. What a text may hold is bounded by it.
pub(crate) const LENGTH: usize = 65_536;

/// How deep parentheses, `not`, arguments and lambdas may stand within each other: no text overflows the stack.
pub(crate) const DEPTH: usize = 64;

pub(crate) const TOO_DEEP: &str = "at most 64 levels of nesting";

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'t> {
    Close,
    Colon,
    Comma,
    End,
    Literal(Literal),
    /// An identifier, qualified or not, as written; `$count` and `@odata.type` too.
    Name(&'t str),
    Open,
    Slash,
    Star,
}

/// A text and the token that is next in it.
pub(crate) struct Tokens<'t> {
    text: &'t str,
    next: Token<'t>,
    /// Where the next token begins and ends.
    begins: usize,
    ends: usize,
}

impl<'t> Tokens<'t> {
    pub(crate) fn of(text: &'t str) -> Result<Tokens<'t>, SyntaxError> {
        let mut tokens = Tokens { text: bounded(text)?, next: Token::End, begins: 0, ends: 0 };
        tokens.take()?;
        Ok(tokens)
    }

    pub(crate) fn next(&self) -> &Token<'t> {
        &self.next
    }

    /// Hands out the next token and reads the one behind it.
    pub(crate) fn take(&mut self) -> Result<Token<'t>, SyntaxError> {
        let rest = &self.text[self.ends..];
        self.begins = self.text.len() - rest.trim_start().len();
        let (next, length) = read(&self.text[self.begins..], self.begins)?;
        self.ends = self.begins + length;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Whether the next token was this one; then it is taken.
    pub(crate) fn eat(&mut self, token: &Token<'t>) -> Result<bool, SyntaxError> {
        let found = self.next == *token;
        if found {
            self.take()?;
        }
        Ok(found)
    }

    pub(crate) fn demand(&mut self, token: &Token<'t>, expected: &'static str) -> Result<(), SyntaxError> {
        if self.eat(token)? { Ok(()) } else { Err(self.expected(expected)) }
    }

    pub(crate) fn demand_name(&mut self, expected: &'static str) -> Result<&'t str, SyntaxError> {
        let Token::Name(name) = self.next else { return Err(self.expected(expected)) };
        self.take()?;
        Ok(name)
    }

    /// Whether the next token is this word, in any case: clients write `Or` and `AND`.
    pub(crate) fn at_word(&self, word: &str) -> bool {
        matches!(self.next, Token::Name(name) if name.eq_ignore_ascii_case(word))
    }

    pub(crate) fn eat_word(&mut self, word: &str) -> Result<bool, SyntaxError> {
        let found = self.at_word(word);
        if found {
            self.take()?;
        }
        Ok(found)
    }

    /// Where the next token stands.
    pub(crate) fn place(&self) -> Place {
        Place(self.begins)
    }

    /// That something else should stand where the next token is.
    pub(crate) fn expected(&self, expected: &'static str) -> SyntaxError {
        SyntaxError { offset: self.begins, expected }
    }
}

/// Refuses a text past [`LENGTH`].
pub(crate) fn bounded(text: &str) -> Result<&str, SyntaxError> {
    if text.len() > LENGTH {
        return Err(SyntaxError { offset: text.floor_char_boundary(LENGTH), expected: "at most 65536 octets" });
    }
    Ok(text)
}

/// Whether a text is one identifier, qualified or not.
pub(crate) fn is_name(text: &str) -> bool {
    name_length(text) == text.len() && !text.is_empty()
}

/// The token at the beginning of a text that doesn't begin with white space, and its octets.
fn read(text: &str, offset: usize) -> Result<(Token<'_>, usize), SyntaxError> {
    let Some(first) = text.chars().next() else { return Ok((Token::End, 0)) };
    match first {
        '(' => return Ok((Token::Open, 1)),
        ')' => return Ok((Token::Close, 1)),
        '*' => return Ok((Token::Star, 1)),
        ',' => return Ok((Token::Comma, 1)),
        '/' => return Ok((Token::Slash, 1)),
        ':' => return Ok((Token::Colon, 1)),
        '\'' => {
            let length = quoted_length(text, offset)?;
            return Ok((Token::Literal(Literal::String(unquote(&text[..length]))), length));
        }
        _ => {}
    }
    // A GUID may begin like a name or like a number, so it is looked for before them.
    if let Some(guid) = text.get(..GUID).and_then(Literal::guid).filter(|_| name_length(&text[GUID..]) == 0) {
        return Ok((Token::Literal(guid), GUID));
    }
    if first.is_ascii_digit() || first == '-' {
        return bare(text, offset);
    }
    named(text, offset)
}

const GUID: usize = 36;

/// An identifier, or a literal that begins with one: `true`, `guid'…'`.
fn named(text: &str, offset: usize) -> Result<(Token<'_>, usize), SyntaxError> {
    let length = name_length(text);
    let (name, rest) = text.split_at(length);
    if name.is_empty() {
        return Err(SyntaxError { offset, expected: "a name, a literal or a parenthesis" });
    }
    if rest.starts_with('\'') {
        let quoted = quoted_length(rest, offset + length)?;
        let literal = Literal::typed(name, &unquote(&rest[..quoted])).map_err(|expected| SyntaxError { offset, expected })?;
        return Ok((Token::Literal(literal), length + quoted));
    }
    Ok((Literal::word(name).map_or(Token::Name(name), Token::Literal), length))
}

/// A number or a date, which ends where no octet of one can stand.
fn bare(text: &str, offset: usize) -> Result<(Token<'_>, usize), SyntaxError> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | ':'));
    let mut length = text.find(ends).unwrap_or(text.len());
    if text[..length].contains(['T', 't']) && is_lost_zone(&text[length..]) {
        length += LOST_ZONE;
    }
    let literal = Literal::bare(&text[..length].replace(' ', "+"));
    let literal = literal.ok_or(SyntaxError { offset, expected: "a number, a date or a GUID" })?;
    Ok((Token::Literal(literal), length))
}

/// Whether a zone stands here whose `+` was sent as it is, and so read as the space that forms mean by it.
fn is_lost_zone(rest: &str) -> bool {
    let pattern = rest.bytes().take(LOST_ZONE).map(|b| if b.is_ascii_digit() { b'0' } else { b });
    pattern.eq(*b" 00:00")
}

const LOST_ZONE: usize = " 00:00".len();

/// The octets of the identifier at the beginning of a text; dots qualify it.
fn name_length(text: &str) -> usize {
    let mut characters = text.char_indices();
    match characters.next() {
        Some((_, c)) if c.is_alphabetic() || matches!(c, '_' | '$' | '@') => {}
        _ => return 0,
    }
    characters.find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).map_or(text.len(), |(at, _)| at)
}

/// The octets of the quoted text at the beginning of a text, quotes included. A doubled quote ends nothing (OData ABNF
/// `string`).
fn quoted_length(text: &str, offset: usize) -> Result<usize, SyntaxError> {
    let mut quotes = text.match_indices('\'').map(|(at, _)| at).skip(1).peekable();
    while let Some(at) = quotes.next() {
        if quotes.next_if_eq(&(at + 1)).is_none() {
            return Ok(at + 1);
        }
    }
    Err(SyntaxError { offset: offset + text.len(), expected: "a closing quote" })
}
