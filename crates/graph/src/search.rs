//! `$search` of messages (Graph: search-query-parameter): KQL's tree, in the words of what looks for it. What properties
//! there are, and what their values mean, is said here.

mod date;

use crate::error::ApiError;
use odata::{Comparison, Options, Relation, Restriction, Search, SearchValue, SyntaxError, Term};
use store::{Bounds, NumberField, SearchQuery, TextField, Timestamp};

/// Words and restrictions of one search.
const MAX_PARTS: usize = 500;

/// A property that can be named.
enum Property {
    Date(NumberField),
    HasAttachments,
    Importance,
    Kind,
    Size,
    Text(&'static [TextField]),
}

/// What `$search` looks for; nothing where it is missing. `now` is what `today` means.
///
/// # Errors
/// `BadRequest` for a text that is no KQL, with the place of what is wrong; for a value that is none of its property's; for
/// more than 500 words and restrictions.
pub(crate) fn read(options: &Options, now: Timestamp) -> Result<Option<SearchQuery>, ApiError> {
    let Some(search) = options.search().map_err(|error| unreadable(options, error))? else { return Ok(None) };
    if parts(&search) > MAX_PARTS {
        return Err(ApiError::bad_request(format!("The search has more than {MAX_PARTS} words and restrictions.")));
    }
    compile(&search, now).map(Some)
}

/// As Graph says it: `Syntax error: character '@' is not valid at position 5 in 'adele@contoso.com'.`
fn unreadable(options: &Options, error: SyntaxError) -> ApiError {
    let text = options.get("search").unwrap_or_default();
    ApiError::bad_request(format!("Syntax error: {error} in '{text}'."))
}

fn parts(search: &Search) -> usize {
    match search {
        Search::And(list) | Search::Or(list) => list.iter().map(parts).sum(),
        Search::Not(inner) => parts(inner),
        Search::Property(_) | Search::Term(_) => 1,
    }
}

fn compile(search: &Search, now: Timestamp) -> Result<SearchQuery, ApiError> {
    let each = |list: &[Search]| list.iter().map(|one| compile(one, now)).collect::<Result<Vec<_>, _>>();
    Ok(match search {
        Search::And(list) => SearchQuery::All(each(list)?),
        Search::Or(list) => SearchQuery::Any(each(list)?),
        Search::Not(inner) => not(compile(inner, now)?),
        Search::Property(restriction) => restricted(restriction, now)?,
        Search::Term(term) => words(&[], &term.text, term.prefix),
    })
}

/// What a restriction asks. One of a property that there is not is part of somebody's text (`http://…`).
fn restricted(restriction: &Restriction, now: Timestamp) -> Result<SearchQuery, ApiError> {
    let wrong = || ApiError::bad_request(format!("The search can't be read: '{restriction}' has no value of its property."));
    let text = match &restriction.value {
        SearchValue::Term(Term { text, .. }) => text.as_str(),
        SearchValue::Range { from, .. } => from.as_str(),
    };
    match property(&restriction.property) {
        None => Ok(words(&[], &restriction.to_string(), is_prefix(restriction))),
        Some(Property::Date(field)) => numbers(field, restriction, |text| date::interval(text, now)).ok_or_else(wrong),
        Some(Property::Size) => numbers(NumberField::Size, restriction, size).ok_or_else(wrong),
        Some(Property::HasAttachments) => is(restriction, yes_or_no(text), SearchQuery::HasAttachments).ok_or_else(wrong),
        Some(Property::Importance) => {
            let importance = importance(text).map(SearchQuery::Importance).ok_or_else(wrong)?;
            is(restriction, Some(true), importance).ok_or_else(wrong)
        }
        Some(Property::Kind) => is(restriction, Some(is_mail(text)), SearchQuery::Everything).ok_or_else(wrong),
        Some(Property::Text(fields)) => {
            let value = match &restriction.value {
                SearchValue::Term(Term { text, prefix, .. }) => words(fields, text, *prefix),
                SearchValue::Range { from, to } => words(fields, &format!("{from}..{to}"), false),
            };
            is(restriction, Some(true), value).ok_or_else(wrong)
        }
    }
}

/// The properties of Graph's page, and their other names in KQL.
fn property(name: &str) -> Option<Property> {
    use TextField::{Attachment, Bcc, Body, Cc, From, Subject, To};
    Some(match name.to_ascii_lowercase().as_str() {
        "attachment" | "attachments" | "attachmentnames" | "filename" => Property::Text(&[Attachment]),
        "bcc" => Property::Text(&[Bcc]),
        "body" => Property::Text(&[Body]),
        "cc" => Property::Text(&[Cc]),
        "from" => Property::Text(&[From]),
        "hasattachment" | "hasattachments" => Property::HasAttachments,
        "importance" => Property::Importance,
        "kind" => Property::Kind,
        "participants" => Property::Text(&[From, To, Cc, Bcc]),
        "received" => Property::Date(NumberField::ReceivedDateTime),
        "recipients" => Property::Text(&[To, Cc, Bcc]),
        "sent" => Property::Date(NumberField::SentDateTime),
        "size" => Property::Size,
        "subject" => Property::Text(&[Subject]),
        "to" => Property::Text(&[To]),
        _ => return None,
    })
}

fn is_prefix(restriction: &Restriction) -> bool {
    matches!(&restriction.value, SearchValue::Term(Term { prefix: true, .. }))
}

fn words(within: &[TextField], text: &str, prefix: bool) -> SearchQuery {
    SearchQuery::Words { within: within.to_vec(), text: text.to_owned(), prefix }
}

fn not(query: SearchQuery) -> SearchQuery {
    SearchQuery::Not(Box::new(query))
}

/// A restriction of something that has no order: it is so, or it isn't.
fn is(restriction: &Restriction, wanted: Option<bool>, query: SearchQuery) -> Option<SearchQuery> {
    let holds = match restriction.relation {
        Relation::Contains | Relation::Compare(Comparison::Equal) => true,
        Relation::Compare(Comparison::NotEqual) => false,
        Relation::Compare(_) => return None,
    };
    Some(if wanted? == holds { query } else { not(query) })
}

/// A restriction of something that has an order. `read` gives from where up to where a value reaches: a day is one.
fn numbers(field: NumberField, restriction: &Restriction, read: impl Fn(&str) -> Option<Bounds>) -> Option<SearchQuery> {
    let (comparison, bounds) = match &restriction.value {
        SearchValue::Range { from, to } => (Comparison::Equal, Bounds { from: read(from)?.from, to: read(to)?.to }),
        SearchValue::Term(term) => {
            let (comparison, text) = match restriction.relation {
                Relation::Compare(comparison) => (comparison, term.text.as_str()),
                // Some clients write `size:>1000`.
                Relation::Contains => compared(&term.text),
            };
            (comparison, read(text)?)
        }
    };
    let number = |from, to| SearchQuery::Number(field, Bounds { from, to });
    Some(match comparison {
        Comparison::Equal => number(bounds.from, bounds.to),
        Comparison::Greater => number(bounds.to, i64::MAX),
        Comparison::GreaterOrEqual => number(bounds.from, i64::MAX),
        Comparison::Less => number(i64::MIN, bounds.from),
        Comparison::LessOrEqual => number(i64::MIN, bounds.to),
        Comparison::NotEqual => not(number(bounds.from, bounds.to)),
    })
}

fn compared(text: &str) -> (Comparison, &str) {
    const SIGNS: [(&str, Comparison); 6] = [
        (">=", Comparison::GreaterOrEqual),
        ("<=", Comparison::LessOrEqual),
        ("<>", Comparison::NotEqual),
        (">", Comparison::Greater),
        ("<", Comparison::Less),
        ("=", Comparison::Equal),
    ];
    let found = SIGNS.into_iter().find_map(|(sign, comparison)| Some((comparison, text.strip_prefix(sign)?)));
    found.unwrap_or((Comparison::Equal, text))
}

/// A size in octets, or with a unit of 1,024.
fn size(text: &str) -> Option<Bounds> {
    let figures = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[figures.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1 << 10,
        "m" | "mb" => 1 << 20,
        "g" | "gb" => 1 << 30,
        _ => return None,
    };
    let from = figures.parse::<i64>().ok().filter(|&number| number >= 0)?.checked_mul(unit)?;
    Some(Bounds { from, to: from.saturating_add(1) })
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Some(true),
        "0" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// The name that rows have: KQL has `medium` where Graph's property has `normal`.
fn importance(text: &str) -> Option<String> {
    match text.to_ascii_lowercase().as_str() {
        "medium" => Some("normal".to_owned()),
        name @ ("low" | "normal" | "high") => Some(name.to_owned()),
        _ => None,
    }
}

/// Whether it is the kind that everything here is; of all others there is nothing.
fn is_mail(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "email" | "emails" | "mail")
}

#[cfg(test)]
mod tests;
