//! format=flowed (RFC 3676): paragraphs that were broken into lines are joined again.

/// The text with its flowed lines joined, space-stuffing undone. `del_sp` is the DelSp parameter (§4.3). Line ends stay
/// as they are.
pub(crate) fn joined(text: &str, del_sp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None; // the quote depth of a paragraph that goes on
    let mut ended = ""; // how the line before ended
    for line in text.split_inclusive('\n') {
        let (content, end) = split_end(line);
        let depth = content.bytes().take_while(|&b| b == b'>').count();
        let rest = &content[depth..];
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let signature = rest == "-- "; // §4.3: never flowed
        match open {
            Some(above) if above == depth && !signature => {}
            Some(_) => {
                out.push_str(ended);
                begin(&mut out, depth, rest);
            }
            None => begin(&mut out, depth, rest),
        }
        let flowed = rest.ends_with(' ') && !signature;
        out.push_str(if flowed && del_sp { &rest[..rest.len() - 1] } else { rest });
        if !flowed {
            out.push_str(end);
        }
        (open, ended) = (flowed.then_some(depth), end);
    }
    if open.is_some() {
        out.push_str(ended);
    }
    out
}

fn split_end(line: &str) -> (&str, &str) {
    let content = line.strip_suffix('\n').map_or(line, |l| l.strip_suffix('\r').unwrap_or(l));
    (content, &line[content.len()..])
}

fn begin(out: &mut String, depth: usize, rest: &str) {
    out.extend(std::iter::repeat_n('>', depth));
    if depth > 0 && !rest.is_empty() {
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_lines_are_joined_and_fixed_ones_stay() {
        let text = "one \ntwo\n\n three\r\n From four \r\nfive \r\n-- \r\nAda";
        assert_eq!(joined(text, false), "one two\n\nthree\r\nFrom four five \r\n-- \r\nAda");
        assert_eq!(joined("Unter \nhalt", true), "Unterhalt");
    }

    #[test]
    fn quotes_are_joined_with_their_own_depth() {
        assert_eq!(joined("> a \n> b\n>> c \n> d\n>\n", false), "> a b\n>> c \n> d\n>\n");
        assert_eq!(joined("a \n", false), "a \n");
        assert_eq!(joined("", false), "");
    }
}
