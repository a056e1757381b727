//! Text as the index has it, and as it is looked for.

/// Begins the words of `place`: a private use character, which the index takes for a letter and which no text keeps.
pub(super) const PRIVATE: char = '\u{E000}';

/// A text made ready for the index, of at most so many octets: characters of scripts that put no space between words stand
/// alone, so that any run of them is found as a phrase; full-width forms become the common ones; the characters that mean
/// something to the index or end its texts are gone.
pub(super) fn prepared(text: &str, octets: usize) -> String {
    let mut out = String::with_capacity(text.len().min(octets));
    for c in text.chars() {
        if out.len() >= octets {
            break;
        }
        match c {
            '"' | '\0' | PRIVATE => out.push(' '),
            '\u{FF01}'..='\u{FF5E}' => out.extend(char::from_u32(u32::from(c) - 0xFEE0)),
            c if stands_alone(c) => out.extend([' ', c, ' ']),
            c => out.push(c),
        }
    }
    out
}

/// Whether a text has nothing that could be found: punctuation alone, say.
pub(super) fn is_wordless(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

/// Whether a word is a character of such a script.
pub(super) fn is_alone(word: &str) -> bool {
    let mut characters = word.chars();
    characters.next().is_some_and(stands_alone) && characters.next().is_none()
}

/// Thai, Lao, Myanmar, Khmer, kana, Han and Hangul.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1100}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_or_governs_a_text_is_gone() {
        assert_eq!(prepared("a\"b\0c\u{E000}d", 100), "a b c d");
    }

    #[test]
    fn a_character_that_stands_alone_is_a_word() {
        assert_eq!(prepared("見積A書", 100), " 見  積 A 書 ");
        assert_eq!(prepared("\u{FF21}\u{FF11}", 100), "A1");
    }

    #[test]
    fn a_text_ends_where_there_is_enough() {
        assert_eq!(prepared(&"ä".repeat(10), 6), "äää");
    }

    #[test]
    fn punctuation_is_no_word() {
        assert!(is_wordless("&?! —") && !is_wordless("c++") && !is_wordless("日"));
    }
}
