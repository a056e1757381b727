//! KQL to [`Search`]: `NOT` before `AND` before `OR`, all in capitals; what stands side by side is wanted together.
//! `NEAR`, `ONEAR`, `XRANK`, `ALL`, `ANY`, `NONE` and `WORDS` are no operators here, but words.

use super::{Relation, Restriction, Search, SearchValue, Term};
use crate::error::SyntaxError;
use crate::lex::{DEPTH, TOO_DEEP, bounded};
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub(super) fn parse(text: &str) -> Result<Search, SyntaxError> {
    match unwrap(bounded(text)?) {
        None => Kql::new(text, true).whole(),
        Some((raw, offset)) => {
            let inner = unescape(raw);
            Kql::new(&inner, false).whole().map_err(|e| SyntaxError { offset: offset + raw_offset(raw, e.offset), ..e })
        }
    }
}

/// What stands in the double quotes that Graph wants around all of a search, and its offset; nothing where they are
/// missing, or where phrases stand side by side (`"a b" OR "c d"`). A quote with text right behind it closes no phrase: some
/// clients leave quotes within the outer ones as they are.
fn unwrap(text: &str) -> Option<(&str, usize)> {
    let trimmed = text.trim();
    let raw = trimmed.strip_prefix('"')?.strip_suffix('"')?;
    let offset = text.len() - text.trim_start().len() + 1;
    let first_close = quote_at(raw, true);
    let closed_early = first_close.is_some_and(|at| ends_term(&trimmed[at + 2..]));
    (!closed_early).then_some((raw, offset))
}

/// Where the first double quote of a text stands; one behind a backslash doesn't count where backslashes escape.
fn quote_at(text: &str, escapes: bool) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some(at),
            '\\' if escapes => drop(characters.next()),
            _ => {}
        }
    }
    None
}

/// OData ABNF `searchPhrase`: a backslash stands before a quote and before itself.
fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(c) = characters.next() {
        let escaped = if c == '\\' { characters.next_if(|&next| is_escaped(next)) } else { None };
        text.push(escaped.unwrap_or(c));
    }
    Cow::Owned(text)
}

fn is_escaped(c: char) -> bool {
    matches!(c, '"' | '\\')
}

/// Where the octet of an unescaped text stood before.
fn raw_offset(raw: &str, offset: usize) -> usize {
    let (mut at, mut read) = (0, 0);
    while read < offset && at < raw.len() {
        let octets = &raw.as_bytes()[at..];
        let escape = octets[0] == b'\\' && octets.get(1).is_some_and(|&next| is_escaped(char::from(next)));
        at += if escape { 2 } else { 1 };
        read += 1;
    }
    at
}

/// Whether a term can end before this text.
fn ends_term(rest: &str) -> bool {
    rest.chars().next().is_none_or(|c| c.is_whitespace() || c == ')')
}

struct Kql<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// Whether it came without quotes around it. Then its phrases may hold escapes, and whole restrictions.
    bare: bool,
    /// The property whose value is being read.
    property: Option<(&'t str, Relation)>,
    /// Whether a single quote can still be closed: looked for once, not for every quote.
    single_quotes: bool,
}

