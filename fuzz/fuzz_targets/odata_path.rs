//! Any path has segments or a place where it is wrong; every slash that separates is in no quotes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use odata::{PropertyPath, parse_path};
use std::time::{Duration, Instant};

fuzz_target!(|text: &str| {
    let began = Instant::now();
    match parse_path(text) {
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
        Ok(segments) => {
            let octets: usize = segments.iter().map(|segment| segment.text().len()).sum();
            assert!(octets <= text.len(), "nothing is made up");
            for segment in &segments {
                assert!(!segment.text().is_empty() && segment.text().contains(segment.name()));
                assert!(segment.is(&segment.name().to_ascii_uppercase()));
                assert!(segment.key().is_none_or(|key| key.len() < segment.text().len()));
            }
        }
    }
    match PropertyPath::parse(text) {
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
        Ok(path) => {
            assert!(path.is(&path.to_string()));
            assert_eq!(PropertyPath::parse(&path.to_string()), Ok(path));
        }
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{} octets took {:?}", text.len(), began.elapsed());
});
