//! Text for people who look at a list: the first characters of a body, without markup.

/// How much of a body is looked at for its preview: enough for the 255 characters that Graph shows, whatever the markup.
pub(crate) const LOOKED_AT: usize = 64 * 1024;
/// Graph: message resource, bodyPreview: the first 255 characters.
const CHARACTERS: usize = 255;

/// The first 255 characters of a plain text, line ends as CR LF (Graph keeps them), ends trimmed.
pub fn preview(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.trim_start().chars().filter(|&c| c != '\r' && c != '\0').enumerate() {
        if count == CHARACTERS {
            break;
        }
        match c {
            '\n' => out.push_str("\r\n"),
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The beginning of `text`, of at most so many octets.
pub(crate) fn head(text: &str, octets: usize) -> &str {
    &text[..text.floor_char_boundary(octets)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_255_characters_and_crlf() {
        assert_eq!(preview("\n a\nb\r\n"), "a\r\nb");
        assert_eq!(preview(&"ä".repeat(400)).chars().count(), 255);
    }
}
