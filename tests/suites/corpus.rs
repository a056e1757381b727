//! Octets are the truth: every file of the corpus by every road, over HTTP and after a restart. What is stored is the
//! file; what a recipient gets is the file without its Bcc lines, behind fields that the server generated.

mod arrival;
mod refused;
mod roads;
mod signed;

use arrival::demand_arrival;
use kit::{Person, Server, address, aloud, demand_section, each, plain, sha256, shared_path};
use roads::{Run, demand_value, travel};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Files at a time.
const AT_ONCE: usize = 8;

/// A message of the corpus.
#[derive(Debug)]
pub struct File {
    /// Below the corpus, with its folder: `mime/…` or `smime/…`.
    pub name: String,
    pub octets: Vec<u8>,
    pub sha256: String,
}

/// Every message of the corpus; nothing where the shared data is missing.
pub fn files() -> Option<Vec<Arc<File>>> {
    let root = shared_path("corpus")?;
    let mut names = Vec::new();
    for part in ["mime", "smime"] {
        walk(&root.join(part), &mut |path| names.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()));
    }
    names.sort();
    let read = |name: String| {
        let octets = fs::read(root.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Arc::new(File { sha256: sha256(&octets), name, octets })
    };
    Some(names.into_iter().map(read).collect())
}

fn walk(folder: &Path, found: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "eml") {
            found(&path);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_keeps_its_octets_on_every_road() {
    let Some(files) = files() else { return };
    assert_eq!(files.len(), 746 + 98, "the corpus is whole");
    let mut server = Server::start().await;
    let grant = server.restante(&["grant", "send-as", "--user", &address("AdeleV"), "--address", "*"]).await;
    assert!(grant.status.success(), "{}", String::from_utf8_lossy(&grant.stderr));
    let adele = server.person("AdeleV");
    server.person("AlexW").send_mime(&plain("AlexW", &["AdeleV"], "To be answered")).await.demand(202);
    let original: Arc<str> = adele.arrived("To be answered").await["id"].as_str().unwrap().into();
    let work = files.iter().map(|file| (adele.clone(), file.clone(), original.clone()));
    let runs: Vec<Run> =
        each(AT_ONCE, work, |(adele, file, original)| async move { travel(&adele, file, &original).await }).await;
    refused::demand_listed(&runs);
    let delivered = demand_arrival(&server.person("AlexW"), &runs).await;
    server.stop().await;
    server.restart().await;
    let again = demand_all_kept(&server.person("AdeleV"), &runs).await;
    report(&runs, &delivered, again);
    signed::demand_verifying(&files, &delivered).await;
    server.finish().await;
}

/// Demands the octets of everything that was stored; tells how many messages that are.
async fn demand_all_kept(adele: &Person, runs: &[Run]) -> usize {
    let kept = runs.iter().flat_map(|run| run.kept.iter().map(|(road, id)| (adele.clone(), run.file.clone(), *road, id.clone())));
    each(AT_ONCE, kept, |(adele, file, road, id)| async move { demand_value(&adele, &id, &file, road).await }).await.len()
}

/// Prints the counts, and demands that the document says them.
fn report(runs: &[Run], delivered: &[arrival::Delivered], again: usize) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for road in runs.iter().flat_map(|run| &run.identical) {
        *counts.entry(road).or_default() += 1;
    }
    let all = runs.len();
    let mut lines = vec!["| road | byte-identical |".to_owned(), "|---|---|".to_owned()];
    lines.extend(counts.iter().map(|(road, count)| format!("| {road} | {count} of {all} |")));
    lines.push(format!("| all that was stored, after a restart | {again} of {again} |"));
    lines.push(format!(
        "| copies that arrived: generated fields, then the octets without Bcc's lines | {0} of {0} |",
        delivered.len()
    ));
    for line in &lines[2..] {
        aloud(&format!("corpus: {}", line.trim_matches(['|', ' '])));
    }
    let refused = refused::listed();
    demand_section("conformance/mime.md", "corpus", &format!("{}\n\n{refused}", lines.join("\n")));
}
