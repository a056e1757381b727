//! Reads every message below a folder, several times over, and says how long that took: octets → the JSON of what a mail
//! program shows. `tests/bench/mime_vs_python.py` runs it beside Python.
//!
//! usage: `octets_to_json FOLDER ROUNDS`

use mime::{Date, Message, Part, PartKind};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(Ok(rounds))) = (arguments.next(), arguments.next().map(|text| text.parse::<usize>())) else {
        return Err(std::io::Error::other("usage: octets_to_json FOLDER ROUNDS"));
    };
    let files = messages(Path::new(&folder))?;
    let files = files.into_iter().map(|file| std::fs::read(file).map(bytes::Bytes::from)).collect::<Result<Vec<_>, _>>()?;
    let mut seconds = Vec::new();
    let mut written = 0;
    for _ in 0..rounds {
        let began = Instant::now();
        written = files.iter().map(|octets| read(octets.clone()).to_string().len()).sum();
        seconds.push(began.elapsed().as_secs_f64());
    }
    let octets: usize = files.iter().map(bytes::Bytes::len).sum();
    let sums =
        files.iter().map(|file| sums(&read(file.clone()))).fold([0; 4], |all, one| std::array::from_fn(|i| all[i] + one[i]));
    println!("{}", json!({"messages": files.len(), "octets": octets, "seconds": seconds, "written": written, "sums": sums}));
    Ok(())
}

fn messages(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(messages(&path)?);
        } else if path.extension().is_some_and(|e| e == "eml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What a mail program shows.
fn read(octets: bytes::Bytes) -> Value {
    let message = Message::parse(octets);
    let mailboxes = |name: &str| -> Value {
        message.addresses(name).into_iter().map(|m| json!({"name": m.name, "address": m.address})).collect()
    };
    json!({
        "subject": message.text("Subject"),
        "from": mailboxes("From"),
        "to": mailboxes("To"),
        "cc": mailboxes("Cc"),
        "date": message.field("Date").and_then(|f| Date::parse(&f.body())),
        "messageId": message.message_id(),
        "text": text(&message, PartKind::Text),
        "html": text(&message, PartKind::Html),
        "attachments": message.attachments().map(|(_, part)| attachment(&message, part)).collect::<Value>(),
    })
}

fn text(message: &Message, kind: PartKind) -> Option<String> {
    let part = message.parts().iter().find(|p| p.kind == kind && !p.is_attachment())?;
    Some(message.decoded_text(part, usize::MAX))
}

fn attachment(message: &Message, part: &Part) -> Value {
    json!({"name": part.file_name, "contentType": part.media_type.essence, "size": message.decoded(part).len()})
}

/// Mailboxes, attachments, their octets, and characters of text: what both sides found, to compare.
fn sums(value: &Value) -> [usize; 4] {
    let list = |name: &str| value[name].as_array().map_or(&[][..], Vec::as_slice);
    let mailboxes = ["from", "to", "cc"].iter().map(|name| list(name).len()).sum();
    let sizes = list("attachments").iter().filter_map(|a| a["size"].as_u64()).sum::<u64>();
    let characters = ["text", "html"].iter().filter_map(|name| value[*name].as_str()).map(|text| text.chars().count()).sum();
    [mailboxes, list("attachments").len(), usize::try_from(sizes).unwrap_or(usize::MAX), characters]
}
