//! The index of texts as PostgreSQL has it: a `tsvector` of a document's words, and its texts, word by word, for what a set
//! of words can't tell. Words are cut here, by the rules of SQLite's index, and no dictionary or locale changes them.
//!
//! A lexeme is the number of the mailbox, a capital for the column, and the word: the words of one mailbox stand together in
//! the index, and those of others cost nothing. The texts are such words without the number, each with a space behind it;
//! words have no capitals, spaces or anything that means something to `LIKE` or `tsquery`, so nothing is to be escaped.

use super::query::{COLUMNS, LOOKED_FOR, Wanted, attachments_word, column, everything_word, folder_word, importance_word};
use super::statement::{Given, Statement};
use super::words::{PRIVATE, is_alone, prepared};
use super::{END, Place, Places, index, unicode61};
use crate::db::{IndexTx, ReadTx, values};
use crate::error::StoreError;
use crate::ids::MessageId;
use crate::model::search::{SearchQuery, TextField};
use std::collections::HashSet;

/// The capitals of the columns.
const CAPITALS: [char; COLUMNS.len()] = ['S', 'B', 'F', 'T', 'C', 'H', 'A', 'P'];
/// Octets of a word in its lexeme; the rest of a longer one is looked for in the texts.
const LEXEME: usize = 1024;
/// Octets of a document's lexemes: a tsvector takes 1 MiB.
const LEXEMES: usize = 1_000_000;
/// Octets of one tsquery. It takes 1 MiB too, but a look into the index costs the square of what is in it.
const TSQUERY: usize = 64 * 1024;
/// Words of a phrase that are looked up; the texts tell the rest.
const LOOKED_UP: usize = 64;

/// Documents in the first stretch that is walked, and in the longest.
const STRETCH: usize = 32;
const LONGEST_STRETCH: usize = 512;
/// Where less than one document of so many is found, the index finds them faster than a walk.
const SPARSE: usize = 16;
/// Where so many are asked for, too.
const MANY: usize = 1000;

/// What must hold in this index alone, as [`super::index::search_rules`] has it.
pub(super) const RULE: (&str, &str) = (
    "a document of the index of texts has texts, and texts a document",
    "SELECT 'document ' || d.number FROM search_document d
     WHERE NOT EXISTS (SELECT 1 FROM search_text t WHERE t.number = d.number)
     UNION ALL SELECT 'texts ' || t.number FROM search_text t
     WHERE NOT EXISTS (SELECT 1 FROM search_document d WHERE d.number = t.number)",
);

/// The texts of a document as the index keeps them.
struct Document {
    lexemes: HashSet<String>,
    octets: usize,
    /// Whether there are words without a lexeme, since there are too many.
    is_cut: bool,
    texts: String,
}

impl Document {
    fn of(mailbox: i64, columns: &[String; COLUMNS.len()]) -> Document {
        let mut document = Document { lexemes: HashSet::new(), octets: 0, is_cut: false, texts: String::new() };
        let (texts, place) = columns.split_at(COLUMNS.len() - 1);
        // The place comes first: it has a lexeme in any case.
        for (text, capital) in place.iter().zip(CAPITALS.last()).chain(texts.iter().zip(&CAPITALS)) {
            document.add(mailbox, *capital, text);
        }
        if document.is_cut {
            document.lexemes.insert(cut_lexeme(mailbox));
        }
        document
    }

    fn add(&mut self, mailbox: i64, capital: char, text: &str) {
        let mut before = None;
        for word in unicode61::words(text) {
            self.texts.extend([capital]);
            self.texts += &word;
            self.texts.push(' ');
            if let Some(pair) = pair(before.as_deref(), &word) {
                self.insert(lexeme(mailbox, capital, &pair));
            }
            self.insert(lexeme(mailbox, capital, &word));
            before = Some(word);
        }
    }

    fn insert(&mut self, lexeme: String) {
        if self.is_cut || self.lexemes.contains(&lexeme) {
            return;
        }
        self.octets += lexeme.len();
        self.is_cut = self.octets > LEXEMES;
        if !self.is_cut {
            self.lexemes.insert(lexeme);
        }
    }
}

/// Puts a document's texts into the index, in the order of [`COLUMNS`].
pub(super) fn put(tx: &mut IndexTx<'_>, number: i64, columns: &[String; COLUMNS.len()]) -> Result<(), StoreError> {
    let Document { lexemes, is_cut, texts, .. } = Document::of(number / END, columns);
    let lexemes: Vec<String> = lexemes.into_iter().collect();
    tx.execute(
        "INSERT INTO search_text (number, is_cut, words, texts)
         VALUES ($1, $2, array_to_tsvector(string_to_array($3::text, ' ')), $4)",
        values![number, is_cut, &lexemes.join(" "), &texts],
    )?;
    Ok(())
}

/// Takes a document's texts out of the index.
pub(super) fn forget(tx: &mut IndexTx<'_>, number: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM search_text WHERE number = $1", values![number])?;
    Ok(())
}

