use super::*;
use crate::certificate::{LocalCertificate, Names};
use crate::fake_clock::FakeClock;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// A data directory with a CA, and a machine whose program notes in a file how often it ran, and what it found then.
async fn fixture() -> (TempDir, LocalCa, Machine) {
    let home = tempfile::tempdir().expect("temporary directory");
    let data = home.path().join("data");
    fs::create_dir(&data).expect("data");
    LocalCertificate::open(&data.as_path().into(), Names::with(&[], &[]), FakeClock::at_noon()).await.expect("a CA");
    let folder = home.path().join("added");
    fs::create_dir(&folder).expect("folder");
    let update = home.path().join("update");
    fs::write(&update, format!("#!/bin/sh\nls {} | wc -l >> {}\n", folder.display(), home.path().join("ran").display()))
        .expect("program");
    fs::set_permissions(&update, fs::Permissions::from_mode(0o755)).expect("program");
    let ca = LocalCa::open(&data).expect("the CA");
    (home, ca, Machine { folder, update })
}

fn ran(home: &TempDir) -> Vec<String> {
    fs::read_to_string(home.path().join("ran")).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_machine_is_told_to_trust_and_no_more() {
    let (home, ca, machine) = fixture().await;
    let said = machine.install(&ca).expect("installed");
    let added = machine.place(&ca.dir);
    assert!(said.contains(&added.display().to_string()), "{said}");
    assert_eq!(fs::read(&added).expect("added"), fs::read(&ca.file).expect("the CA"));
    assert_eq!(fs::metadata(&added).expect("added").permissions().mode() & 0o777, 0o644);
    machine.install(&ca).expect("again");
    assert_eq!(ran(&home), ["1", "1"], "it takes its own place");
    assert!(machine.remove(&ca.dir).expect("removed").contains("no more") && !added.exists());
    assert!(machine.remove(&ca.dir).expect("nothing to do").contains("was not told"));
    assert_eq!(ran(&home), ["1", "1", "0"], "what is not there is not removed");
}

#[tokio::test]
async fn another_kind_of_machine_and_a_program_that_fails_are_told() {
    let (home, ca, machine) = fixture().await;
    fs::write(&machine.update, "#!/bin/sh\nexit 3\n").expect("program");
    assert!(machine.install(&ca).expect_err("it fails").to_string().contains("exit status: 3"));
    fs::remove_file(&machine.update).expect("remove");
    for error in [machine.install(&ca).expect_err("no Debian"), machine.remove(&ca.dir).expect_err("no Debian")] {
        assert!(error.to_string().contains("ca-certificates"), "{error}");
    }
    drop(home);
}

/// A machine that trusts a CA without limits believes it about its bank too.
#[tokio::test]
async fn a_ca_without_limits_is_not_installed() {
    let (home, _, machine) = fixture().await;
    let data = home.path().join("data");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    fs::write(data.join("tls/ca.pem"), made.cert.pem()).expect("write");
    let ca = LocalCa::open(&data).expect("the CA");
    let error = machine.install(&ca).expect_err("refused").to_string();
    assert!(error.contains("any server") && ran(&home).is_empty(), "{error}");
    assert!(how::explain(&ca).contains("ANY server"));
}

#[tokio::test]
async fn the_explanation_names_file_and_fingerprint() {
    let (_home, ca, _) = fixture().await;
    let text = how::explain(&ca);
    assert!(text.contains(&format!("NODE_EXTRA_CA_CERTS={}", ca.file.display())) && text.contains("keytool"));
    let fingerprint = ca.fingerprint();
    assert!(text.contains(&fingerprint) && fingerprint.len() == 32 * 3 - 1);
    assert!(text.contains("limited to localhost"));
    let empty = tempfile::tempdir().expect("temporary directory");
    assert!(LocalCa::open(empty.path()).err().expect("refused").to_string().contains("no CA"));
}
