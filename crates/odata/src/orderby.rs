//! `$orderby` (OData 4.01 part 2 §5.1.5): properties, each with its direction.

use crate::error::SyntaxError;
use crate::lex::{Token, Tokens};
use crate::property::PropertyPath;

/// One property to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderItem {
    /// The property.
    pub path: PropertyPath,
    /// Whether the largest stands first.
    pub descending: bool,
}

pub(crate) fn parse(text: &str) -> Result<Vec<OrderItem>, SyntaxError> {
    let mut tokens = Tokens::of(text)?;
    let mut items = vec![item(&mut tokens)?];
    while tokens.eat(&Token::Comma)? {
        items.push(item(&mut tokens)?);
    }
    tokens.demand(&Token::End, "asc, desc, a comma or the end")?;
    Ok(items)
}

fn item(tokens: &mut Tokens<'_>) -> Result<OrderItem, SyntaxError> {
    let path = PropertyPath::read(tokens)?;
    let descending = tokens.eat_word("desc")?;
    if !descending {
        tokens.eat_word("asc")?;
    }
    Ok(OrderItem { path, descending })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_have_their_direction() {
        let items = parse("from/emailAddress/name desc,subject, Importance ASC,receivedDateTime Desc").expect("orderby");
        let read: Vec<_> = items.iter().map(|i| (i.path.to_string(), i.descending)).collect();
        let expected = [("from/emailAddress/name", true), ("subject", false), ("Importance", false), ("receivedDateTime", true)];
        assert_eq!(read, expected.map(|(path, descending)| (path.to_owned(), descending)));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let cases = [
            ("subject down", 8, "asc, desc, a comma or the end"),
            ("subject,", 8, "a property"),
            ("subject desc asc", 13, "asc, desc, a comma or the end"),
            ("'x'", 0, "a property"),
            ("from/", 5, "a property"),
        ];
        for (text, offset, expected) in cases {
            assert_eq!(parse(text), Err(SyntaxError { offset, expected }), "{text}");
        }
    }
}
