//! Words as SQLite's `unicode61 remove_diacritics 2` cuts and folds them, for an index that is told its words: what is found
//! must not depend on who keeps the rows. Not our own idea of letters, nor today's Unicode: its, character by character.

mod table;

use std::str::Chars;
use std::sync::LazyLock;
use table::{DIACRITICS, FOLDED, LETTERS, NO_WORDS};

/// What a character is within a text.
enum Part {
    /// No word has it.
    Gap,
    /// It marks the letter before it, and is left out; it begins no word.
    Mark,
    /// Without case and marks.
    Letter(char),
}

/// Characters that become others, in order.
static OTHERS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let letters = LETTERS.iter().flat_map(|&(letter, others)| others.chars().map(move |other| (other, letter)));
    let folded = FOLDED.iter().flat_map(|&(first, last, step, by)| {
        let both = move |code: u32| Some((char::from_u32(code)?, char::from_u32(code.checked_add_signed(by)?)?));
        (first..=last).step_by(step).filter_map(both)
    });
    let mut others: Vec<_> = letters.chain(folded).collect();
    others.sort_unstable();
    others
});

/// The words of a text, one after the other.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    Words { text: text.chars() }
}

struct Words<'t> {
    text: Chars<'t>,
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let first = self.text.find_map(|c| match part(c) {
            Part::Letter(letter) => Some(letter),
            Part::Gap | Part::Mark => None,
        })?;
        let mut word = String::from(first);
        for c in self.text.by_ref() {
            match part(c) {
                Part::Gap => break,
                Part::Mark => {}
                Part::Letter(letter) => word.push(letter),
            }
        }
        Some(word)
    }
}

fn part(c: char) -> Part {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Part::Letter(c.to_ascii_lowercase()) } else { Part::Gap };
    }
    let code = u32::from(c);
    let behind = NO_WORDS.partition_point(|&(first, _)| first <= code);
    let is_gap = behind.checked_sub(1).and_then(|at| NO_WORDS.get(at)).is_some_and(|&(_, last)| code <= last);
    if is_gap {
        return Part::Gap;
    }
    if DIACRITICS.contains(c) {
        return Part::Mark;
    }
    let other = OTHERS.binary_search_by_key(&c, |&(one, _)| one).ok().and_then(|at| OTHERS.get(at));
    Part::Letter(other.map_or(c, |&(_, letter)| letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::{Connection, params};
    use std::fs;
    use std::path::{Path, PathBuf};

    /// Octets that SQLite keeps of a word: more than anybody looks for.
    const KEPT: usize = 32 * 1024;

    /// SQLite itself.
    struct Fts5(Connection);

    impl Fts5 {
        fn new() -> Fts5 {
            let connection = Connection::open_in_memory().unwrap();
            connection
                .execute_batch(
                    "CREATE VIRTUAL TABLE t USING fts5 (x, content = '', tokenize = 'unicode61 remove_diacritics 2');
                     CREATE VIRTUAL TABLE v USING fts5vocab (t, instance); BEGIN",
                )
                .unwrap();
            Fts5(connection)
        }

        /// The words of each text.
        fn words(&self, texts: &[String]) -> Vec<Vec<Vec<u8>>> {
            self.0.execute("INSERT INTO t (t) VALUES ('delete-all')", []).unwrap();
            let mut put = self.0.prepare_cached("INSERT INTO t (rowid, x) VALUES ($1, $2)").unwrap();
            let mut words = Vec::new();
            for (row, text) in texts.iter().enumerate() {
                put.execute(params![i64::try_from(row).unwrap(), text]).unwrap();
                words.push(Vec::new());
            }
            let mut look = self.0.prepare_cached("SELECT doc, term FROM v ORDER BY doc, offset").unwrap();
            let mut rows = look.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let word = row.get_ref(1).unwrap().as_bytes().unwrap().to_vec();
                words[usize::try_from(row.get::<_, i64>(0).unwrap()).unwrap()].push(word);
            }
            words
        }

        fn demand_same(&self, texts: &[String]) {
            for (text, theirs) in texts.iter().zip(self.words(texts)) {
                let mut ours: Vec<Vec<u8>> = words(text).map(String::into_bytes).collect();
                ours.iter_mut().for_each(|word| word.truncate(KEPT));
                assert!(ours == theirs, "{:?}…", text.chars().take(200).collect::<String>());
            }
        }
    }

    #[test]
    fn every_character_is_to_sqlite_what_it_is_here() {
        let sqlite = Fts5::new();
        // Beyond U+30000 there are only what has no name, a few of U+E0000 and private use: some of them will do.
        let is_asked = |&c: &char| c < '\u{30000}' || ('\u{E0000}'..'\u{E1000}').contains(&c) || u32::from(c) % 61 == 0;
        let characters: Vec<char> = ('\u{1}'..=char::MAX).filter(is_asked).collect();
        // Within a word, alone, and behind a mark.
        let around = |some: &[char]| some.iter().map(|c| format!("a{c}b {c} e\u{301}{c} ")).collect();
        for some in characters.chunks(10_000) {
            sqlite.demand_same(&some.chunks(100).map(around).collect::<Vec<String>>());
        }
    }

    #[test]
    fn texts_of_any_characters_are_cut_as_sqlite_cuts_them() {
        let sqlite = Fts5::new();
        let mut seed = 1_u64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            u32::try_from(seed % below).unwrap()
        };
        let texts: Vec<String> = (0..2000)
            .map(|_| {
                let block = [0x80, 0x530, 0x3000, 0x11_0000][random(4) as usize];
                (0..random(200)).filter_map(|_| char::from_u32(1 + random(block - 1))).collect()
            })
            .collect();
        sqlite.demand_same(&texts);
        let long = ["x".repeat(30_000), "Ä".repeat(16_000), "y ".repeat(100_000)];
        sqlite.demand_same(&long);
    }

    #[test]
    fn messages_are_cut_as_sqlite_cuts_them() {
        let mut files = Vec::new();
        files_under(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../mime/tests"), &mut files);
        match std::env::var_os("RESTANTE_SHARED").map(|shared| PathBuf::from(shared).join("corpus")) {
            Some(corpus) => files_under(&corpus, &mut files),
            None => assert!(std::env::var_os("CI").is_none(), "RESTANTE_SHARED has no corpus"),
        }
        let sqlite = Fts5::new();
        for some in files.chunks(100) {
            let text = |file: &PathBuf| String::from_utf8_lossy(&fs::read(file).unwrap()).replace('\0', " ");
            sqlite.demand_same(&some.iter().map(text).collect::<Vec<_>>());
        }
    }

    fn files_under(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files_under(&path, files) } else { files.push(path) }
        }
    }
}
