//! `$expand` (OData 4.01 part 2 §5.1.2): related things to hand out with the thing, each with options of its own in
//! parentheses. Those options are read when they are asked for, like the request's own.

use crate::error::SyntaxError;
use crate::lex::bounded;
use crate::options::Options;
use crate::property::PropertyPath;

/// One thing that is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpandItem {
    /// What it is: `attachments`, `microsoft.graph.itemAttachment/item`.
    pub path: PropertyPath,
    /// The options in its parentheses. Their errors count from the beginning of the outermost `$expand`.
    pub options: Options,
}

/// How many `$expand` may stand within each other. Nobody's mail is so deep, and what reads them may call itself.
pub(crate) const LEVELS: usize = 8;

/// The items of a text that stands `offset` octets behind the beginning of the outermost one.
pub(crate) fn parse(text: &str, offset: usize, level: usize) -> Result<Vec<ExpandItem>, SyntaxError> {
    if level == LEVELS {
        return Err(SyntaxError { offset, expected: "at most 8 levels of $expand" });
    }
    let text = bounded(text).map_err(|error| error.behind(offset))?;
    pieces(text, offset, ',')?.into_iter().map(|(piece, at)| item(piece, at, level + 1)).collect()
}

fn item(text: &str, offset: usize, level: usize) -> Result<ExpandItem, SyntaxError> {
    let (name, options) = match text.split_once('(') {
        None => (text, Options::default()),
        Some((name, inside)) => {
            let end = offset + text.len();
            let inside =
                inside.trim_end().strip_suffix(')').ok_or(SyntaxError { offset: end, expected: "a comma or the end" })?;
            (name, nested(inside, offset + name.len() + 1, level)?)
        }
    };
    let path = PropertyPath::parse(name).map_err(|error| error.behind(offset))?;
    Ok(ExpandItem { path, options })
}

fn nested(text: &str, offset: usize, level: usize) -> Result<Options, SyntaxError> {
    let mut options = Options::within(level);
    for (piece, at) in pieces(text, offset, ';')?.into_iter().filter(|(piece, _)| !piece.trim().is_empty()) {
        let missing = SyntaxError { offset: at + piece.len(), expected: "an equals sign and a value" };
        let (name, value) = piece.split_once('=').ok_or(missing)?;
        options.push(name.trim().to_owned(), value.to_owned(), at + name.len() + 1);
    }
    Ok(options)
}

/// What stands between separators that are outside of quotes and parentheses, each piece with its offset.
fn pieces(text: &str, offset: usize, separator: char) -> Result<Vec<(&str, usize)>, SyntaxError> {
    let (mut pieces, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            // A quote within the phrase of a `$search` (OData ABNF `searchPhrase`).
            (Some('"'), '\\') => drop(characters.next()),
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                let expected = SyntaxError { offset: offset + at, expected: "the end" };
                depth = depth.checked_sub(1).ok_or(expected)?;
            }
            (None, _) if c == separator && depth == 0 => {
                pieces.push((&text[start..at], offset + start));
                start = at + c.len_utf8();
            }
            (None, _) => {}
        }
    }
    let end = |expected| SyntaxError { offset: offset + text.len(), expected };
    if quote.is_some() {
        return Err(end("a closing quote"));
    }
    if depth > 0 {
        return Err(end("a closing parenthesis"));
    }
    pieces.push((&text[start..], offset + start));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Result<Vec<ExpandItem>, SyntaxError> {
        parse(text, 0, 0)
    }

    #[test]
    fn items_have_options_of_their_own() {
        let text = "attachments($select=id,name,microsoft.graph.fileAttachment/contentId;$top=3), \
                    singleValueExtendedProperties($filter=id eq 'Long 0xe08' or id eq 'a;)b''c'),microsoft.graph.itemAttachment/item";
        let items = expand(text).expect(text);
        let paths: Vec<_> = items.iter().map(|item| item.path.to_string()).collect();
        assert_eq!(paths, ["attachments", "singleValueExtendedProperties", "microsoft.graph.itemAttachment/item"]);
        assert_eq!(items[0].options.number("top"), Ok(Some(3)));
        assert_eq!(items[0].options.select().expect("select").len(), 3);
        let filter = items[1].options.filter().expect("filter").expect("one stands there");
        assert_eq!(filter.to_string(), "id eq 'Long 0xe08' or id eq 'a;)b''c'");
        assert_eq!(items[2].options, Options::default());
    }

    #[test]
    fn options_nest() {
        let items = expand("a(expand=b($expand=c;$search=\"x) \\\";y\");$count=true)").expect("expand");
        assert_eq!(items[0].options.boolean("count"), Ok(Some(true)));
        let b = &items[0].options.expand().expect("b")[0];
        assert_eq!(b.options.get("search"), Some("\"x) \\\";y\""));
        assert_eq!(b.options.expand().expect("c")[0].path.to_string(), "c");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let cases = [
            ("", 0, "a property"),
            ("a,", 2, "a property"),
            ("a($top=1", 8, "a closing parenthesis"),
            ("a($filter=b eq 'x)", 18, "a closing quote"),
            ("a)", 1, "the end"),
            ("a($top=1)(b)", 8, "the end"),
            ("a($top=1)b", 10, "a comma or the end"),
            ("a b", 2, "a slash or the end"),
            ("a($top)", 6, "an equals sign and a value"),
        ];
        for (text, offset, expected) in cases {
            assert_eq!(expand(text), Err(SyntaxError { offset, expected }), "{text}");
        }
    }

    #[test]
    fn errors_of_nested_options_count_from_the_outermost() {
        let items = expand("x,a($top=-1;$expand=b($filter=c eq;$orderby=d up))").expect("expand");
        assert_eq!(items[1].options.number("top").expect_err("negative").offset, 9);
        let b = &items[1].options.expand().expect("b")[0].options;
        assert_eq!(b.filter().expect_err("no value").offset, 34);
        assert_eq!(b.orderby().expect_err("no direction").offset, 46);
    }

    #[test]
    fn levels_are_bounded() {
        let text = format!("a{}{}", "($expand=a".repeat(20), ")".repeat(20));
        let (mut items, mut levels) = (expand(&text), 0);
        while let Ok(list) = &items {
            levels += 1;
            items = list[0].options.expand();
        }
        let offset = 1 + 10 * LEVELS - 1;
        assert_eq!((levels, items), (LEVELS, Err(SyntaxError { offset, expected: "at most 8 levels of $expand" })));
        assert_eq!(expand(&"é".repeat(40_000)).expect_err("long").offset, 65_536);
        assert_eq!(expand(&format!("a{}", "é".repeat(40_000))).expect_err("long").offset, 65_535);
    }
}
