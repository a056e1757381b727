//! Each algorithm, both ways, with each program that knows it; docs/conformance/smime.md has the outcome.

use kit::{ED25519, Gpgsm, Holder, Judge, Nss, OpenSsl, P256, P384, P521, Pki, RSA, RSA_PSS, aloud, demand_section, restante};
use std::fs;
use std::path::Path;

const LETTER: &str = "From: rsa <rsa@smime.example>\r\nTo: b@smime.example\r\nSubject: Matrix\r\n\
    Content-Type: text/plain; charset=us-ascii\r\n\r\nA line.\r\nAnother one.\r\n";

/// Why a cell has no "yes": what the programs of others don't know, or do wrong.
const KNOWN: [(&str, &str, &str, &str); 24] = [
    ("RSASSA-PSS", "gpgsm", "makes", "makes none"),
    ("RSASSA-PSS", "NSS", "makes", "makes none"),
    ("RSASSA-PSS key", "gpgsm", "makes", "can't take the key"),
    ("RSASSA-PSS key", "NSS", "reads", "says that the signature is bad"),
    ("RSASSA-PSS key", "NSS", "makes", "can't take the key"),
    ("ECDSA P-256", "gpgsm", "makes", "can't take the key"),
    ("ECDSA P-384", "gpgsm", "makes", "can't take the key"),
    ("ECDSA P-521", "gpgsm", "makes", "can't take the key"),
    ("ECDSA P-521", "gpgsm", "reads", "says that the signature is bad"),
    ("Ed25519", "OpenSSL", "both", "doesn't know it"),
    ("Ed25519", "gpgsm", "both", "doesn't know it"),
    ("Ed25519", "NSS", "both", "doesn't know it"),
    ("RSAES-OAEP", "gpgsm", "both", "doesn't know it"),
    ("RSAES-OAEP", "NSS", "both", "doesn't know it"),
    ("AES-128-GCM", "gpgsm", "both", "doesn't know it"),
    ("AES-128-GCM", "NSS", "both", "doesn't know it"),
    ("AES-256-GCM", "gpgsm", "both", "doesn't know it"),
    ("AES-256-GCM", "NSS", "both", "doesn't know it"),
    ("ECDH P-256", "gpgsm", "both", "can't take the key"),
    ("ECDH P-256", "NSS", "both", "doesn't know it"),
    ("ECDH P-384", "gpgsm", "both", "can't take the key"),
    ("ECDH P-384", "NSS", "both", "doesn't know it"),
    ("ECDH P-521", "gpgsm", "both", "can't take the key"),
    ("ECDH P-521", "NSS", "both", "doesn't know it"),
];

struct Stage {
    pki: Pki,
    folder: tempfile::TempDir,
    judges: Vec<Box<dyn Judge>>,
}

impl Stage {
    fn new(pki: Pki, for_gpgsm: &[&Holder], for_nss: &[&Holder]) -> Stage {
        let judges: Vec<Box<dyn Judge>> =
            vec![Box::new(OpenSsl::new(&pki)), Box::new(Gpgsm::new(&pki, for_gpgsm)), Box::new(Nss::new(&pki, for_nss))];
        Stage { judges, pki, folder: tempfile::tempdir().expect("a folder can be made") }
    }

