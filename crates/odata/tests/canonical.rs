//! Parse of print is identity; and whatever text comes, the answer is an expression or a place in the text.

use odata::{Comparison, Date, DateTimeOffset, Duration, Expr, Literal, Options, Place, PropertyPath, Quantifier, Search};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

proptest! {
    #[test]
    fn what_is_printed_reads_back(expr in expr()) {
        let text = expr.to_string();
        prop_assert_eq!(Expr::parse(&text), Ok(expr), "{}", text);
    }

    #[test]
    fn filters_print_as_they_are_meant(text in soup(&FILTER)) {
        match Expr::parse(&text) {
            Ok(expr) => {
                let printed = expr.to_string();
                prop_assert_eq!(Expr::parse(&printed), Ok(expr), "{} prints {}", text, printed);
            }
            Err(error) => prop_assert!(text.is_char_boundary(error.offset), "{}: {}", text, error),
        }
    }

    #[test]
    fn searches_have_a_place_for_every_error(text in soup(&KQL)) {
        if let Err(error) = Search::parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset), "{}: {}", text, error);
        }
    }

    #[test]
    fn quotes_around_a_search_change_nothing(text in soup(&QUOTELESS)) {
        let quoted = format!("\"{text}\"");
        let shifted = Search::parse(&text).map_err(|error| error.offset + 1);
        prop_assert_eq!(Search::parse(&quoted).map_err(|error| error.offset), shifted, "{}", text);
    }

    #[test]
    fn options_within_an_expand_are_those_of_a_request(texts in vec(soup(&FILTER), 1..4)) {
        let filters: Vec<_> = texts.iter().filter(|text| Expr::parse(text).is_ok()).collect();
        let items: Vec<_> = filters.iter().map(|filter| format!("a($filter={filter})")).collect();
        let encoded = items.join(",").replace('%', "%25").replace('&', "%26").replace('+', "%2B");
        let options = Options::parse(&format!("$expand={encoded}")).expect("an expand");
        let expanded = options.expand().expect("items");
        prop_assert_eq!(expanded.len(), filters.len());
        for (item, filter) in expanded.iter().zip(filters) {
            prop_assert_eq!(item.options.filter(), Expr::parse(filter).map(Some));
        }
    }

    #[test]
    fn days_read_back(days in any::<i32>()) {
        if let Some(date) = Date::from_unix_days(days.into()) {
            prop_assert_eq!(Date::parse(&date.to_string()), Some(date));
        }
    }
}

/// Every day from year 1 to year 9999 follows the one before it.
#[test]
fn the_calendar_has_no_gap() {
    let mut date = Date::parse("0001-01-01").expect("the first day");
    let (mut days, mut text) = (1, date.to_string());
    while let Some(next) = Date::from_unix_days(date.unix_days() + 1) {
        let printed = next.to_string();
        assert!(printed > text, "{printed} follows {text}");
        (date, text, days) = (next, printed, days + 1);
    }
    assert_eq!((text.as_str(), days), ("9999-12-31", 3_652_059));
    assert_eq!(Date::parse("0000-12-31").map(|d| d.to_string()), None);
}

/// Pieces that texts are made of: nearly right ones reach further than chance does.
const FILTER: [&str; 40] = [
    " ",
    " ",
    "(",
    ")",
    "not ",
    " and ",
    " or ",
    " eq ",
    " NE ",
    " in ",
    ",",
    "/",
    ":",
    "*",
    "a",
    "subject",
    "null",
    "true",
    "x",
    "/any(",
    "/all(x:",
    "cast(",
    "f(",
    "Edm.Int32",
    "'it''s'",
    "''",
    "'",
    "1",
    "-5",
    "1.5e3",
    "5L",
    "2024-02-29",
    "T10:00",
    "+02:00",
    "Z",
    "guid'00000000-0000-0000-C000-000000000046'",
    "binary'AQ=='",
    "duration'P1D'",
    "é",
    "\u{2003}",
];
const KQL: [&str; 32] = [
    " ",
    " ",
    " ",
    "\"",
    "\"",
    "'",
    "\\",
    "\\\"",
    "(",
    ")",
    "AND",
    "OR",
    "NOT",
    "-",
    "+",
    ":",
    "..",
    "*",
    ">=",
    "<>",
    "a",
    "b c",
    "subject:",
    "size>",
    "received:2024-01-01..2024-02-01",
    "from:(",
    "http://",
    "é",
    "\u{2003}",
    "\0",
    "[",
    "{",
];
const QUOTELESS: [&str; 16] =
    [" ", " ", " ", "'", "(", ")", "AND ", " OR ", "NOT ", "-", "a", "b c", "subject:", "size>5", "é", "from:("];

