//! What we read from the corpus is what independent parsers read from it.
//!
//! The corpus is real mail with, for each message, the values that at least two of three families of parsers agree on.
//! Every value that may be demanded is: ours equals it, or [`deviations::MEANT`] says why not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

mod deviations;
mod form;
mod shared;

use deviations::MEANT;
use mime::Message;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The two sets of the corpus.
const SETS: [&str; 2] = ["corpus/mime", "corpus/smime"];

/// A value of ours that the oracle doesn't have.
struct Difference {
    file: String,
    field: String,
    theirs: Value,
    ours: Value,
}

#[derive(Default)]
struct Count {
    demanded: usize,
    differences: Vec<Difference>,
}

#[test]
fn every_demanded_value_is_ours() {
    let Some(root) = shared::root() else { return };
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for set in SETS {
        let folder = root.join(set);
        for file in shared::messages(&folder) {
            compare(&folder, &file, &mut counts);
        }
    }
    let demanded: usize = counts.values().map(|c| c.demanded).sum();
    let differences: Vec<&Difference> = counts.values().flat_map(|c| &c.differences).collect();
    assert!(demanded > 14_000, "the oracle was found: it demands {demanded} values");
    report(&counts, demanded, differences.len());
    let known = |d: &Difference| MEANT.iter().any(|m| m.file == d.file && m.field == d.field);
    let unlisted: Vec<&&Difference> = differences.iter().filter(|d| !known(d)).collect();
    for d in &unlisted {
        shared::aloud(&format!("{} {}\n  oracle: {}\n  ours:   {}", d.file, d.field, d.theirs, d.ours));
    }
    let vanished: Vec<_> = MEANT.iter().filter(|m| !differences.iter().any(|d| m.file == d.file && m.field == d.field)).collect();
    assert!(vanished.is_empty(), "these are listed and differ no longer: {vanished:?}");
    assert!(unlisted.is_empty(), "{} values differ and are not listed", unlisted.len());
    assert!(MEANT.len() * 100 <= demanded, "at most one in a hundred may differ: {} of {demanded}", MEANT.len());
}

#[test]
fn every_file_parses_and_stays_as_it_is() {
    let Some(root) = shared::root() else { return };
    let mut files = 0;
    for set in SETS {
        let folder = root.join(set);
        for file in shared::messages(&folder) {
            let octets = shared::read(&folder.join(&file));
            let message = Message::parse(octets.clone().into());
            assert_eq!(message.octets(), &octets, "{file}");
            spans_are_in_order(&message, &file);
            files += 1;
        }
    }
    assert!(files >= 844, "the corpus has {files} files");
    shared::aloud(&format!("oracle: {files} files parsed, octets unchanged, spans in order"));
}

fn spans_are_in_order(message: &Message, file: &str) {
    let parts = message.parts();
    assert!(parts.first().is_some_and(|root| root.parent.is_none() && root.body.end <= message.octets().len()), "{file}");
    for (index, part) in parts.iter().enumerate().skip(1) {
        let parent = part.parent.unwrap_or_else(|| panic!("{file}: part {index} stands nowhere"));
        let within = &parts[parent].body;
        assert!(parent < index, "{file}: part {index} stands in a later one");
        assert!(within.start <= part.header.start && part.body.end <= within.end, "{file}: part {index} leaves its multipart");
        assert!(part.header.start <= part.header.end && part.header.end == part.body.start, "{file}: part {index} has a gap");
        let before = parts[..index].iter().rfind(|p| p.parent == part.parent);
        assert!(before.is_none_or(|b| b.body.end <= part.header.start), "{file}: part {index} overlaps the one before it");
    }
    let mut end = 0;
    for field in message.fields() {
        assert!(end <= field.span.start && field.span.start < field.span.end, "{file}: fields in order");
        end = field.span.end;
    }
}

/// Compares one message with what the oracle demands of it.
fn compare(folder: &Path, file: &str, counts: &mut BTreeMap<&'static str, Count>) {
    let expected = shared::json(&folder.join("expected").join(format!("{file}.json")));
    let message = Message::parse(shared::read(&folder.join(file)).into());
    for (field, read) in form::FIELDS {
        let oracle = &expected["fields"][field];
        if oracle["demand"] != Value::Bool(true) {
            continue;
        }
        let count = counts.entry(field).or_default();
        count.demanded += 1;
        let ours = read(&message);
        let theirs = &oracle["value"];
        let same = if field == "attachments" { form::same_attachments(theirs, &ours) } else { *theirs == ours };
        if !same {
            count.differences.push(Difference { file: file.to_owned(), field: field.to_owned(), theirs: theirs.clone(), ours });
        }
    }
}

fn report(counts: &BTreeMap<&str, Count>, demanded: usize, differing: usize) {
    for (field, count) in counts {
        shared::aloud(&format!("oracle: {field:14} {} of {} equal", count.demanded - count.differences.len(), count.demanded));
    }
    shared::aloud(&format!(
        "oracle: {} of {demanded} demanded values equal, {} meant to differ",
        demanded - differing,
        MEANT.len()
    ));
    for meant in MEANT {
        shared::aloud(&format!("oracle: meant: {} {}: {}", meant.file, meant.field, meant.reason));
    }
}
