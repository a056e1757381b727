//! Comments (RFC 5322 §3.2.2).

/// The text with each comment a space. Within quotes a parenthesis is no comment; one that isn't closed takes the rest.
pub(crate) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for c in text.chars() {
        let special = !std::mem::take(&mut escaped);
        match c {
            '\\' if special && (quoted || depth > 0) => escaped = true,
            '"' if special && depth == 0 => quoted = !quoted,
            '(' if special && !quoted => {
                depth += 1;
                out.push(' ');
            }
            ')' if special && !quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_nest_and_quotes_hide_them() {
        assert_eq!(without_comments(r#"a(b(c)\)d)e "(f)" (g"#), r#"a  e "(f)"  "#);
    }
}
