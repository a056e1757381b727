use super::*;
use crate::fake_clock::FakeClock;
use store::Clock;

fn names(dns: &[&str]) -> Names {
    Names::with(&dns.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), &["10.0.0.1".parse().expect("address")])
}

#[test]
fn the_authority_stays_and_its_key_is_the_owners() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("temporary directory");
    let clock = FakeClock::at_noon();
    let first = Authority::open(dir.path(), &names(&["a.example", "b.example"]), clock.now()).expect("authority");
    let text = fs::read(first.pem()).expect("pem");
    clock.advance(400 * DAY);
    let second = Authority::open(dir.path(), &names(&["b.example"]), clock.now()).expect("authority");
    assert_eq!(fs::read(second.pem()).expect("pem"), text, "also where it speaks for fewer names");
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
    let error = Authority::open(dir.path(), &names(&[]), Timestamp::default()).err().expect("refused");
    assert!(error.to_string().contains("ca-key.pem can't be read"), "{error:#}");
    assert_eq!(fs::read_to_string(&file).expect("file"), "no key");
}

#[test]
fn the_authority_speaks_for_the_servers_names_alone() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let now = FakeClock::at_noon().now();
    let authority = Authority::open(dir.path(), &names(&["mail.example"]), now).expect("authority");
    let speaks = |dns: &[&str], addresses: &[&str]| {
        let dns = dns.iter().map(|&name| name.to_owned()).collect();
        let addresses = addresses.iter().map(|text| text.parse().expect("address")).collect();
        authority.speaks_for(&Names { dns, addresses }, now).expect("tried")
    };
    assert!(speaks(&["localhost", "mail.example", "a.mail.example"], &["127.0.0.1", "127.1.2.3", "::1", "10.0.0.1"]));
    for other in ["bank.example", "example", "mail.example.org", "notmail.example", "graph.microsoft.com"] {
        assert!(!speaks(&[other], &[]), "{other}");
    }
    for other in ["10.0.0.2", "128.0.0.1", "::2"] {
        assert!(!speaks(&[], &[other]), "{other}");
    }
}

#[test]
fn new_names_make_the_authority_anew_with_the_same_key() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let now = FakeClock::at_noon().now();
    let first = Authority::open(dir.path(), &names(&["a.example"]), now).expect("authority");
    let text = fs::read(first.pem()).expect("pem");
    let second = Authority::open(dir.path(), &names(&["b.example"]), now).expect("authority");
    assert_ne!(fs::read(second.pem()).expect("pem"), text);
    assert!(second.speaks_for(&names(&["b.example"]), now).expect("tried"));
    assert_eq!(first.issuer.key().serialized_der(), second.issuer.key().serialized_der());
}

/// Earlier versions made a CA without limits, which people have told their machines to trust.
#[test]
fn an_authority_without_limits_stays() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let now = FakeClock::at_noon().now();
    let made = Authority::open(dir.path(), &names(&[]), now).expect("authority");
    let mut params = authority_params(made.issuer.key(), &names(&[]), now);
    (params.name_constraints, params.extended_key_usages) = (None, Vec::new());
    let text = params.self_signed(made.issuer.key()).expect("signed").pem();
    fs::write(made.pem(), &text).expect("write");
    let again = Authority::open(dir.path(), &names(&["graph.microsoft.com"]), now).expect("authority");
    assert_eq!(fs::read_to_string(again.pem()).expect("pem"), text);
}
