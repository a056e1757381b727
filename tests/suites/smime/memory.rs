//! Large messages by hand: none of the verbs takes more memory than one and a half times what it reads.

use kit::{P256, Pki, RSA, restante_is_release, restante_measured};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const MB: u64 = 1_000_000;

/// Verbs that are measured, in a folder of their own.
struct Measures {
    folder: TempDir,
    build: &'static str,
}

impl Measures {
    /// Does it, and returns the file with what came out.
    fn measured(&self, what: &str, file: &Path, arguments: &[&str]) -> PathBuf {
        let out = self.folder.path().join(format!("{}.eml", what.replace(' ', "-")));
        let (file, size) = (text(file), fs::metadata(file).expect("the message is there").len());
        let files = [file, "--out", text(&out)];
        let (output, peak) = restante_measured(&[&["smime"], &arguments[..1], &files, &arguments[1..]].concat());
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
        let ratio = peak as f64 / size as f64;
        kit::aloud(&format!("smime memory: {what}: {} MB for {} MB ({ratio:.2}), {} build", peak / MB, size / MB, self.build));
        assert!(ratio <= 1.5, "{what}: {peak} octets of memory for a message of {size}");
        out
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// A letter with an attachment that is most of it.
fn letter(file: &Path, size: u64) {
    let mut out = BufWriter::new(File::create(file).expect("a file can be made"));
    let head = "From: Ann <ann@smime.example>\r\nTo: bob@smime.example\r\nSubject: Large\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nSee there.\r\n--m\r\nContent-Type: application/octet-stream\r\n\
        Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=large.bin\r\n\r\n";
    let line = format!("{}\r\n", "Restante".repeat(9) + "AAAA");
    let lines = usize::try_from(size).expect("it fits") / line.len();
    write!(out, "{head}").and_then(|()| (0..lines).try_for_each(|_| out.write_all(line.as_bytes()))).expect("there is room");
    write!(out, "--m--\r\n").and_then(|()| out.flush()).expect("there is room");
}

#[test]
fn a_large_message_takes_no_more_than_one_and_a_half_times_its_size() {
    let (size, build) = if restante_is_release() { (100 * MB, "release") } else { (64 * MB, "debug") };
    let measures = Measures { folder: tempfile::tempdir().expect("a folder can be made"), build };
    let pki = Pki::new();
    let (ann, bob, root) = (pki.person("ann", RSA), pki.person("bob", P256), pki.root());
    let signer = ["--cert", text(&ann.chain), "--key", text(&ann.key)];
    let reader = ["--cert", text(&bob.chain), "--key", text(&bob.key)];
    let plain = measures.folder.path().join("letter.eml");
    letter(&plain, size);
    let verify = [&["verify", "--ca", text(&root)], &reader[..]].concat();
    for more in [&["sign"][..], &["sign", "--opaque"]] {
        let kind = if more.len() > 1 { "opaque" } else { "clear" };
        let signed = measures.measured(&format!("sign {kind}"), &plain, &[more, &signer].concat());
        measures.measured(&format!("verify {kind}"), &signed, &verify);
    }
    for cipher in ["aes256-cbc", "aes256-gcm"] {
        let encrypt = ["encrypt", "--to", text(&bob.cert), "--cipher", cipher];
        let sealed = measures.measured(&format!("encrypt {cipher}"), &plain, &encrypt);
        measures.measured(&format!("decrypt {cipher}"), &sealed, &[&["decrypt"], &reader[..]].concat());
        let both = measures.measured(&format!("sign and encrypt {cipher}"), &plain, &[&encrypt[..], &signer].concat());
        measures.measured(&format!("decrypt and verify {cipher}"), &both, &verify);
    }
}
