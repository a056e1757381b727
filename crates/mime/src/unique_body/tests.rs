use super::*;

#[test]
fn plain_text_is_cut_at_what_it_quotes() {
    for (text, expected) in [
        ("new\r\n\r\n-----Original Message-----\r\nFrom: A\r\n", "new\r\n\r\n"),
        ("new\n\n________________________________\nFrom: A <a@x.org>\nSent: Monday\nTo: B\nSubject: s\n\nold\n", "new\n\n"),
        ("neu\n\nVon: A\nGesendet: Montag\nAn: B\nBetreff: s\n\nalt\n", "neu\n\n"),
        ("new\n\nOn Mon, 4 May 2026 at 10:00, Ada <a@x.org>\nwrote:\n\n> old\n> older\n", "new\n\n"),
        ("Am 4.5.2026 schrieb Ada:\n> alt\nneu\n> alt\nmehr\n", "neu\nmehr\n"),
        ("run this:\n> make\n", "run this:\n> make\n"),
        ("From: the start\nnothing follows\n", "From: the start\nnothing follows\n"),
        ("-- \nAda\n", "-- \nAda\n"),
        ("", ""),
    ] {
        assert_eq!(of_text(text), expected, "{text:?}");
    }
}

#[test]
fn html_is_cut_at_what_it_quotes() {
    for (html, expected) in [
        (
            "<html><body><div>new</div><div id=\"appendonsend\"></div><hr><div id=divRplyFwdMsg><b>From:</b></div>old</body></html>",
            "<html><body><div>new</div></body></html>",
        ),
        (
            "<body><p>new</p><hr style='x'>\r\n<div id='divRplyFwdMsg' dir=ltr>From: A</div><div>old</div></body>",
            "<body><p>new</p></body>",
        ),
        (
            "<div><p>new</p><div style=\"border:none;border-top:solid #E1E1E1 1.0pt\"><p><b>From:</b> A<br><b>Sent:</b> now<br>\
             <b>To:</b> B<br><b>Subject:</b> s</p></div>old</div>",
            "<div><p>new</p></div>",
        ),
        (
            "<div dir=ltr>new</div><br><div class=\"gmail_quote x\"><div class=gmail_attr>On 4 May A wrote:<br></div>\
             <blockquote><div>old</div></blockquote></div>",
            "<div dir=ltr>new</div><br>",
        ),
        (
            "<p>one</p><blockquote type=\"cite\">a<blockquote type=cite>b</blockquote>c</blockquote><p>two</p>",
            "<p>one</p><p>two</p>",
        ),
        ("<p>new</p>-----Original Message-----<br>old", "<p>new</p>"),
        ("<p>From: here on</p><p>all is new</p>", "<p>From: here on</p><p>all is new</p>"),
        ("a < b <!-- <hr> --> <br/> <", "a < b <!-- <hr> --> <br/> <"),
        ("", ""),
    ] {
        assert_eq!(of_html(html), expected, "{html:?}");
    }
}

#[test]
fn the_time_is_linear() {
    for hostile in [">\n", "a\n>", "From: a\n", "<hr>From: ", "<blockquote type=cite>", "<div>", "</div>", "<a \"", "<!--", "&"] {
        let text = hostile.repeat(1_000_000 / hostile.len()); // a quadratic walk over it would take minutes
        assert!(of_text(&text).len() <= text.len());
        assert!(of_html(&text).len() <= text.len() + 1_000_000 * "</div>".len());
    }
}
