//! What is looked for, as PostgreSQL has it: a tsquery for the index, and a condition for what the index can't tell.

use super::document::{CAPITALS, LEXEME, cut_lexeme, lexeme, pair};
use crate::model::search::{SearchQuery, TextField};
use crate::sql::search::query::{
    COLUMNS, LOOKED_FOR, Wanted, attachments_word, column, everything_word, folder_word, importance_word,
};
use crate::sql::search::statement::{Given, Statement};
use crate::sql::search::unicode61;
use crate::sql::search::words::{is_alone, prepared};

/// Octets of one tsquery. It takes 1 MiB too, but a look into the index costs the square of what is in it.
const TSQUERY: usize = 64 * 1024;
/// Words of a phrase that are looked up; the texts tell the rest.
const LOOKED_UP: usize = 64;

/// What the index finds of a query.
pub(super) struct Found {
    /// In PostgreSQL's language.
    pub(super) tsquery: String,
    /// Whether it finds nothing else; if not, each document is to be asked too.
    is_exact: bool,
}

/// What is wanted, for the index and for a document that it found.
pub(super) struct Compiled<'w> {
    pub(super) wanted: &'w Wanted,
    /// Finds all that is wanted, and each document that has words without a lexeme.
    pub(super) tsquery: String,
    /// What the index can't tell for sure.
    pub(super) condition: Vec<&'w SearchQuery>,
}

/// A part of a condition.
enum Piece<'q> {
    Lexemes(String),
    Texts(Vec<String>),
    Query(&'q SearchQuery),
}

