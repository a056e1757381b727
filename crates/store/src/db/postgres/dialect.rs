//! What is said differently here. Statements are one text for all engines; words that only PostgreSQL knows stand in a comment
//! of theirs that begins with `pg`, which SQLite passes over.

use std::borrow::Cow;

const OPEN: &str = "/*pg ";
const CLOSE: &str = "*/";

/// A statement with what is in such comments uncovered.
pub(super) fn uncovered(sql: &str) -> Cow<'_, str> {
    if !sql.contains(OPEN) {
        return Cow::Borrowed(sql);
    }
    let (mut out, mut rest) = (String::with_capacity(sql.len()), sql);
    while let Some((before, behind)) = rest.split_once(OPEN) {
        let (words, after) = behind.split_once(CLOSE).unwrap_or((behind, ""));
        out.extend([before, words]);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A migration's text. Texts compare by their octets, as in SQLite, whatever the database's locale is.
pub(super) fn schema(text: &str) -> String {
    uncovered(text).replace(" TEXT", " TEXT COLLATE \"C\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_postgresql_knows_is_uncovered() {
        assert_eq!(uncovered("SELECT 1"), "SELECT 1");
        assert_eq!(uncovered("SELECT 1 /*pg FOR UPDATE */LIMIT $1 /*pg OF a*/"), "SELECT 1 FOR UPDATE LIMIT $1 OF a");
        assert_eq!(uncovered("/* said */ SELECT 1"), "/* said */ SELECT 1");
    }

    #[test]
    fn texts_compare_by_their_octets() {
        assert_eq!(schema("a TEXT NOT NULL,\n b TEXT"), "a TEXT COLLATE \"C\" NOT NULL,\n b TEXT COLLATE \"C\"");
    }
}