/// The same for all documents of a mailbox.
pub(super) fn forget_all(tx: &mut IndexTx<'_>, mailbox: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM search_text WHERE number >= $1 AND number < $2", values![mailbox * END, (mailbox + 1) * END])?;
    Ok(())
}

fn lexeme(mailbox: i64, capital: char, word: &str) -> String {
    match word.char_indices().find(|&(at, c)| at + c.len_utf8() > LEXEME) {
        Some((end, _)) => format!("{mailbox}{capital}{}{PRIVATE}", word.get(..end).unwrap_or(word)),
        None => format!("{mailbox}{capital}{word}"),
    }
}

/// Of a document that has words without a lexeme.
fn cut_lexeme(mailbox: i64) -> String {
    lexeme(mailbox, 'X', "")
}

/// Two words that are one in a script without spaces: a pair of characters is far rarer than both.
fn pair(before: Option<&str>, word: &str) -> Option<String> {
    before.filter(|before| is_alone(before) && is_alone(word)).map(|before| format!("{before}{word}"))
}

/// See [`ReadTx::hits`]. Documents are walked while many of them are found; the rest is looked up in the index and sorted.
pub(super) fn hits(
    tx: &ReadTx<'_>,
    wanted: &Wanted,
    places: Places,
    (skip, top): (usize, usize),
) -> Result<Vec<(Place, MessageId)>, StoreError> {
    let compiled = wanted.compiled();
    let (from, mut before) = compiled.numbers(places);
    let (all, mut found, mut walked, mut stretch) = (skip.saturating_add(top), Vec::new(), 0, STRETCH);
    while all <= MANY && found.len() < all {
        let documents = compiled.walked(tx, (from, before), stretch)?;
        walked += documents.len();
        before = documents.last().filter(|_| documents.len() == stretch).map_or(from, |last| last.number);
        found.extend(documents.into_iter().filter(|document| document.is_hit).map(|document| document.hit));
        if before == from || found.len() * SPARSE < walked {
            break;
        }
        stretch = (stretch * 2).min(LONGEST_STRETCH);
    }
    if found.len() < all && before > from {
        found.extend(compiled.looked_up(tx, (from, before), all - found.len())?);
    }
    Ok(found.into_iter().skip(skip).take(top).collect())
}

/// See [`ReadTx::count_hits`].
pub(super) fn count(tx: &ReadTx<'_>, wanted: &Wanted) -> Result<i64, StoreError> {
    by_index(tx)?;
    let found = wanted.compiled().statement("SELECT count(*)", (0, END));
    Ok(tx.row(&found.sql, &found.values(), |row| row.integer(0))?.unwrap_or(0))
}

/// Whether something is found in the document of a place.
pub(super) fn is_hit(tx: &ReadTx<'_>, wanted: &Wanted, place: Place) -> Result<bool, StoreError> {
    let compiled = wanted.compiled();
    let (number, _) = wanted.numbers((place, END));
    Ok(compiled.walked(tx, (number, number + 1), 1)?.iter().any(|document| document.is_hit))
}

/// Has the planner take the index for what is looked up in it: it knows nothing of words that are rare in one mailbox, and
/// takes a look at each row for cheap. Nor would it be worth while to compile a statement.
fn by_index(tx: &ReadTx<'_>) -> Result<(), StoreError> {
    tx.row("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)", &[], |_| Ok(())).map(drop)
}

/// A document that was looked at.
struct Walked {
    number: i64,
    hit: (Place, MessageId),
    is_hit: bool,
}

/// What the index finds of a query.
struct Found {
    /// In PostgreSQL's language.
    tsquery: String,
    /// Whether it finds nothing else; if not, each document is to be asked too.
    is_exact: bool,
}

/// What is wanted, for the index and for a document that it found.
struct Compiled<'w> {
    wanted: &'w Wanted,
    /// Finds all that is wanted, and each document that has words without a lexeme.
    tsquery: String,
    /// What the index can't tell for sure.
    condition: Vec<&'w SearchQuery>,
}

