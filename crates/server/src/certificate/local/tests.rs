use super::*;
use crate::fake_clock::FakeClock;

#[test]
fn the_authority_stays_and_its_key_is_the_owners() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("temporary directory");
    let clock = FakeClock::at_noon();
    let first = Authority::open(dir.path(), clock.now()).expect("authority");
    let text = fs::read(first.pem()).expect("pem");
    clock.advance(400 * DAY);
    let second = Authority::open(dir.path(), clock.now()).expect("authority");
    assert_eq!(fs::read(second.pem()).expect("pem"), text);
    assert_eq!(first.issuer.key().serialized_der(), second.issuer.key().serialized_der());
    let mode = fs::metadata(dir.path().join("tls/ca-key.pem")).expect("key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_key_that_is_none_is_told_and_left_alone() {
    let dir = tempfile::tempdir().expect("temporary directory");
    fs::create_dir(dir.path().join("tls")).expect("folder");
    let file = dir.path().join("tls/ca-key.pem");
    fs::write(&file, "no key").expect("write");
    let error = Authority::open(dir.path(), Timestamp::default()).err().expect("refused");
    assert!(error.to_string().contains("ca-key.pem can't be read"), "{error:#}");
    assert_eq!(fs::read_to_string(&file).expect("file"), "no key");
}

#[test]
fn a_certificate_is_kept_until_thirty_days_before_its_end() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let clock = FakeClock::at_noon();
    let authority = Authority::open(dir.path(), clock.now()).expect("authority");
    let renewing = LocalCertificate::new(authority, Ipv4Addr::LOCALHOST.into(), clock.clone()).expect("certificate");
    let first = renewing.current();
    clock.advance((LIFE - SPARE) * DAY - 1);
    assert!(Arc::ptr_eq(&first, &renewing.current()), "one second before, the same");
    clock.advance(1);
    let second = renewing.current();
    assert!(!Arc::ptr_eq(&first, &second), "then another");
    assert!(Arc::ptr_eq(&second, &renewing.current()), "which is kept in turn");
}