impl Wanted {
    pub(super) fn compiled(&self) -> Compiled<'_> {
        let (mut list, mut condition) = (vec![self.folders()], Vec::new());
        let mut octets = 0;
        for part in &self.parts {
            let found = self.found(part);
            let fits = octets + found.tsquery.len() <= TSQUERY;
            if !found.is_exact || !fits {
                condition.push(part);
            }
            if fits {
                octets += found.tsquery.len();
                list.push(found);
            }
        }
        let found = joined(list.into_iter().map(|found| found.tsquery).collect(), '&');
        let tsquery = joined(vec![found, quoted(&cut_lexeme(self.mailbox))], '|');
        Compiled { wanted: self, tsquery, condition }
    }

    /// Messages of one folder, or of all but some.
    pub(super) fn folders(&self) -> Found {
        let word = |folder| self.place(folder_word(folder));
        self.all(self.only.into_iter().map(word).collect(), self.but.iter().copied().map(word).collect())
    }

    fn place(&self, word: String) -> Found {
        exact(quoted(&lexeme(self.mailbox, 'P', &word)))
    }

    fn found(&self, query: &SearchQuery) -> Found {
        match query {
            SearchQuery::All(list) => {
                let (not, found): (Vec<_>, Vec<_>) = list.iter().partition(|query| matches!(query, SearchQuery::Not(_)));
                let not = not.into_iter().map(|query| self.negated(query)).collect();
                self.all(found.into_iter().map(|query| self.found(query)).collect(), not)
            }
            SearchQuery::Any(list) => {
                let found: Vec<Found> = list.iter().map(|query| self.found(query)).collect();
                let is_exact = found.iter().all(|found| found.is_exact);
                Found { tsquery: joined(found.into_iter().map(|found| found.tsquery).collect(), '|'), is_exact }
            }
            SearchQuery::Not(_) => self.all(Vec::new(), vec![self.negated(query)]),
            SearchQuery::Everything => self.place(everything_word()),
            SearchQuery::HasAttachments => self.place(attachments_word()),
            SearchQuery::Importance(importance) => self.place(importance_word(importance)),
            SearchQuery::Number(..) => Found { is_exact: false, ..self.place(everything_word()) },
            SearchQuery::Words { within, text, prefix } => self.words(within, text, *prefix),
        }
    }

    fn negated(&self, query: &SearchQuery) -> Found {
        match query {
            SearchQuery::Not(inner) => self.found(inner),
            other => self.found(other),
        }
    }

    /// All of one list and none of the other. Only a positive one is looked up: with none, it is everything.
    fn all(&self, mut found: Vec<Found>, left_out: Vec<Found>) -> Found {
        if found.is_empty() {
            found.push(self.place(everything_word()));
        }
        let is_exact = found.iter().chain(&left_out).all(|found| found.is_exact);
        // What isn't exact finds too much: without that, something would be missing.
        let left_out = left_out.into_iter().filter(|found| found.is_exact).map(|found| format!("!{}", found.tsquery));
        Found { tsquery: joined(found.into_iter().map(|found| found.tsquery).chain(left_out).collect(), '&'), is_exact }
    }

    /// Words one right after the other: the index knows whether they are all there.
    fn words(&self, within: &[TextField], text: &str, prefix: bool) -> Found {
        let words = looked_for(text);
        let Some((last, rest)) = words.split_last() else {
            return exact(quoted(&lexeme(self.mailbox, 'N', ""))); // no document has it
        };
        let pairs = words.windows(2).filter_map(|two| pair(two.first().map(String::as_str), two.last()?));
        let all: Vec<String> = pairs.chain(rest.iter().cloned()).take(LOOKED_UP).collect();
        let star = if prefix && !is_alone(last) { ":*" } else { "" };
        let in_column = |capital| {
            let quoted = |word| quoted(&lexeme(self.mailbox, capital, word));
            let last = quoted(last) + star;
            joined(all.iter().map(|word| quoted(word)).chain([last]).collect(), '&')
        };
        let is_exact = words.len() == 1 && last.len() <= LEXEME;
        Found { tsquery: joined(capitals(within).map(in_column).collect(), '|'), is_exact }
    }

    /// What must hold for a document: by its lexemes, as far as they tell, or by its texts alone.
    pub(super) fn push_condition(&self, statement: &mut Statement, query: &SearchQuery, by_text: bool) {
        match query {
            SearchQuery::All(list) => self.push_joined(statement, list, '&', by_text),
            SearchQuery::Any(list) => self.push_joined(statement, list, '|', by_text),
            SearchQuery::Not(inner) => {
                statement.push("NOT ");
                self.push_joined(statement, std::slice::from_ref(inner), '&', by_text);
            }
            SearchQuery::Number(field, bounds) => statement.push_number(*field, bounds),
            query => self.push_joined(statement, std::slice::from_ref(query), '&', by_text),
        }
    }

    fn push_joined(&self, statement: &mut Statement, list: &[SearchQuery], operator: char, by_text: bool) {
        let word = if operator == '&' { " AND " } else { " OR " };
        for (at, piece) in self.pieces(list, operator, by_text).into_iter().enumerate() {
            statement.push(if at == 0 { "(" } else { word });
            match piece {
                Piece::Lexemes(tsquery) => push_match(statement, tsquery),
                Piece::Texts(texts) => push_texts(statement, &texts),
                Piece::Query(query) => self.push_condition(statement, query, by_text),
            }
        }
        statement.push(")");
    }

    /// What is asked at once.
    fn pieces<'q>(&self, list: &'q [SearchQuery], operator: char, by_text: bool) -> Vec<Piece<'q>> {
        let (mut pieces, mut lexemes, mut octets, mut texts) = (Vec::new(), Vec::new(), 0, Vec::new());
        for query in list {
            let found = self.found(query);
            let is_told = found.is_exact && found.tsquery.len() <= TSQUERY && !(by_text && has_words(query));
            match query {
                _ if is_told => {
                    if octets + found.tsquery.len() > TSQUERY {
                        pieces.push(Piece::Lexemes(joined(std::mem::take(&mut lexemes), operator)));
                        octets = 0;
                    }
                    octets += found.tsquery.len();
                    lexemes.push(found.tsquery);
                }
                SearchQuery::Words { within, text, prefix } if operator == '|' => texts.extend(in_texts(within, text, *prefix)),
                SearchQuery::Words { within, text, prefix } => pieces.push(Piece::Texts(in_texts(within, text, *prefix))),
                query => pieces.push(Piece::Query(query)),
            }
        }
        if !lexemes.is_empty() {
            pieces.push(Piece::Lexemes(joined(lexemes, operator)));
        }
        if !texts.is_empty() {
            pieces.push(Piece::Texts(texts));
        }
        pieces
    }
}

/// Whether words of its texts are.
fn has_words(query: &SearchQuery) -> bool {
    match query {
        SearchQuery::All(list) | SearchQuery::Any(list) => list.iter().any(has_words),
        SearchQuery::Not(inner) => has_words(inner),
        SearchQuery::Words { .. } => true,
        _ => false,
    }
}

pub(super) fn push_match(statement: &mut Statement, tsquery: String) {
    statement.push("t.words @@ ");
    statement.push_value(Given::Text(tsquery));
    statement.push("::text::tsquery");
}

/// One of some texts. The column's value is put together anew, so that PostgreSQL unpacks it once for all of them.
fn push_texts(statement: &mut Statement, texts: &[String]) {
    statement.push("EXISTS (SELECT 1 FROM (SELECT t.texts || '' AS texts OFFSET 0) u, unnest(string_to_array(");
    statement.push_value(Given::Text(texts.join("\n")));
    statement.push("::text, chr(10))) AS part WHERE strpos(u.texts, part) > 0)");
}

