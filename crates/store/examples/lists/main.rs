//! How long lists take in mailboxes of several sizes: `lists DIR 1000 100000 1000000` fills a mailbox of each size in
//! `DIR`, unless it is there, and prints a row of Markdown for each question: the median of the store's answers, warm, in
//! microseconds. `lists DIR postgres://… 10000` does so for one mailbox in an empty database.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that can't go on should say where")]

mod filled;
mod questions;

use filled::Filled;
use questions::{Question, questions};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use store::{Location, Rows, StoreError};

/// How often each question is asked.
const TIMES: u64 = 201;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("a directory");
    let mut arguments = arguments.peekable();
    let rows = arguments.next_if(|one| one.contains("://")).map(|url| Rows::Postgres { url });
    let sizes: Vec<u64> = arguments.map(|size| size.parse().expect("a size")).collect();
    assert!(rows.is_none() || sizes.len() == 1, "a database holds one mailbox");
    let mut columns: Vec<Vec<(&str, String)>> = Vec::new();
    for size in &sizes {
        let location = Location::from(&Path::new(&dir).join(size.to_string()));
        let filled = Filled::open(Location { rows: rows.clone().unwrap_or(location.rows), ..location }, *size).await;
        columns.push(measured(&filled).await);
    }
    println!("{}", table(&sizes, &columns));
}

fn table(sizes: &[u64], columns: &[Vec<(&str, String)>]) -> String {
    let mut text = "| question |".to_owned();
    sizes.iter().for_each(|size| write!(text, " {size} |").unwrap());
    text += "\n|---|";
    sizes.iter().for_each(|_| text += "---:|");
    for (row, (name, _)) in columns[0].iter().enumerate() {
        write!(text, "\n| {name} |").unwrap();
        columns.iter().for_each(|column| write!(text, " {} |", column[row].1).unwrap());
    }
    text
}

/// The median of each question, and whether it was refused.
async fn measured(filled: &Filled) -> Vec<(&'static str, String)> {
    let mut medians = Vec::new();
    for (name, question) in questions(filled) {
        let times = if name.ends_with("in none") { 3 } else { TIMES };
        medians.push((name, median(filled, name, &question, times).await));
    }
    medians
}

async fn median(filled: &Filled, name: &str, question: &Question, times: u64) -> String {
    let (mut took, mut refused): (Vec<Duration>, _) = (Vec::new(), "");
    for time in 0..times {
        question.prepare(filled, time).await;
        let began = Instant::now();
        match question.ask(filled, time).await {
            Ok(0) if !name.ends_with("in none") => panic!("{name}: nothing was found"),
            Ok(_) => {}
            Err(StoreError::TooMuchWork) => refused = ", refused",
            Err(error) => panic!("{name}: {error}"),
        }
        took.push(began.elapsed());
    }
    took.sort_unstable();
    format!("{}{refused}", took[took.len() / 2].as_micros())
}
