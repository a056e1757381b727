//! The keys and the trust with which messages are opened, and bounds on what comes out of one.

use bytes::Bytes;
use mime::Message;
use smime::{Key, Opened, Spool, Trust, With, open};
use std::cell::Cell;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::OnceLock;

/// 2026-11-25
pub const NOW: i64 = 1_795_600_000;
/// What a compressed layer may hold.
pub const MAX_OCTETS: usize = 256 * 1024;

/// Those of the samples in `RESTANTE_SHARED`, each time the same; none where there are no samples.
pub struct Known {
    pub keys: Vec<Key>,
    pub trust: Trust,
}

pub fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = Known { keys: Vec::new(), trust: Trust::default() };
        let Some(shared) = std::env::var_os("RESTANTE_SHARED") else { return known };
        let folder = Path::new(&shared).join("corpus/smime");
        let read = |file: &serde_json::Value| fs::read(folder.join(file.as_str().expect("a name"))).expect("a file");
        let sets = fs::read(folder.join("sets.json")).expect("the samples have sets.json");
        let sets: Vec<serde_json::Value> = serde_json::from_slice(&sets).expect("sets.json is JSON");
        for set in &sets {
            let (roots, keys) = (set["roots"].as_array().expect("roots"), set["keys"].as_array().expect("keys"));
            roots.iter().for_each(|root| known.trust.add_roots(&read(root)).expect("a root"));
            known.keys.extend(keys.iter().map(|pair| Key::from_pem(&read(&pair[1]), &read(&pair[0]), "").expect("a key")));
        }
        known
    })
}

/// Where a layer goes, and no more than it may hold.
struct Bounded {
    octets: Vec<u8>,
    limit: usize,
    layers: Rc<Cell<usize>>,
}

impl Write for Bounded {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.octets.extend_from_slice(octets);
        assert!(self.octets.len() <= self.limit, "a layer holds more than it may");
        Ok(octets.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spool for Bounded {
    fn finish(self: Box<Self>) -> io::Result<Bytes> {
        self.layers.set(self.layers.get() + 1);
        Ok(self.octets.into())
    }
}

/// Opens a message with what is known.
pub fn opened(message: Bytes) -> Opened {
    let known = known();
    opened_with(message, &known.keys, &known.trust)
}

/// Opens a message; a layer of it holds as many octets as stand there, or as may come out of a compressed one.
pub fn opened_with(message: Bytes, keys: &[Key], trust: &Trust) -> Opened {
    let limit = message.len().max(MAX_OCTETS);
    let layers = Rc::new(Cell::new(0));
    let with = With { keys, trust, now: NOW, max_octets: MAX_OCTETS as u64 };
    let spool = || Box::new(Bounded { octets: Vec::new(), limit, layers: layers.clone() }) as Box<dyn Spool>;
    let opened = open(Message::parse(message), with, &mut || Ok(spool())).expect("memory takes all");
    assert!(layers.get() <= opened.verdict.layers.len() && opened.verdict.layers.len() <= 16);
    opened
}