/// Words as they stand in the texts of one of these columns.
fn in_texts(within: &[TextField], text: &str, prefix: bool) -> Vec<String> {
    let words = looked_for(text);
    if words.is_empty() {
        return Vec::new();
    }
    let end = if prefix { "" } else { " " };
    let in_column = |capital| {
        let words: Vec<String> = words.iter().map(|word| format!("{capital}{word}")).collect();
        words.join(" ") + end
    };
    capitals(within).map(in_column).collect()
}

fn looked_for(text: &str) -> Vec<String> {
    unicode61::words(&prepared(text, LOOKED_FOR)).collect()
}

/// The capitals of these columns; of all that have texts where none is named.
fn capitals(within: &[TextField]) -> impl Iterator<Item = char> {
    let named = |name: &str| within.iter().any(|&field| column(field) == name);
    let is_meant = move |name: &str| if within.is_empty() { name != "place" } else { named(name) };
    COLUMNS.into_iter().zip(CAPITALS).filter(move |&(name, _)| is_meant(name)).map(|(_, capital)| capital)
}

fn exact(tsquery: String) -> Found {
    Found { tsquery, is_exact: true }
}

/// Joined, each once.
fn joined(mut list: Vec<String>, operator: char) -> String {
    list.sort_unstable();
    list.dedup();
    tree(&list, operator)
}

/// A tree that isn't deep: PostgreSQL walks down on its stack.
fn tree(list: &[String], operator: char) -> String {
    match list {
        [] => String::new(),
        [one] => one.clone(),
        list => {
            let (left, right) = list.split_at(list.len() / 2);
            format!("({}{operator}{})", tree(left, operator), tree(right, operator))
        }
    }
}

fn quoted(lexeme: &str) -> String {
    format!("'{lexeme}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(parts: Vec<SearchQuery>) -> Wanted {
        Wanted { mailbox: 12, only: None, but: Vec::new(), parts }
    }

    fn subject(text: &str, prefix: bool) -> SearchQuery {
        SearchQuery::Words { within: vec![TextField::Subject], text: text.to_owned(), prefix }
    }

    #[test]
    fn words_are_looked_up_in_their_mailbox_and_column() {
        let tsquery = |text, prefix| wanted(Vec::new()).found(&subject(text, prefix)).tsquery;
        assert_eq!(tsquery("Café", false), "'12Scafe'");
        assert_eq!(tsquery("c/o Mill", true), "('12Sc'&('12Smill':*&'12So'))");
        assert_eq!(tsquery("見積", true), "('12S積'&('12S見'&'12S見積'))");
        assert_eq!(in_texts(&[TextField::Subject], "C/O mill", true), ["Sc So Smill"]);
        assert_eq!(in_texts(&[TextField::Subject, TextField::Body], "mill", false), ["Smill ", "Bmill "]);
    }

    #[test]
    fn what_a_person_wrote_is_nothing_but_words() {
        for hostile in ["x' | !'y", "a\\'b", "(a & b):*", "%_\\", "x:*A <-> y", "\u{E000}e", "12Scafe' --"] {
            let tsquery = wanted(vec![subject(hostile, true)]).compiled().tsquery;
            for (at, piece) in tsquery.split('\'').enumerate() {
                let is_as_meant = match at % 2 {
                    0 => piece.chars().all(|c| "()&|!:*".contains(c)),
                    _ => {
                        piece.strip_prefix("12").is_some_and(|rest| rest.chars().skip(1).all(char::is_alphanumeric))
                            || piece == "12P\u{E000}e"
                    }
                };
                assert!(is_as_meant, "{hostile}: {tsquery}");
            }
        }
    }

    #[test]
    fn what_the_index_cannot_tell_is_asked_of_each_document() {
        let long = "x".repeat(LEXEME + 1);
        for (text, is_told) in [("tea", true), ("black tea", false), (long.as_str(), false), ("?", true)] {
            assert_eq!(wanted(Vec::new()).found(&subject(text, false)).is_exact, is_told, "{text}");
        }
        let (tea, black) = (subject("tea", false), subject("black tea", false));
        let parts = vec![tea.clone(), SearchQuery::Not(Box::new(black.clone()))];
        let wanted = wanted(parts);
        let compiled = wanted.compiled();
        assert_eq!(compiled.condition, [&SearchQuery::Not(Box::new(black))]);
        assert!(!compiled.tsquery.contains("black"), "it would leave out what has both words apart: {}", compiled.tsquery);
    }
}
