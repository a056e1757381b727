//! HTML that comes from strangers and is shown to people: what could run, load or phone home on its own is taken out.

mod bounds;

use ammonia::{Builder, UrlRelative};
use std::collections::HashSet;

/// What a mail may style.
const STYLES: [&str; 34] = [
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "direction",
    "display",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style",
    "margin",
    "max-width",
    "padding",
    "text-align",
    "text-decoration",
    "text-indent",
    "vertical-align",
    "white-space",
    "width",
];
const ATTRIBUTES: [&str; 17] = [
    "align",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "class",
    "color",
    "dir",
    "face",
    "height",
    "id",
    "size",
    "style",
    "title",
    "type",
    "valign",
    "width",
];

/// A document with everything unsafe taken out (Graph: without `outlook.allow-unsafe-html`).
pub(crate) fn cleaned(html: &str) -> String {
    let body = if bounds::is_too_much(html) {
        format!("<pre>{}</pre>", ammonia::clean_text(&mime::html_to_text(html)))
    } else {
        clean(html)
    };
    document(&body)
}

/// Plain text as a document.
pub(crate) fn of_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    document(&format!("<div style=\"white-space:pre-wrap\">{escaped}</div>"))
}

fn document(body: &str) -> String {
    format!(
        "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head>\
         <body>{body}</body></html>"
    )
}

fn clean(html: &str) -> String {
    Builder::default()
        .add_tags(["font", "u", "big", "section", "article"])
        .add_generic_attributes(ATTRIBUTES)
        .add_url_schemes(["cid"])
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .filter_style_properties(HashSet::from(STYLES))
        .attribute_filter(|_, attribute, value| (attribute != "style" || is_still(value)).then(|| value.into()))
        .clean(html)
        .to_string()
}

/// Whether a style loads nothing: what loads is a function (CSS Images 4 §2), so only functions that reckon are let be, and
/// no escape (CSS Syntax 3 §4.3.7), by which any name can be written otherwise.
fn is_still(style: &str) -> bool {
    const RECKON: [&str; 5] = ["calc", "hsl", "hsla", "rgb", "rgba"];
    let of_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let reckons = |(at, _): (usize, &str)| {
        let name = style[..at].rsplit(|c| !of_name(c)).next().unwrap_or_default();
        RECKON.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    !style.contains(['\\', '@']) && style.match_indices('(').all(reckons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_or_loads_is_taken_out_and_the_rest_stays() {
        let html = "<body onload=x()><script>alert(1)</script><p style='color:red; background:URL(http://e.x/t.gif)'>a</p>\
                    <p style=\"color: blue\">b</p><a href='javascript:x'>c</a><img src='cid:i1' onerror=x><iframe src=//e></iframe>\
                    <form action=//e><input></form><font color=red>d</font></body>";
        let clean = cleaned(html);
        for gone in ["script", "onload", "onerror", "javascript", "iframe", "form", "URL(", "url("] {
            assert!(!clean.to_lowercase().contains(&gone.to_lowercase()), "{gone}: {clean}");
        }
        for kept in ["color:blue", "cid:i1", "<font color=\"red\">d</font>", ">a</p>"] {
            assert!(clean.replace(": ", ":").contains(kept), "{kept}: {clean}");
        }
    }

    #[test]
    fn a_style_that_loads_is_taken_out_however_it_is_written() {
        for loads in [
            "background:url(http://e.x/t)",
            "background:u\\72l(http://e.x/t)",
            "background:\\75rl(http://e.x/t)",
            "background:image-set('http://e.x/t' 1x)",
            "background:-webkit-image-set('http://e.x/t' 1x)",
            "background:xrgb(1)",
            "background: (http://e.x/t)",
            "@import 'http://e.x/t'",
        ] {
            let clean = cleaned(&format!("<p style=\"color:red; {loads}\">a</p>"));
            assert!(!clean.contains("e.x") && !clean.contains("style="), "{loads}: {clean}");
        }
        for still in ["color:rgb(1,2,3)", "color:RGBA(1,2,3,0.5)", "width:calc(1px + 2px)", "color:red"] {
            assert!(cleaned(&format!("<p style=\"{still}\">a</p>")).contains("style="), "{still}");
        }
    }

    #[test]
    fn what_is_too_much_is_shown_as_text() {
        let deep = "<div>".repeat(200_000) + "x";
        assert!(cleaned(&deep).contains("<pre>x</pre>"));
    }

    #[test]
    fn text_becomes_html_without_markup_of_its_own() {
        assert!(of_text("1 < 2 & <b>").contains("1 &lt; 2 &amp; &lt;b&gt;"));
    }
}
