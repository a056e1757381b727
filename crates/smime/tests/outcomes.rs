//! Verdicts on messages of others, compared with what OpenSSL, gpgsm, NSS and BouncyCastle agree on: each layer of each
//! message, its signature, chain, signer and address, the key that opens it, and the octets within.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

use bytes::Bytes;
use mime::Message;
use openssl::sha::sha256;
use serde_json::Value;
use smime::{ChainStatus, HeaderForm, Key, Kind, Layer, Opened, Spool, Status, Trust, With, open};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

/// When the tools were asked.
const NOW: i64 = 1_795_600_000; // 2026-11-25

/// Takes what a layer holds, and the digest of that with its line ends made CRLF, as the tools write them.
struct Memory(Vec<u8>, Rc<RefCell<Vec<(String, String)>>>);

impl Write for Memory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spool for Memory {
    fn finish(self: Box<Self>) -> io::Result<Bytes> {
        let text = String::from_utf8_lossy(&self.0).replace("\r\n", "\n").replace('\n', "\r\n");
        self.1.borrow_mut().push((digest(&self.0), digest(text.as_bytes())));
        Ok(self.0.into())
    }
}

fn digest(octets: &[u8]) -> String {
    sha256(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The folder of the messages; nothing where the tables aren't at hand, which CI doesn't allow.
fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("RESTANTE_SHARED").map(|shared| PathBuf::from(shared).join("corpus/smime"));
    let found = shared.filter(|folder| folder.is_dir());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "RESTANTE_SHARED has no corpus/smime");
    found
}

struct Set {
    keys: Vec<Key>,
    trust: Trust,
}

fn sets(folder: &std::path::Path) -> BTreeMap<String, Set> {
    let read = |file: &Value| fs::read(folder.join(file.as_str().unwrap())).unwrap();
    let text = fs::read_to_string(folder.join("sets.json")).unwrap();
    let sets: Vec<Value> = serde_json::from_str(&text).unwrap();
    let set = |set: Value| {
        let mut trust = Trust::default();
        set["roots"].as_array().unwrap().iter().for_each(|root| trust.add_roots(&read(root)).unwrap());
        let keys = set["keys"].as_array().unwrap().iter();
        let keys = keys.map(|pair| Key::from_pem(&read(&pair[1]), &read(&pair[0]), "").unwrap()).collect();
        (set["name"].as_str().unwrap().to_owned(), Set { keys, trust })
    };
    sets.into_iter().map(set).collect()
}

fn opened(octets: Vec<u8>, set: &Set) -> (Opened, Vec<(String, String)>) {
    let with = With { keys: &set.keys, trust: &set.trust, now: NOW, max_octets: 1 << 30 };
    let digests = Rc::new(RefCell::new(Vec::new()));
    let opened = open(Message::parse(octets.into()), with, &mut || Ok(Box::new(Memory(Vec::new(), digests.clone())))).unwrap();
    let digests = digests.borrow().clone();
    (opened, digests)
}

/// A row of the table, as we would have written it.
fn row(layer: &Layer) -> [String; 7] {
    let kind = serde_json::to_value(layer.kind).unwrap().as_str().unwrap().to_owned();
    let signed = matches!(layer.kind, Kind::Clear | Kind::Opaque);
    let bad = layer.status == Status::Invalid;
    let signer = layer.signers.first().filter(|_| !bad);
    let chain = signer.map(|signer| match &signer.chain.reason {
        None if signer.chain.status == ChainStatus::Valid => "ok".to_owned(),
        reason => format!("bad:{}", reason.clone().unwrap_or_default()),
    });
    let address = signer.map(|signer| if signer.matches_from == Some(true) { "match" } else { "differs" }.to_owned());
    let covers = layer.covers.as_ref().map(|covers| covers.sha256.clone());
    let media_type = layer.covers.as_ref().map(|covers| covers.media_type.clone().unwrap_or_else(|| "none".to_owned()));
    [
        kind,
        if !signed {
            String::new()
        } else if bad {
            "bad".to_owned()
        } else {
            "ok".to_owned()
        },
        chain.unwrap_or_default(),
        signer.and_then(|signer| signer.subject.clone()).unwrap_or_default(),
        address.unwrap_or_default(),
        covers.unwrap_or_default(),
        media_type.unwrap_or_default(),
    ]
}

#[test]
fn verdicts_are_those_of_the_tools() {
    let Some(folder) = corpus() else { return };
    let sets = sets(&folder);
    let table = fs::read_to_string(folder.join("outcomes.tsv")).unwrap();
    let mut files: BTreeMap<&str, (&str, Vec<Vec<&str>>)> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        files.entry(cells[1]).or_insert((cells[0], Vec::new())).1.push(cells);
    }
    let mut layers = 0;
    let mut differences = Vec::new();
    for (file, (set, rows)) in &files {
        let (opened, digests) = opened(fs::read(folder.join(file)).unwrap(), &sets[*set]);
        let mut ours: Vec<_> = opened.verdict.layers.iter().map(row).collect();
        for (row, theirs) in ours.iter_mut().zip(rows) {
            let canonical = digests.iter().find(|(exact, canonical)| *exact == row[5] && canonical == theirs[10]);
            row[5] = canonical.map_or(&row[5], |(_, canonical)| canonical).clone();
        }
        let theirs: Vec<[String; 7]> = rows
            .iter()
            .map(|cells| {
                let signature = cells[4].split(':').next().unwrap();
                [cells[3], signature, cells[5], cells[6], cells[7], cells[10], cells[11]].map(str::to_owned)
            })
            .collect();
        layers += theirs.len();
        if ours != theirs {
            differences.push(format!(
                "{file}\n  ours   {ours:?}\n  theirs {theirs:?}\n  {:?}",
                opened.verdict.layers.iter().map(|l| &l.reason).collect::<Vec<_>>()
            ));
        }
    }
    assert!(differences.is_empty(), "{} of {} files:\n{}", differences.len(), files.len(), differences.join("\n"));
    assert!((files.len(), layers) >= (90, 156), "{} files, {layers} layers", files.len());
    println!("{} files, {layers} layers: all as the tools have them", files.len());
}

#[test]
fn headers_are_shown_as_rfc_9788_says() {
    let Some(folder) = corpus() else { return };
    let set = &sets(&folder)["hp"];
    let table = fs::read_to_string(folder.join("hp/expected.tsv")).unwrap();
    let mut seen = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (opened, _) = opened(fs::read(folder.join("hp").join(cells[0])).unwrap(), set);
        let header = &opened.verdict.header;
        assert_eq!(header.subject.as_deref(), Some(cells[1]), "{}", cells[0]);
        assert_eq!(
            sorted(header.confidential.iter().map(String::as_str)),
            sorted(cells[2].split(',').filter(|name| !name.is_empty())),
            "{}",
            cells[0]
        );
        assert_eq!(header.form == HeaderForm::None, cells[0] == "hp-absent-signed.eml", "{}", cells[0]);
        seen += 1;
    }
    assert_eq!(seen, 12);
}

fn sorted<'x>(names: impl Iterator<Item = &'x str>) -> Vec<&'x str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}
