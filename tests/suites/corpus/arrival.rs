//! What Alex got of the files that were sent.

use super::{AT_ONCE, File, Run};
use kit::{Person, each, until_within, without_bcc};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A copy of a file that arrived.
pub struct Delivered {
    pub file: Arc<File>,
    pub octets: Vec<u8>,
}

/// Field names that the server may put before a client's octets.
const GENERATED: [&str; 11] = [
    "Return-Path",
    "Received",
    "Date",
    "From",
    "Message-ID",
    "To",
    "In-Reply-To",
    "References",
    "Thread-Topic",
    "Thread-Index",
    "X-Restante-Before-Header",
];

/// Demands that every file that went out has come, once for each time, as the law says.
pub async fn demand_arrival(alex: &Person, runs: &[Run]) -> Vec<Delivered> {
    let due: usize = runs.iter().map(|run| run.sent.len()).sum();
    let inbox = until_within(Duration::from_secs(120), "all files arrive", async || {
        let inbox = alex.all("mailFolders/inbox/messages?$select=id,internetMessageId&$top=1000").await;
        (inbox.len() >= due).then_some(inbox)
    })
    .await;
    assert_eq!(inbox.len(), due, "nothing else arrives");
    let mut copies: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
    let fetched = each(AT_ONCE, inbox, |message| fetch(alex.clone(), message)).await;
    for (message_id, octets) in fetched {
        copies.entry(message_id).or_default().push(octets);
    }
    let mut delivered = Vec::new();
    // A file may be the end of another with the same Message-ID, so that the longer one is to be found first.
    let mut runs: Vec<&Run> = runs.iter().collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.file.octets.len()));
    for run in runs {
        let expected = without_bcc(&run.file.octets);
        for (road, message_id) in &run.sent {
            let candidates = copies.get_mut(message_id).unwrap_or_else(|| panic!("{} {road} came", run.file.name));
            let found = candidates.iter().position(|octets| is_copy(octets, &expected));
            let found = found.unwrap_or_else(|| panic!("{} {road} came with its octets: {}", run.file.name, shown(candidates)));
            delivered.push(Delivered { file: run.file.clone(), octets: candidates.remove(found) });
        }
    }
    delivered
}

async fn fetch(alex: Person, message: Value) -> (String, Vec<u8>) {
    let octets = alex.value(message["id"].as_str().unwrap()).await;
    (message["internetMessageId"].as_str().unwrap().to_owned(), octets.to_vec())
}

/// Whether these octets are lines of generated fields, with a trace on top, and then what was given.
fn is_copy(octets: &[u8], given: &[u8]) -> bool {
    let Some(before) = octets.strip_suffix(given).and_then(|before| std::str::from_utf8(before).ok()) else { return false };
    let fields = before.lines().filter(|line| !line.is_empty() && !line.starts_with([' ', '\t']));
    let names: Vec<&str> =
        fields.map(|line| line.split_once(": ").or(line.split_once(':')).map_or(line, |(name, _)| name)).collect();
    names.starts_with(&["Return-Path", "Received"]) && names.iter().all(|name| GENERATED.contains(name))
}

fn shown(candidates: &[Vec<u8>]) -> String {
    candidates.iter().map(|octets| String::from_utf8_lossy(&octets[..octets.len().min(1500)]).into_owned()).collect()
}