impl Compiled<'_> {
    /// Numbers of the documents that the places and the date of sending leave.
    fn numbers(&self, places: Places) -> (i64, i64) {
        self.wanted.numbers(self.wanted.parts.iter().fold(places, index::narrowed))
    }

    /// The last documents of some, and whether something is found in them.
    fn walked(&self, tx: &ReadTx<'_>, numbers: (i64, i64), top: usize) -> Result<Vec<Walked>, StoreError> {
        let mut statement = Statement::new("SELECT t.number, d.message, CASE WHEN ".to_owned());
        self.push_to(&mut statement);
        statement.push(&format!(" THEN 1 ELSE 0 END::bigint FROM search_text t {} WHERE ", document_of("t")));
        statement.push_range("t.number", numbers);
        statement.push(" ORDER BY t.number DESC LIMIT ");
        statement.push_value(Given::Integer(i64::try_from(top).unwrap_or(i64::MAX)));
        tx.rows(&statement.sql, &statement.values(), |row| {
            let number = row.integer(0)?;
            Ok(Walked { number, hit: (number & (END - 1), MessageId(row.fixed(1)?)), is_hit: row.flag(2)? })
        })
    }

    /// The last of what the index finds.
    fn looked_up(&self, tx: &ReadTx<'_>, numbers: (i64, i64), top: usize) -> Result<Vec<(Place, MessageId)>, StoreError> {
        by_index(tx)?;
        let mut statement = Statement::new("SELECT f.number, d.message FROM (".to_owned());
        self.push_found(&mut statement, "SELECT t.number", numbers);
        statement.push(" ORDER BY t.number + 0 DESC LIMIT ");
        statement.push_value(Given::Integer(i64::try_from(top).unwrap_or(i64::MAX)));
        statement.push(&format!(") f {} ORDER BY f.number DESC", document_of("f")));
        tx.rows(&statement.sql, &statement.values(), |row| Ok((row.integer(0)? & (END - 1), MessageId(row.fixed(1)?))))
    }

    /// What the index finds from a place up to another.
    fn statement(&self, what: &str, places: Places) -> Statement {
        let mut statement = Statement::new(String::new());
        self.push_found(&mut statement, what, self.numbers(places));
        statement
    }

    /// Numbers are added to, so that the index of words is taken and not that of numbers.
    fn push_found(&self, statement: &mut Statement, what: &str, numbers: (i64, i64)) {
        let needs_document = self.wanted.parts.iter().any(has_number);
        let document = if needs_document { document_of("t") } else { String::new() };
        statement.push(&format!("{what} FROM search_text t {document} WHERE "));
        self.push_to(statement);
        statement.push(" AND ");
        statement.push_range("t.number + 0", numbers);
    }

    /// What must hold for `t`, and for `d` where a number is asked for.
    fn push_to(&self, statement: &mut Statement) {
        push_match(statement, self.tsquery.clone());
        statement.push(" AND CASE WHEN t.is_cut = 0 THEN ");
        for part in &self.condition {
            self.wanted.push_condition(statement, part, false);
            statement.push(" AND ");
        }
        statement.push("TRUE ELSE ");
        for part in &self.wanted.parts {
            self.wanted.push_condition(statement, part, true);
            statement.push(" AND ");
        }
        push_match(statement, self.wanted.folders().tsquery);
        statement.push(" END");
    }
}

/// A row's document, looked up once the row is there. A limit keeps the planner from joining the tables in another way, which
/// would pass over documents of others.
fn document_of(table: &str) -> String {
    format!("CROSS JOIN LATERAL (SELECT * FROM search_document d WHERE d.number = {table}.number LIMIT 1) d")
}

/// A part of a condition.
enum Piece<'q> {
    Lexemes(String),
    Texts(Vec<String>),
    Query(&'q SearchQuery),
}

impl Wanted {
    fn compiled(&self) -> Compiled<'_> {
        let (mut list, mut condition) = (vec![self.folders()], Vec::new());
        let mut octets = 0;
        for part in &self.parts {
            let found = self.found(part);
            octets += found.tsquery.len();
            if !found.is_exact || octets > TSQUERY {
                condition.push(part);
            }
            if octets <= TSQUERY {
                list.push(found);
            }
        }
        let found = joined(list.into_iter().map(|found| found.tsquery).collect(), '&');
        let tsquery = joined(vec![found, quoted(&cut_lexeme(self.mailbox))], '|');
        Compiled { wanted: self, tsquery, condition }
    }

    /// Messages of one folder, or of all but some.
    fn folders(&self) -> Found {
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
    fn push_condition(&self, statement: &mut Statement, query: &SearchQuery, by_text: bool) {
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
                SearchQuery::Words { within, text, prefix } if operator == '|' => texts.extend(patterns(within, text, *prefix)),
                SearchQuery::Words { within, text, prefix } => pieces.push(Piece::Texts(patterns(within, text, *prefix))),
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

/// Whether a number of a document is asked for.
fn has_number(query: &SearchQuery) -> bool {
    match query {
        SearchQuery::All(list) | SearchQuery::Any(list) => list.iter().any(has_number),
        SearchQuery::Not(inner) => has_number(inner),
        SearchQuery::Number(..) => true,
        _ => false,
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

fn push_match(statement: &mut Statement, tsquery: String) {
    statement.push("t.words @@ ");
    statement.push_value(Given::Text(tsquery));
    statement.push("::text::tsquery");
}

/// One of some texts. What is put behind the column's value has PostgreSQL unpack it once for all of them.
fn push_texts(statement: &mut Statement, patterns: &[String]) {
    statement.push("(t.texts || '') LIKE ANY (string_to_array(");
    statement.push_value(Given::Text(patterns.join("\n")));
    statement.push("::text, chr(10)))");
}

/// Words as they stand in the texts of one of these columns.
fn patterns(within: &[TextField], text: &str, prefix: bool) -> Vec<String> {
    let words = looked_for(text);
    if words.is_empty() {
        return Vec::new();
    }
    let end = if prefix { "" } else { " " };
    let in_column = |capital| {
        let words: Vec<String> = words.iter().map(|word| format!("{capital}{word}")).collect();
        format!("%{}{end}%", words.join(" "))
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
