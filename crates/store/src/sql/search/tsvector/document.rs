//! A document: its lexemes and its texts.

use crate::db::{IndexTx, values};
use crate::error::StoreError;
use crate::sql::search::query::COLUMNS;
use crate::sql::search::words::{PRIVATE, is_alone};
use crate::sql::search::{END, unicode61};
use std::collections::HashSet;

/// The capitals of the columns.
pub(super) const CAPITALS: [char; COLUMNS.len()] = ['S', 'B', 'F', 'T', 'C', 'H', 'A', 'P'];
/// Octets of a word in its lexeme; the rest of a longer one is looked for in the texts.
pub(super) const LEXEME: usize = 1024;
/// Octets of a document's lexemes: a tsvector takes 1 MiB.
const LEXEMES: usize = 1_000_000;

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
pub(in crate::sql::search) fn put(
    tx: &mut IndexTx<'_>,
    number: i64,
    columns: &[String; COLUMNS.len()],
) -> Result<(), StoreError> {
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
pub(in crate::sql::search) fn forget(tx: &mut IndexTx<'_>, number: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM search_text WHERE number = $1", values![number])?;
    Ok(())
}

/// The same for all documents of a mailbox.
pub(in crate::sql::search) fn forget_all(tx: &mut IndexTx<'_>, mailbox: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM search_text WHERE number >= $1 AND number < $2", values![mailbox * END, (mailbox + 1) * END])?;
    Ok(())
}

pub(super) fn lexeme(mailbox: i64, capital: char, word: &str) -> String {
    match word.char_indices().find(|&(at, c)| at + c.len_utf8() > LEXEME) {
        Some((end, _)) => format!("{mailbox}{capital}{}{PRIVATE}", word.get(..end).unwrap_or(word)),
        None => format!("{mailbox}{capital}{word}"),
    }
}

/// Of a document that has words without a lexeme.
pub(super) fn cut_lexeme(mailbox: i64) -> String {
    lexeme(mailbox, 'X', "")
}

/// Two words that are one in a script without spaces: a pair of characters is far rarer than both.
pub(super) fn pair(before: Option<&str>, word: &str) -> Option<String> {
    before.filter(|before| is_alone(before) && is_alone(word)).map(|before| format!("{before}{word}"))
}