impl<'t> Kql<'t> {
    fn new(text: &'t str, bare: bool) -> Kql<'t> {
        Kql { text, at: 0, depth: 0, bare, property: None, single_quotes: true }
    }

    fn whole(mut self) -> Result<Search, SyntaxError> {
        let search = self.any()?;
        if self.rest().is_empty() { Ok(search) } else { Err(self.expected("AND, OR or the end")) }
    }

    fn any(&mut self) -> Result<Search, SyntaxError> {
        let mut choices = vec![self.all()?];
        while self.eat_operator("OR") {
            choices.push(self.all()?);
        }
        Ok(join(choices, Search::Or))
    }

    fn all(&mut self) -> Result<Search, SyntaxError> {
        let mut wanted = self.sequence()?;
        while self.eat_operator("AND") {
            wanted.extend(self.sequence()?);
        }
        Ok(join(wanted, Search::And))
    }

    /// Items with no operator between them.
    fn sequence(&mut self) -> Result<Vec<Search>, SyntaxError> {
        let mut items = vec![self.item()?];
        while !self.ends_sequence() {
            items.push(self.item()?);
        }
        Ok(if self.property.is_none() { gather(items) } else { items })
    }

    fn ends_sequence(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty() || self.rest().starts_with(')') || self.at_operator("AND") || self.at_operator("OR")
    }

    fn item(&mut self) -> Result<Search, SyntaxError> {
        if self.eat_operator("NOT") || self.eat_sign('-') {
            return self.deeper(|kql| Ok(Search::Not(Box::new(kql.item()?))));
        }
        // What is wanted anyway may say so once more.
        while self.eat_sign('+') {}
        if self.ends_sequence() {
            return Err(self.expected("a word"));
        }
        if self.rest().starts_with('(') {
            return self.group();
        }
        self.term()
    }

    fn group(&mut self) -> Result<Search, SyntaxError> {
        self.at += 1;
        let inner = self.deeper(Kql::any)?;
        if !self.rest().starts_with(')') {
            return Err(self.expected("a closing parenthesis"));
        }
        self.at += 1;
        Ok(inner)
    }

    /// A phrase, a word, or a property with its value.
    fn term(&mut self) -> Result<Search, SyntaxError> {
        if self.rest().starts_with('"') {
            return self.phrase();
        }
        if let Some(text) = self.single_quoted() {
            let term = phrase(text).ok_or(self.expected("a word"))?;
            self.at += text.len() + 2;
            return Ok(self.found(term));
        }
        let word = self.word();
        if self.property.is_none()
            && let Some((name, relation)) = restriction(word)
        {
            self.at += name.len() + relation.sign().len();
            return if ends_term(self.rest()) { Ok(word_alone(name)) } else { self.value(name, relation) };
        }
        self.at += word.len();
        Ok(self.found(beginning(word, false)))
    }

    /// What stands behind a property: one term, or several in parentheses.
    fn value(&mut self, name: &'t str, relation: Relation) -> Result<Search, SyntaxError> {
        self.property = Some((name, relation));
        let value = if self.rest().starts_with('(') { self.group() } else { self.term() };
        self.property = None;
        value
    }

    fn phrase(&mut self) -> Result<Search, SyntaxError> {
        let inside = &self.rest()[1..];
        let end = self.text.len();
        let length = quote_at(inside, self.bare).ok_or(SyntaxError { offset: end, expected: "a closing quote" })?;
        let raw = &inside[..length];
        let text = if self.bare { unescape(raw) } else { Cow::Borrowed(raw) };
        let clause = (self.bare && self.property.is_none()).then(|| restriction(&text)).flatten();
        let clause = clause.and_then(|(name, relation)| {
            let value = &text[name.len() + relation.sign().len()..];
            (!ends_term(value)).then(|| Some(restrict(name, relation, phrase(value)?))).flatten()
        });
        let search = match clause {
            Some(clause) => clause,
            None => self.found(phrase(&text).ok_or(self.expected("a word"))?),
        };
        self.at += length + 2;
        Ok(search)
    }

    /// The text in single quotes here, which some clients take for those of a phrase. An apostrophe within a word closes
    /// none.
    fn single_quoted(&mut self) -> Option<&'t str> {
        let inside = self.rest().strip_prefix('\'').filter(|_| self.single_quotes)?;
        let close = inside.match_indices('\'').map(|(at, _)| at).find(|at| ends_term(&inside[at + 1..]));
        self.single_quotes = close.is_some();
        close.map(|at| &inside[..at]).filter(|text| !text.trim().is_empty())
    }