    fn file(&self, name: &str, octets: &[u8]) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, octets).expect("a file can be written");
        path.to_str().expect("paths of tests are text").to_owned()
    }

    /// What we write.
    fn ours(&self, arguments: &[&str]) -> String {
        let output = restante(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        self.file("ours.eml", &output.stdout)
    }

    /// Whether we open and verify what another wrote.
    fn opens(&self, message: &[u8], arguments: &[&str]) -> Result<Vec<u8>, String> {
        let file = self.file("theirs.eml", message);
        let out = self.file("opened", b"");
        let output = restante(&[&["smime", arguments[0], &file, "--out", &out], &arguments[1..]].concat());
        match output.status.success() {
            true => Ok(fs::read(out).expect("what was opened")),
            false => Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()),
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// A cell of the table: yes, or the reason that is known; anything else is a failure.
fn cell(row: &str, judge: &str, direction: &str, outcome: &Result<(), String>) -> String {
    let known =
        |(one, other, way, _): &&(&str, &str, &str, &str)| *one == row && *other == judge && [direction, "both"].contains(way);
    match (outcome, KNOWN.iter().find(known)) {
        (Ok(()), None) => "yes".to_owned(),
        (Err(_), Some((_, _, _, why))) => (*why).to_owned(),
        (Ok(()), Some(_)) => panic!("{row}, {judge}: it can do that after all"),
        (Err(error), None) => panic!("{row}, {judge}, {direction}: {error}"),
    }
}

fn same(got: Result<Vec<u8>, String>, expected: &str) -> Result<(), String> {
    let got = String::from_utf8_lossy(&got?).replace("\r\n", "\n");
    if got.contains(&expected.replace("\r\n", "\n")) { Ok(()) } else { Err(format!("another text: {got}")) }
}

#[test]
fn signatures_both_ways() {
    let pki = Pki::new();
    let holders: Vec<(&str, Holder, bool)> = [
        ("RSA PKCS #1 v1.5", "rsa", RSA, false),
        ("RSASSA-PSS", "rsa2", RSA, true),
        ("RSASSA-PSS key", "rsapss", RSA_PSS, true),
        ("ECDSA P-256", "p256", P256, false),
        ("ECDSA P-384", "p384", P384, false),
        ("ECDSA P-521", "p521", P521, false),
        ("Ed25519", "ed25519", ED25519, false),
    ]
    .map(|(row, name, algorithm, pss)| (row, pki.person(name, algorithm), pss))
    .into();
    let own: Vec<&Holder> = holders.iter().map(|(_, holder, _)| holder).collect();
    // gpgsm ends with a segmentation fault on the PKCS #12 of an elliptic curve.
    let stage = Stage::new(pki, &own[..2], &[own[0], own[1], own[3], own[4], own[5]]);
    let mut table = Table::new(&stage);
    for (row, holder, pss) in &holders {
        let entity = LETTER.replace("rsa <rsa@", &format!("{} <{}@", holder.name, holder.name));
        let message = stage.file("letter.eml", entity.as_bytes());
        table.row(row);
        for judge in &stage.judges {
            let mut made =
                vec!["smime", "sign", &message, "--cert", path(&holder.chain), "--key", path(&holder.key), "--header", "none"];
            if *pss {
                made.push("--pss");
            }
            let detached = judge.verify(Path::new(&stage.ours(&made)));
            made.push("--opaque");
            let opaque = judge.verify(Path::new(&stage.ours(&made)));
            let verifies = detached.and_then(|_| same(opaque, "A line.\r\nAnother one.\r\n"));
            let theirs = judge.sign(Path::new(&message), holder, *pss);
            let root = stage.pki.root();
            let inter = stage.pki.intermediate();
            let verify = ["verify", "--ca", path(&root), "--ca", path(&inter)];
            let we = theirs.and_then(|theirs| stage.opens(&with_from(&theirs, &holder.name), &verify));
            let makes = same(we, "A line.\r\nAnother one.\r\n");
            table.cells(row, judge.name(), &verifies, &makes);
        }
    }
    table.demand("signatures");
}

fn with_from(message: &[u8], name: &str) -> Vec<u8> {
    [format!("From: {name}@smime.example\r\n").as_bytes(), message].concat()
}

/// A table of docs/conformance/smime.md, while it is made.
struct Table {
    text: String,
    cells: usize,
    yes: usize,
}

impl Table {
    fn new(stage: &Stage) -> Table {
        let judges = stage.judges.iter().map(|judge| judge.name());
        let names: String = judges.map(|name| format!(" {name} reads ours | we read {name}'s |")).collect();
        let text = format!("| algorithm |{names}\n|---|{}", "---|".repeat(stage.judges.len() * 2));
        Table { text, cells: 0, yes: 0 }
    }

    fn row(&mut self, row: &str) {
        self.text.push_str(&format!("\n| {row} |"));
    }

    fn cells(&mut self, row: &str, judge: &str, reads: &Result<(), String>, makes: &Result<(), String>) {
        for (direction, outcome) in [("reads", reads), ("makes", makes)] {
            let text = cell(row, judge, direction, outcome);
            self.cells += 1;
            self.yes += usize::from(text == "yes");
            self.text.push_str(&format!(" {text} |"));
        }
    }

    fn demand(&self, section: &str) {
        aloud(&format!("{section}: {} of {} cells", self.yes, self.cells));
        demand_section("conformance/smime.md", section, &self.text);
    }
}

#[test]
fn envelopes_both_ways() {
    let pki = Pki::new();
    let [rsa, p256, p384, p521] =
        [("rsa", RSA), ("p256", P256), ("p384", P384), ("p521", P521)].map(|(name, algorithm)| pki.person(name, algorithm));
    let rows = [
        ("AES-128-CBC", &rsa, "aes128-cbc", "aes-128-cbc", false),
        ("AES-256-CBC", &rsa, "aes256-cbc", "aes-256-cbc", false),
        ("AES-128-GCM", &rsa, "aes128-gcm", "aes-128-gcm", false),
        ("AES-256-GCM", &rsa, "aes256-gcm", "aes-256-gcm", false),
        ("RSAES-OAEP", &rsa, "aes256-cbc", "aes-256-cbc", true),
        ("ECDH P-256", &p256, "aes256-cbc", "aes-256-cbc", false),
        ("ECDH P-384", &p384, "aes256-gcm", "aes-256-gcm", false),
        ("ECDH P-521", &p521, "aes256-cbc", "aes-256-cbc", false),
    ];
    let stage = Stage::new(pki, &[&rsa], &[&rsa, &p256]);
    let message = stage.file("letter.eml", LETTER.as_bytes());
    let mut table = Table::new(&stage);
    for (row, holder, cipher, theirs, oaep) in rows {
        table.row(row);
        for judge in &stage.judges {
            let mut made = vec!["smime", "encrypt", &message, "--to", path(&holder.cert), "--cipher", cipher, "--header", "none"];
            if oaep {
                made.push("--oaep");
            }
            let reads = same(judge.decrypt(Path::new(&stage.ours(&made)), holder), "A line.\r\nAnother one.\r\n");
            let key = ["decrypt", "--cert", path(&holder.cert), "--key", path(&holder.key)];
            let we = judge.encrypt(Path::new(&message), holder, theirs, oaep).and_then(|theirs| stage.opens(&theirs, &key));
            let makes = same(we, "A line.\r\nAnother one.\r\n");
            table.cells(row, judge.name(), &reads, &makes);
        }
    }
    table.demand("envelopes");
}
