//! The text of a reply or a forward: what its author says, then who said what before, then that.

use jiff::tz::TimeZone;
use mime::{BodyKind, ItemBody};
use store::{MessageRecord, Recipient};

/// The text of an answer to `original`, whose text is `quoted`. `said` is what the author of the answer writes.
pub(crate) fn quote(said: (BodyKind, &str), original: &MessageRecord, quoted: &ItemBody, zone: &TimeZone) -> (BodyKind, String) {
    let block = block(original, zone);
    match (said.0, quoted) {
        (BodyKind::Text, ItemBody::Text(quoted)) => (BodyKind::Text, as_text(said.1, &block, quoted)),
        (kind, quoted) => {
            let said = if kind == BodyKind::Html { within_body(said.1).to_owned() } else { paragraphs(said.1) };
            (BodyKind::Html, as_html(&said, &block, quoted))
        }
    }
}

/// Name and text of each line of the block above what is quoted.
fn block(original: &MessageRecord, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let sent = jiff::Timestamp::from_second(original.sent_date_time.seconds()).unwrap_or_default();
    let sent = sent.to_zoned(zone.clone()).strftime("%A, %B %-d, %Y %-I:%M:%S %p").to_string();
    let lines = [
        ("From", people(&original.from)),
        ("Sent", sent),
        ("To", people(&original.to_recipients)),
        ("Cc", people(&original.cc_recipients)),
        ("Subject", original.subject.clone()),
    ];
    lines.into_iter().filter(|(name, text)| *name != "Cc" || !text.is_empty()).collect()
}

fn people(list: &[Recipient]) -> String {
    let shown = |r: &Recipient| match (r.name.as_str(), r.address.as_str()) {
        ("", address) => address.to_owned(),
        (name, address) => format!("{name} <{address}>"),
    };
    list.iter().map(shown).collect::<Vec<_>>().join("; ")
}

fn as_text(said: &str, block: &[(&str, String)], quoted: &str) -> String {
    let lines: String = block.iter().map(|(name, text)| format!("{name}: {text}\r\n")).collect();
    format!("{said}\r\n\r\n{}\r\n{lines}\r\n{quoted}", "_".repeat(32))
}

/// `divRplyFwdMsg` is the mark by which mail programs find where the quoted text begins.
fn as_html(said: &str, block: &[(&str, String)], quoted: &ItemBody) -> String {
    let lines: Vec<String> = block.iter().map(|(name, text)| format!("<b>{name}:</b> {}", escaped(text))).collect();
    let quoted = match quoted {
        ItemBody::Html(html) => within_body(html).to_owned(),
        ItemBody::Text(text) => paragraphs(text),
    };
    format!(
        "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n<body>\r\n\
         {said}\r\n<hr tabindex=\"-1\" style=\"display:inline-block; width:98%\">\r\n<div id=\"divRplyFwdMsg\" dir=\"ltr\">\r\n\
         {}\r\n</div>\r\n<div>&nbsp;</div>\r\n{quoted}\r\n</body>\r\n</html>\r\n",
        lines.join("<br>\r\n")
    )
}

/// What stands between `<body …>` and `</body>`; the whole where there is no such element.
fn within_body(html: &str) -> &str {
    let lower = html.to_ascii_lowercase(); // the same length, so that offsets hold
    let start = lower.find("<body").and_then(|at| lower[at..].find('>').map(|end| at + end + 1)).unwrap_or(0);
    let end = lower.rfind("</body").filter(|&end| end >= start).unwrap_or(html.len());
    &html[start..end]
}

/// Plain text as HTML: line ends kept.
pub(crate) fn paragraphs(text: &str) -> String {
    format!("<div style=\"white-space:pre-wrap\">{}</div>", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_element_is_found_in_any_case() {
        assert_eq!(within_body("<HTML><Body dir=ltr>a<b>b</b></BODY></html>"), "a<b>b</b>");
        assert_eq!(within_body("<p>x</p>"), "<p>x</p>");
        assert_eq!(within_body("</body><body"), "");
    }

    #[test]
    fn nobody_writes_markup_into_the_block() {
        let block = [("From", "<script> <a@x.org>".to_owned())];
        let html = as_html("said", &block, &ItemBody::Text("1 < 2".into()));
        assert!(html.contains("&lt;script&gt; &lt;a@x.org&gt;") && html.contains("1 &lt; 2") && !html.contains("<script>"));
    }
}
