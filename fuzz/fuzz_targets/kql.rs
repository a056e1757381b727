//! Any text is a search or has a place where it is wrong; a search has no empty part, is nested no deeper than it may be,
//! and holds nothing that the text doesn't.
#![no_main]

use libfuzzer_sys::fuzz_target;
use odata::{Search, SearchValue, Term};
use std::time::{Duration, Instant};

/// What parentheses and `NOT` may nest; the joins between them nest twice as deep at most.
const DEPTH: usize = 64;

fuzz_target!(|text: &str| {
    let began = Instant::now();
    let read = Search::parse(text);
    assert!(began.elapsed() < Duration::from_secs(1), "{} octets took {:?}", text.len(), began.elapsed());
    match &read {
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
        Ok(search) => {
            let mut left = text.len();
            whole(search, 3 * DEPTH, text, &mut left);
        }
    }
    if text.len() < 65_000 && !text.contains(['"', '\\']) {
        let quoted = Search::parse(&format!("\"{text}\""));
        assert_eq!(quoted.ok(), read.ok(), "quotes around it change nothing");
    }
});

fn whole(search: &Search, depth: usize, text: &str, left: &mut usize) {
    assert!(depth > 0);
    match search {
        Search::And(all) | Search::Or(all) => {
            assert!(all.len() > 1, "one is joined with nothing");
            all.iter().for_each(|one| whole(one, depth - 1, text, left));
        }
        Search::Not(one) => whole(one, depth - 1, text, left),
        Search::Property(restriction) => {
            assert!(!restriction.property.is_empty() && text.contains(&restriction.property));
            match &restriction.value {
                SearchValue::Range { from, to } => assert!(!from.is_empty() && !to.is_empty()),
                SearchValue::Term(term) => is_there(term, text, left),
            }
            assert!(restriction.to_string().starts_with(&restriction.property));
        }
        Search::Term(term) => is_there(term, text, left),
    }
}

fn is_there(term: &Term, text: &str, left: &mut usize) {
    assert!(!term.text.trim().is_empty());
    // Looking for each word in all of a long text would take longer than reading it.
    assert!(text.len() > 4096 || text.contains(&term.text) || text.contains('\\'), "{} was made up", term.text);
    *left = left.checked_sub(term.text.len()).expect("nothing is found twice");
}
