//! The query options of a request, or of one thing in its `$expand` (OData 4.01 part 2 §5). `$` in front and the case of a
//! name are the client's taste. An option's text is read when it is asked for; where it is wrong counts from its beginning.

use crate::error::SyntaxError;
use crate::expand::{self, ExpandItem};
use crate::filter::Expr;
use crate::orderby::{self, OrderItem};
use crate::percent;
use crate::search::Search;
use crate::select::{self, SelectItem};
use std::collections::HashSet;

/// The options, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    list: Vec<QueryOption>,
    /// How many `$expand` they stand in.
    level: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct QueryOption {
    /// As written, decoded.
    name: String,
    value: String,
    /// Octets before the value in the outermost `$expand`; 0 for a request's own.
    offset: usize,
}

impl QueryOption {
    /// Whether it is a system query option of this name, which is given without its `$`.
    fn is(&self, name: &str) -> bool {
        self.name.strip_prefix('$').unwrap_or(&self.name).eq_ignore_ascii_case(name)
    }
}

impl Options {
    /// Reads a query: `&` separates, the first `=` ends a name, `+` is a space (as forms have it).
    ///
    /// # Errors
    /// [`SyntaxError`] for percent-encoding that gives no UTF-8; its offset is that in the query.
    pub fn parse(query: &str) -> Result<Options, SyntaxError> {
        let mut start = 0;
        let mut options = Options::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !name.is_empty() {
                let value = decode(value, start + name.len() + 1)?;
                options.push(decode(name, start)?, value, 0);
            }
            start += pair.len() + 1;
        }
        Ok(options)
    }

    /// None yet, to stand in so many `$expand`.
    pub(crate) fn within(level: usize) -> Options {
        Options { list: Vec::new(), level }
    }

    pub(crate) fn push(&mut self, name: String, value: String, offset: usize) {
        self.list.push(QueryOption { name, value, offset });
    }

    /// The value of a system query option, given without its `$`; the first one where there are several.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.option(name).map(|option| option.value.as_str())
    }

    /// `$filter`; nothing where it is missing or empty.
    ///
    /// # Errors
    /// [`SyntaxError`] for a text that is no expression, or one past its bounds ([`Expr::parse`]).
    pub fn filter(&self) -> Result<Option<Expr>, SyntaxError> {
        self.read("filter", Expr::parse)
    }

    /// `$orderby`; empty where it is missing.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything but properties and their directions.
    pub fn orderby(&self) -> Result<Vec<OrderItem>, SyntaxError> {
        self.read("orderby", orderby::parse).map(Option::unwrap_or_default)
    }

    /// `$select`, each item once; empty where it is missing.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything but properties and `*`.
    pub fn select(&self) -> Result<Vec<SelectItem>, SyntaxError> {
        self.read("select", select::parse).map(Option::unwrap_or_default)
    }

    /// `$expand`; empty where it is missing. Options of an item are read when they are asked for.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything but paths and their options, and for more than eight `$expand` within each other.
    pub fn expand(&self) -> Result<Vec<ExpandItem>, SyntaxError> {
        let Some(option) = self.written("expand") else { return Ok(Vec::new()) };
        expand::parse(&option.value, option.offset, self.level)
    }

    /// `$search`; nothing where it is missing or empty.
    ///
    /// # Errors
    /// [`SyntaxError`] for a text that is no KQL, or one past its bounds ([`Search::parse`]).
    pub fn search(&self) -> Result<Option<Search>, SyntaxError> {
        self.read("search", Search::parse)
    }

    /// The names of the system query options, lower case and without `$`; those written without it only count where
    /// they are in `known`.
    pub fn system_names<'o>(&'o self, known: &'o [&'o str]) -> impl Iterator<Item = String> + 'o {
        self.list.iter().filter_map(move |option| match option.name.strip_prefix('$') {
            Some(name) => Some(name.to_ascii_lowercase()),
            None => known.iter().find(|k| k.eq_ignore_ascii_case(&option.name)).map(|&k| k.to_owned()),
        })
    }

    /// A number that is not negative.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything else.
    pub fn number(&self, name: &str) -> Result<Option<i64>, SyntaxError> {
        let Some(option) = self.option(name) else { return Ok(None) };
        match option.value.trim().parse() {
            Ok(number) if number >= 0 => Ok(Some(number)),
            _ => Err(SyntaxError { offset: option.offset, expected: "a number that is not negative" }),
        }
    }

    /// A Boolean.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything but `true` and `false`.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, SyntaxError> {
        let Some(option) = self.option(name) else { return Ok(None) };
        match option.value.trim().to_ascii_lowercase().as_str() {
            "true" | "" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(SyntaxError { offset: option.offset, expected: "true or false" }),
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
        let kept = self.list.iter().filter(move |option| !left_out.iter().any(|name| option.is(name)));
        kept.map(|option| (option.name.as_str(), option.value.as_str()))
    }

    fn option(&self, name: &str) -> Option<&QueryOption> {
        self.list.iter().find(|option| option.is(name))
    }

    /// An option whose text says anything.
    fn written(&self, name: &str) -> Option<&QueryOption> {
        self.option(name).filter(|option| !option.value.trim().is_empty())
    }

    fn read<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, SyntaxError>) -> Result<Option<T>, SyntaxError> {
        let Some(option) = self.written(name) else { return Ok(None) };
        parse(&option.value).map(Some).map_err(|error| error.behind(option.offset))
    }
}

/// A form's text (`+` is a space), decoded.
fn decode(text: &str, offset: usize) -> Result<String, SyntaxError> {
    percent::decode(&text.replace('+', " "), offset)
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
        assert_eq!(Options::parse("b&a=%20%x+%FF"), Err(SyntaxError { offset: 10, expected: "UTF-8 text" }));
    }

    #[test]
    fn system_options_are_told_from_others() {
        let options = Options::parse("$filter=a&expand=b&includeHiddenMessages=true&$x").expect("query");
        assert_eq!(options.system_names(&["expand"]).collect::<Vec<_>>(), ["filter", "expand", "x"]);
        let kept: Vec<_> = options.without(&["filter"]).map(|(name, _)| name).collect();
        assert_eq!(kept, ["expand", "includeHiddenMessages", "$x"]);
    }

    #[test]
    fn empty_options_ask_for_nothing() {
        let options = Options::parse("$filter=&$orderby=%20&search=&$expand&$select=").expect("query");
        assert_eq!(options.filter(), Ok(None));
        assert_eq!(options.orderby(), Ok(Vec::new()));
        assert_eq!(options.search(), Ok(None));
        assert_eq!(options.expand(), Ok(Vec::new()));
        assert_eq!(options.select(), Ok(Vec::new()));
        assert_eq!(Options::default().filter(), Ok(None));
    }

    #[test]
    fn texts_are_read_decoded_and_errors_count_in_them() {
        let query = "$Filter=startswith%28subject%2C+%27J%26%27%27%27%29&$orderBy=receivedDateTime%20desc&%24search=%22a:b%22";
        let options = Options::parse(query).expect(query);
        let filter = options.filter().expect(query).expect("one stands there");
        assert_eq!(filter.to_string(), "startswith(subject,'J&''')");
        assert!(options.orderby().expect(query)[0].descending);
        assert!(matches!(options.search(), Ok(Some(Search::Property(_)))));
        let options = Options::parse("$top=1&$filter=a%20eq%20").expect("query");
        assert_eq!(options.filter().expect_err("no value").offset, 5);
    }
}
