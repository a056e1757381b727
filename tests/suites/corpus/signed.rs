//! Signatures that held before a message was sent hold after it arrived, by OpenSSL's judgement.

use super::arrival::Delivered;
use super::{AT_ONCE, File};
use kit::{aloud, each, fields, shared, shared_path};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::process::Command;

/// The moment at which chains are judged, as in the table of outcomes: 2026-09-01.
const AT: &str = "1788220800";

/// Demands that OpenSSL verifies each delivered multipart/signed message exactly where it verified the file.
pub async fn demand_verifying(files: &[Arc<File>], delivered: &[Delivered]) {
    let folder = Arc::new(tempfile::tempdir().expect("a temporary directory can be made"));
    let roots = Arc::new(roots(&folder));
    let is_signed = |file: &File| {
        let types: Vec<String> = fields(&file.octets).iter().filter(|field| field.is("Content-Type")).map(|f| f.body()).collect();
        types.first().is_some_and(|body| body.to_lowercase().starts_with("multipart/signed"))
    };
    let signed: Vec<Arc<File>> = files.iter().filter(|file| is_signed(file)).cloned().collect();
    let before = judged(&folder, &roots, signed.iter().map(|file| (file.clone(), file.octets.clone()))).await;
    let of_signed = delivered.iter().filter(|one| is_signed(&one.file));
    let after = judged(&folder, &roots, of_signed.map(|one| (one.file.clone(), one.octets.clone()))).await;
    let verdicts: HashMap<&str, bool> = before.iter().map(|(name, verdict)| (name.as_str(), *verdict)).collect();
    demand_known_outcomes(&verdicts);
    for (name, verdict) in &after {
        assert_eq!(*verdict, verdicts[name.as_str()], "the signature of {name} after delivery");
    }
    let holds = |judged: &[(String, bool)]| judged.iter().filter(|(_, verdict)| *verdict).count();
    aloud(&format!(
        "corpus: multipart/signed by openssl cms: {} of {} files verify; of their {} delivered copies {} of the {} due",
        holds(&before),
        before.len(),
        after.len(),
        holds(&after),
        after.iter().filter(|(name, _)| verdicts[name.as_str()]).count(),
    ));
}

/// Demands that OpenSSL judges the files as the table of outcomes says: else the comparison would prove nothing.
fn demand_known_outcomes(verdicts: &HashMap<&str, bool>) {
    let table = String::from_utf8(shared("corpus/smime/outcomes.tsv").expect("the corpus is there")).unwrap();
    let mut known = 0;
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (name, layer, kind, chain) = (columns[1], columns[2], columns[3], columns[5]);
        if layer == "1" && kind == "clear" {
            assert_eq!(verdicts[format!("smime/{name}").as_str()], chain == "ok", "OpenSSL's verdict on {name}");
            known += 1;
        }
    }
    assert!(known > 0, "the table has clear-signed messages");
}

/// The roots by which each file is judged, as a file of PEM; other files are judged without a chain.
fn roots(folder: &TempDir) -> HashMap<String, PathBuf> {
    let sets: Value = serde_json::from_slice(&shared("corpus/smime/sets.json").expect("the corpus is there")).unwrap();
    let base = shared_path("corpus/smime").expect("the corpus is there");
    let mut roots = HashMap::new();
    for set in sets.as_array().unwrap() {
        let texts = |name: &str| set[name].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
        let pem: Vec<u8> = texts("roots").flat_map(|root| std::fs::read(base.join(root)).unwrap()).collect();
        let path = folder.path().join(format!("{}.pem", set["name"].as_str().unwrap()));
        std::fs::write(&path, pem).unwrap();
        roots.extend(texts("messages").map(|message| (format!("smime/{message}"), path.clone())));
    }
    roots
}

async fn judged(
    folder: &Arc<TempDir>,
    roots: &HashMap<String, PathBuf>,
    messages: impl Iterator<Item = (Arc<File>, Vec<u8>)>,
) -> Vec<(String, bool)> {
    let numbered = messages.enumerate().map(|(number, (file, octets))| {
        let path = folder.path().join(number.to_string());
        std::fs::write(&path, octets).unwrap();
        (file.name.clone(), path, roots.get(&file.name).cloned())
    });
    each(AT_ONCE, numbered, |(name, path, roots)| async move { (name, verifies(&path, roots.as_deref()).await) }).await
}

async fn verifies(message: &Path, roots: Option<&Path>) -> bool {
    let mut command = Command::new("openssl");
    command.args(["cms", "-verify", "-inform", "SMIME", "-out", "/dev/null", "-in"]).arg(message);
    match roots {
        Some(roots) => command.args(["-no-CApath", "-attime", AT, "-CAfile"]).arg(roots),
        None => command.arg("-noverify"),
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.expect("openssl can be started").success()
}
