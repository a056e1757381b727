use super::*;
use crate::fake_clock::FakeClock;
use rcgen::{CertificateParams, KeyPair};

/// Writes a certificate for `name` with its key, and says where.
fn write(folder: &Path, name: &str) -> CertificateFiles {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("certificate");
    let files = CertificateFiles { certificate: folder.join("fullchain.pem"), key: folder.join("key.pem") };
    fs::write(&files.certificate, made.cert.pem()).expect("write");
    fs::write(&files.key, made.signing_key.serialize_pem()).expect("write");
    files
}

#[test]
fn what_is_no_pair_is_refused_with_its_file() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let files = write(dir.path(), "mail.example");
    files.check().expect("a pair");
    let pem = fs::read(&files.certificate).expect("read");
    let refused = |octets: &[u8], path: &Path| {
        let before = fs::read(path).expect("read");
        fs::write(path, octets).expect("write");
        let error = format!("{:#}", files.check().expect_err("refused"));
        fs::write(path, before).expect("write");
        error
    };
    let other = KeyPair::generate().expect("key").serialize_pem();
    assert!(refused(other.as_bytes(), &files.key).contains("can't be used together"));
    assert!(refused(&pem, &files.key).contains("key.pem holds no private key"));
    assert!(refused(b"nothing", &files.key).contains("key.pem holds no private key"));
    assert!(refused(b"nothing", &files.certificate).contains("fullchain.pem holds no certificate"));
    assert!(refused(other.as_bytes(), &files.certificate).contains("fullchain.pem holds no certificate"));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(refused(broken.as_bytes(), &files.certificate).contains("can't be used together"));
    fs::remove_file(&files.certificate).expect("remove");
    assert!(format!("{:#}", files.check().expect_err("refused")).contains("fullchain.pem can't be read"));
}

#[test]
fn names_are_compared_as_clients_do() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let operator = OperatorCertificate::open(write(dir.path(), "*.mail.example"), FakeClock::at_noon()).expect("opened");
    assert!(operator.is_for("a.mail.example") && operator.is_for("A.MAIL.EXAMPLE"));
    for other in ["mail.example", "a.b.mail.example", "graph.microsoft.com", "", "a b"] {
        assert!(!operator.is_for(other), "{other}");
    }
}

#[test]
fn a_new_pair_counts_and_a_broken_one_does_not() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let operator = OperatorCertificate::open(write(dir.path(), "old.example"), FakeClock::at_noon()).expect("opened");
    fs::write(dir.path().join("key.pem"), "half of a ke").expect("write");
    operator.reload();
    assert!(operator.is_for("old.example"), "the one before stays");
    write(dir.path(), "new.example");
    operator.reload();
    assert!(operator.is_for("new.example") && !operator.is_for("old.example"));
}

/// A pair is not read between the writing of one file and that of the other, and an error isn't told at every look.
#[test]
fn what_changed_is_read_once_when_it_has_settled() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let files = write(dir.path(), "old.example");
    let mut watched = Watched::new(files.states());
    assert!(!watched.has_changed(files.states()), "nothing is new");
    fs::remove_file(&files.key).expect("remove");
    assert!(!watched.has_changed(files.states()), "it was just seen");
    write(dir.path(), "new.example.of.another.length");
    assert!(!watched.has_changed(files.states()), "it is something else again");
    assert!(watched.has_changed(files.states()), "now it is the same twice");
    assert!(!watched.has_changed(files.states()), "and is read once");
}

#[test]
fn dates_are_told_whoever_signed_it() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let files = write(dir.path(), "mail.example");
    let (issuer, key) = (KeyPair::generate().expect("key"), KeyPair::generate().expect("key"));
    let mut params = CertificateParams::new(["mail.example".to_owned()]).expect("params");
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    (params.not_before, params.not_after) = (epoch + Duration::from_secs(1000), epoch + Duration::from_secs(2000));
    let mut other = CertificateParams::default();
    other.distinguished_name.push(rcgen::DnType::CommonName, "Somebody");
    let made = params.signed_by(&key, &rcgen::Issuer::new(other, issuer)).expect("signed");
    fs::write(&files.certificate, made.pem()).expect("write");
    fs::write(&files.key, key.serialize_pem()).expect("write");
    let operator = OperatorCertificate::open(files, FakeClock::at_noon()).expect("opened");
    let said = |seconds| operator.out_of_time(seconds).map(|error| error.to_string()).unwrap_or_default();
    assert!(said(999).contains("not valid yet"), "{}", said(999));
    assert_eq!((said(1000), said(2000)), (String::new(), String::new()));
    assert!(said(2001).contains("expired"), "{}", said(2001));
}
