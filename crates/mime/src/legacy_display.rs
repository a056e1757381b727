//! What a sender repeats of a hidden header at the head of the text, for readers who know of no hidden header (RFC 9788
//! §2.1.2). Whoever shows that header leaves it out.

/// The parameter by which a text says that it begins so.
pub(crate) const PARAMETER: &str = "hp-legacy-display";
const OPENING: &str = "<div class=\"header-protection-legacy-display\">";

/// A plain text without it: all up to the first empty line.
pub(crate) fn without_in_text(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.trim_end_matches(['\r', '\n']).is_empty() {
            return &text[at..];
        }
    }
    text // it doesn't begin so, whatever it says
}

/// HTML without it: the element of its class, with all that it holds.
pub(crate) fn without_in_html(html: &str) -> String {
    let whole = || html.to_owned();
    let Some(start) = html.find(OPENING) else { return whole() };
    let mut depth = 1_usize;
    let mut at = start + OPENING.len();
    while depth > 0 {
        let Some(next) = html[at..].find('<').map(|found| at + found) else { return whole() };
        let rest = &html.as_bytes()[next..];
        let is = |tag: &[u8]| rest.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
        at = next + 1;
        if is(b"</div>") {
            depth -= 1;
            at = next + b"</div>".len();
        } else if is(b"<div>") || is(b"<div ") {
            depth += 1;
        }
    }
    [&html[..start], &html[at..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_loses_its_first_lines_and_no_others() {
        assert_eq!(without_in_text("Subject: Dinner\r\n\r\nAt eight.\r\n\r\nAnn"), "At eight.\r\n\r\nAnn");
        assert_eq!(without_in_text("\nAt eight."), "At eight.");
        assert_eq!(without_in_text("At eight.\nAnn"), "At eight.\nAnn");
    }

    #[test]
    fn html_loses_one_element_with_all_that_it_holds() {
        let of = |inside: &str| format!("<html><body>{OPENING}{inside}</div><p>é At eight.</p></body></html>");
        let expected = "<html><body><p>é At eight.</p></body></html>";
        for inside in ["", "<pre>Subject: Dinner</pre>", "<div>a<DIV class=x>é</DIV></div><divx>"] {
            assert_eq!(without_in_html(&of(inside)), expected, "{inside}");
        }
        for html in ["<p>x</p>", &of("<div>").replace("</body>", ""), &format!("{OPENING}<"), OPENING] {
            assert_eq!(without_in_html(html), html, "{html}");
        }
    }
}
