//! The query options of a request (OData 4.01 part 2 §5). `$` in front and the case of a name are the client's taste.

use crate::error::SyntaxError;
use percent_encoding::percent_decode_str;
use std::collections::HashSet;

/// The options of one request, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options(Vec<QueryOption>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct QueryOption {
    /// As written, decoded.
    name: String,
    value: String,
}

impl Options {
    /// Reads a query: `&` separates, the first `=` ends a name, `+` is a space (as forms have it).
    ///
    /// # Errors
    /// [`SyntaxError`] for percent-encoding that gives no UTF-8.
    pub fn parse(query: &str) -> Result<Options, SyntaxError> {
        let mut offset = 0;
        let mut options = Vec::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !name.is_empty() {
                options.push(QueryOption { name: decode(name, offset)?, value: decode(value, offset)? });
            }
            offset += pair.len() + 1;
        }
        Ok(Options(options))
    }

    /// The value of a system query option, given without its `$`; the first one where there are several.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|o| o.name.strip_prefix('$').unwrap_or(&o.name).eq_ignore_ascii_case(name));
        found.map(|o| o.value.as_str())
    }

    /// The names of the system query options, lower case and without `$`; those written without it only count where
    /// they are in `known`.
    pub fn system_names<'o>(&'o self, known: &'o [&'o str]) -> impl Iterator<Item = String> + 'o {
        self.0.iter().filter_map(move |option| match option.name.strip_prefix('$') {
            Some(name) => Some(name.to_ascii_lowercase()),
            None => known.iter().find(|k| k.eq_ignore_ascii_case(&option.name)).map(|&k| k.to_owned()),
        })
    }

    /// A number that is not negative.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything else.
    pub fn number(&self, name: &str) -> Result<Option<i64>, SyntaxError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.trim().parse() {
            Ok(number) if number >= 0 => Ok(Some(number)),
            _ => Err(SyntaxError { offset: 0, expected: "a number that is not negative" }),
        }
    }

    /// A Boolean.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything but `true` and `false`.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, SyntaxError> {
        match self.get(name).map(|v| v.trim().to_ascii_lowercase()).as_deref() {
            None => Ok(None),
            Some("true" | "") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(SyntaxError { offset: 0, expected: "true or false" }),
        }
    }

    /// The names of a list separated by commas, each once; nothing where the option is missing or empty.
    pub fn names(&self, name: &str) -> Option<Vec<String>> {
        let mut seen = HashSet::new(); // a query has room for thousands of names
        let items = self.get(name)?.split(',').map(str::trim).filter(|item| !item.is_empty());
        let names: Vec<String> = items.filter(|item| seen.insert(item.to_ascii_lowercase())).map(str::to_owned).collect();
        (!names.is_empty()).then_some(names)
    }

    /// All options but some (given without `$`), as they were, for a link that goes on from this request.
    pub fn without<'o>(&'o self, left_out: &'o [&'o str]) -> impl Iterator<Item = (&'o str, &'o str)> {
        self.0
            .iter()
            .filter(move |o| {
                let name = o.name.strip_prefix('$').unwrap_or(&o.name);
                !left_out.iter().any(|l| l.eq_ignore_ascii_case(name))
            })
            .map(|o| (o.name.as_str(), o.value.as_str()))
    }
}

fn decode(text: &str, offset: usize) -> Result<String, SyntaxError> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(|decoded| decoded.into_owned())
        .map_err(|error| SyntaxError { offset: offset + error.valid_up_to(), expected: "UTF-8 text" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_clients_are_read_alike() {
        for query in
            ["$top=5&%24select=id,Subject,id", "top=5&$Select=id%2C+Subject%2Cid", "$orderby=x&$top=5&$select=id,Subject"]
        {
            let options = Options::parse(query).expect(query);
            assert_eq!(options.number("top"), Ok(Some(5)), "{query}");
            assert_eq!(options.names("select"), Some(vec!["id".to_owned(), "Subject".to_owned()]), "{query}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for query in ["$top=-1", "$top=x", "$top=", "$top=99999999999999999999"] {
            assert!(Options::parse(query).expect(query).number("top").is_err(), "{query}");
        }
        assert!(Options::parse("a=%FF").is_err());
    }

    #[test]
    fn system_options_are_told_from_others() {
        let options = Options::parse("$filter=a&expand=b&includeHiddenMessages=true&$x").expect("query");
        assert_eq!(options.system_names(&["expand"]).collect::<Vec<_>>(), ["filter", "expand", "x"]);
        let kept: Vec<_> = options.without(&["filter"]).map(|(name, _)| name).collect();
        assert_eq!(kept, ["expand", "includeHiddenMessages", "$x"]);
    }
}
