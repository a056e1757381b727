//! `$select` (OData 4.01 part 2 §5.1.3): properties, or all of them.

use crate::error::SyntaxError;
use crate::lex::{Token, Tokens};
use crate::property::PropertyPath;

/// One thing that is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectItem {
    /// `*`: every property.
    All,
    /// A property.
    Property(PropertyPath),
}

/// Each item once, whatever its case: clients name a property twice. Items of nothing are passed over.
pub(crate) fn parse(text: &str) -> Result<Vec<SelectItem>, SyntaxError> {
    let mut tokens = Tokens::of(text)?;
    let mut items = Vec::new();
    let mut seen = std::collections::HashSet::new();
    while *tokens.next() != Token::End {
        if tokens.eat(&Token::Comma)? {
            continue;
        }
        let (key, item) = if tokens.eat(&Token::Star)? {
            ("*".to_owned(), SelectItem::All)
        } else {
            let path = PropertyPath::read(&mut tokens)?;
            (path.to_string().to_ascii_lowercase(), SelectItem::Property(path))
        };
        if !matches!(tokens.next(), Token::Comma | Token::End) {
            return Err(tokens.expected("a slash, a comma or the end"));
        }
        if seen.insert(key) {
            items.push(item);
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_property_is_selected_once() {
        let items = parse(" id,Subject, subject,,from/emailAddress,*,@odata.etag,microsoft.graph.fileAttachment/contentId")
            .expect("select");
        let read: Vec<String> = items
            .iter()
            .map(|item| match item {
                SelectItem::All => "all".to_owned(),
                SelectItem::Property(path) => path.to_string(),
            })
            .collect();
        let expected = ["id", "Subject", "from/emailAddress", "all", "@odata.etag", "microsoft.graph.fileAttachment/contentId"];
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, offset) in [("id subject", 3), ("id,'x'", 3), ("a/*", 2), ("toRecipients($top=1)", 12), ("a;b", 1)] {
            assert_eq!(parse(text).expect_err(text).offset, offset, "{text}");
        }
    }
}
