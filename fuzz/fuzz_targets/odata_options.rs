//! Any query has options; each of them, and those in its `$expand`, can be read or tells its place, and what an expression
//! prints reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use odata::{Expr, Options, SyntaxError};
use std::time::{Duration, Instant};

/// The longest text that is read, and so the longest that can read back.
const LENGTH: usize = 65_536;

fuzz_target!(|text: &str| {
    let began = Instant::now();
    filter(text, Expr::parse(text));
    match Options::parse(text) {
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
        Ok(options) => {
            ask_everything(&options, 0);
            assert_eq!(options.without(&[]).filter(|(name, _)| name.starts_with('$')).count(), options.system_names(&[]).count());
        }
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{} octets took {:?}", text.len(), began.elapsed());
});

/// The places within an `$expand` count from the outermost one; those of a request's own stand in their values.
fn ask_everything(options: &Options, level: usize) {
    assert!(level <= 8);
    let within = |name: &str, error: Option<SyntaxError>| {
        let Some(error) = error.filter(|_| level == 0) else { return };
        let value = options.get(name).unwrap_or_default();
        assert!(value.is_char_boundary(error.offset), "{name}: {error}");
    };
    within("filter", options.filter().err());
    within("orderby", options.orderby().err());
    within("select", options.select().err());
    within("search", options.search().err());
    within("top", options.number("top").err());
    within("count", options.boolean("count").err());
    if let Some(text) = options.get("filter").filter(|_| level > 0) {
        assert_eq!(options.filter().ok().flatten(), Expr::parse(text).ok(), "it reads alike at every level");
    }
    match options.expand() {
        Err(error) => within("expand", Some(error)),
        Ok(items) => items.iter().for_each(|item| ask_everything(&item.options, level + 1)),
    }
    options.names("select");
}

fn filter(text: &str, read: Result<Expr, SyntaxError>) {
    match read {
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
        Ok(expr) => {
            let printed = expr.to_string();
            if printed.len() <= LENGTH {
                assert_eq!(Expr::parse(&printed), Ok(expr), "{text} prints {printed}");
            }
        }
    }
}