fn soup(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        literal().prop_map(Expr::Literal),
        path().prop_map(Expr::Property),
        (variable(), proptest::option::of(path())).prop_map(|(name, path)| Expr::Variable { name, path }),
    ];
    leaf.prop_recursive(6, 48, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let collection = prop_oneof![
            path().prop_map(Expr::Property),
            (variable(), path()).prop_map(|(name, path)| Expr::Variable { name, path: Some(path) })
        ];
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Expr::And),
            vec(inner.clone(), 2..4).prop_map(Expr::Or),
            boxed.clone().prop_map(Expr::Not),
            (boxed.clone(), comparison(), boxed.clone()).prop_map(|(left, operator, right)| Expr::Compare {
                left,
                operator,
                right,
                place: Place::default(),
            }),
            (boxed.clone(), vec(literal(), 1..4)).prop_map(|(value, list)| Expr::In { value, list }),
            (select(&["contains", "geo.distance", "now", "any"][..]), vec(inner, 0..4)).prop_map(|(function, arguments)| {
                Expr::Call { function: function.to_owned(), arguments, place: Place::default() }
            }),
            boxed.clone().prop_map(|value| Expr::Cast { value, type_name: "Edm.Int32".to_owned() }),
            collection.clone().prop_map(|c| Expr::NotEmpty(Box::new(c))),
            (collection, select(&[Quantifier::All, Quantifier::Any][..]), variable(), boxed).prop_map(
                |(collection, quantifier, variable, predicate)| {
                    Expr::Lambda { collection: Box::new(collection), quantifier, variable, predicate }
                }
            ),
        ]
    })
    .prop_map(|mut expr| {
        close(&mut expr, &mut Vec::new());
        expr
    })
}

/// Makes properties of the variables that no lambda around them names.
fn close(expr: &mut Expr, variables: &mut Vec<String>) {
    match expr {
        Expr::And(list) | Expr::Or(list) | Expr::Call { arguments: list, .. } => {
            list.iter_mut().for_each(|e| close(e, variables))
        }
        Expr::Cast { value, .. } | Expr::In { value, .. } | Expr::Not(value) | Expr::NotEmpty(value) => close(value, variables),
        Expr::Compare { left, right, .. } => {
            close(left, variables);
            close(right, variables);
        }
        Expr::Lambda { collection, variable, predicate, .. } => {
            close(collection, variables);
            variables.push(variable.clone());
            close(predicate, variables);
            variables.pop();
        }
        Expr::Literal(_) | Expr::Property(_) => {}
        Expr::Variable { name, .. } if variables.contains(name) => {}
        Expr::Variable { .. } => {
            if let Ok(path) = PropertyPath::parse(&expr.to_string()) {
                *expr = Expr::Property(path);
            }
        }
    }
}

fn variable() -> impl Strategy<Value = String> {
    select(&["x", "ep", "Y"][..]).prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = PropertyPath> {
    let name =
        select(&["subject", "from", "ReceivedDateTime", "microsoft.graph.fileAttachment", "ünï_2", "$count", "@odata.etag"][..]);
    vec(name, 1..4).prop_filter_map("names make a path", |names| PropertyPath::parse(&names.join("/")).ok())
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    select(&[Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual][..])
}

fn literal() -> impl Strategy<Value = Literal> {
    let instants = (any::<i64>().prop_map(|s| s % 100_000_000_000), 0..1_000_000_000_u32);
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        any::<i64>().prop_map(Literal::Int),
        any::<u128>().prop_map(Literal::Guid),
        any::<String>().prop_map(Literal::String),
        "(-?[0-9]{1,9}(\\.[0-9]{1,5}([eE][+-]?[0-9]{1,2})?|[eE][0-9])|-?INF|NaN)".prop_map(Literal::Decimal),
        "([A-Za-z0-9_-]{4}){0,3}([A-Za-z0-9_-]{2,3})?".prop_map(Literal::Binary),
        ("[a-z]{1,4}\\.[A-Za-z]{1,4}", any::<String>()).prop_map(|(type_name, value)| Literal::Enum { type_name, value }),
        instants
            .prop_filter_map("a year of four digits", |(s, n)| DateTimeOffset::from_unix(s, n))
            .prop_map(Literal::DateTimeOffset),
        (-719_162..2_932_896_i64).prop_filter_map("a day", Date::from_unix_days).prop_map(Literal::Date),
        "-?P[0-9]{1,5}D(T([0-9]{1,5}H)?([0-9]{1,5}M)?[0-9]{1,5}(\\.[0-9]{1,9})?S)?"
            .prop_filter_map("a duration", |text| Duration::parse(&text))
            .prop_map(Literal::Duration),
    ]
}