    fn word(&self) -> &'t str {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
        // Behind `name:` a quote or a parenthesis belongs to the value, which is read by itself.
        &rest[..rest.find(ends).unwrap_or(rest.len())]
    }

    /// A term where one was read: in a property's value it is one of that property.
    fn found(&self, term: Term) -> Search {
        match self.property {
            None => Search::Term(term),
            Some((name, relation)) => restrict(name, relation, term),
        }
    }

    fn at_operator(&self, operator: &str) -> bool {
        let behind = self.rest().strip_prefix(operator);
        behind.is_some_and(|rest| ends_term(rest) || rest.starts_with(['(', '"']))
    }

    fn eat_operator(&mut self, operator: &str) -> bool {
        self.skip_space();
        let found = self.at_operator(operator);
        if found {
            self.at += operator.len();
        }
        found
    }

    /// A sign counts where something stands right behind it.
    fn eat_sign(&mut self, sign: char) -> bool {
        self.skip_space();
        let behind = self.rest().strip_prefix(sign).and_then(|rest| rest.chars().next());
        let found = behind.is_some_and(|c| c.is_alphanumeric() || matches!(c, '(' | '"' | '\''));
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn expected(&self, expected: &'static str) -> SyntaxError {
        SyntaxError { offset: self.at, expected }
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Search, SyntaxError>) -> Result<Search, SyntaxError> {
        if self.depth == DEPTH {
            return Err(self.expected(TOO_DEEP));
        }
        self.depth += 1;
        let search = read(self);
        self.depth -= 1;
        search
    }
}

/// The name and the relation at the beginning of a word (MS-KQL §2.2).
fn restriction(word: &str) -> Option<(&str, Relation)> {
    let length = word.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))?;
    let (name, rest) = word.split_at(length);
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic());
    Relation::ALL.into_iter().find(|relation| named && rest.starts_with(relation.sign())).map(|relation| (name, relation))
}

fn restrict(name: &str, relation: Relation, term: Term) -> Search {
    let value = match term.text.split_once("..") {
        Some((from, to)) if relation.admits() && !term.phrase && !from.is_empty() && !to.is_empty() && !term.prefix => {
            SearchValue::Range { from: from.to_owned(), to: to.to_owned() }
        }
        _ => SearchValue::Term(term),
    };
    Search::Property(Restriction { property: name.to_owned(), relation, value })
}

/// White space behind a property's operator makes a word of its name (KQL syntax reference).
fn word_alone(name: &str) -> Search {
    Search::Term(Term { text: name.to_owned(), phrase: false, prefix: false })
}

/// Nothing for a text of white space.
fn phrase(text: &str) -> Option<Term> {
    let text = text.trim();
    (!text.is_empty()).then(|| beginning(text, true))
}

/// A term; a star behind it makes it a beginning, a star alone is a star.
fn beginning(text: &str, phrase: bool) -> Term {
    let start = text.trim_end_matches('*');
    let prefix = start.len() < text.len() && !start.trim().is_empty();
    Term { text: if prefix { start } else { text }.to_owned(), phrase, prefix }
}

/// MS-KQL §2.2.4: restrictions of one property that stand in one sequence are choices. Deviation: those by order are not,
/// since `received>=a received<=b` would find everything.
fn gather(items: Vec<Search>) -> Vec<Search> {
    let mut gathered: Vec<Vec<Search>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for item in items {
        if let Search::Property(Restriction { property, relation, .. }) = &item
            && relation.admits()
        {
            match places.entry(property.to_ascii_lowercase()) {
                Entry::Occupied(place) => {
                    gathered[*place.get()].push(item);
                    continue;
                }
                Entry::Vacant(place) => drop(place.insert(gathered.len())),
            }
        }
        gathered.push(vec![item]);
    }
    gathered.into_iter().map(|choices| join(choices, Search::Or)).collect()
}

/// One is itself; several are joined.
fn join(mut list: Vec<Search>, joined: fn(Vec<Search>) -> Search) -> Search {
    match (list.pop(), list.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            list.extend(last);
            joined(list)
        }
    }
}
