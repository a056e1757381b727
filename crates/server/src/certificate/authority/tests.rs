use super::*;
use crate::fake_clock::FakeClock;
use std::fs;
use store::Clock;

fn names(dns: &[&str]) -> Names {
    Names::with(&dns.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), &["10.0.0.1".parse().expect("address")])
}

#[tokio::test]
async fn the_authority_stays_and_its_key_is_the_owners() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("temporary directory");
    let clock = FakeClock::at_noon();
    let first = Authority::open(&dir.path().into(), &names(&["a.example", "b.example"]), clock.now()).await.expect("authority");
    let text = fs::read(first.pem()).expect("pem");
    clock.advance(400 * DAY);
    let second = Authority::open(&dir.path().into(), &names(&["b.example"]), clock.now()).await.expect("authority");
    assert_eq!(fs::read(second.pem()).expect("pem"), text, "also where it speaks for fewer names");
    assert_eq!(first.issuer.key().serialized_der(), second.issuer.key().serialized_der());
    let mode = fs::metadata(dir.path().join("tls/ca-key.pem")).expect("key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_key_that_is_none_is_told_and_left_alone() {
    let dir = tempfile::tempdir().expect("temporary directory");
    fs::create_dir(dir.path().join("tls")).expect("folder");
    let file = dir.path().join("tls/ca-key.pem");
    fs::write(&file, "no key").expect("write");
    let error = Authority::open(&dir.path().into(), &names(&[]), Timestamp::default()).await.err().expect("refused");
    assert!(error.to_string().contains("ca-key.pem can't be read"), "{error:#}");
    assert_eq!(fs::read_to_string(&file).expect("file"), "no key");
}

#[tokio::test]
async fn the_authority_speaks_for_the_servers_names_alone() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let now = FakeClock::at_noon().now();
    let authority = Authority::open(&dir.path().into(), &names(&["mail.example"]), now).await.expect("authority");
    let speaks = |dns: &[&str], addresses: &[&str]| {
        let dns = dns.iter().map(|&name| name.to_owned()).collect();
        let addresses = addresses.iter().map(|text| text.parse().expect("address")).collect();
        authority.speaks_for(&fs::read(authority.pem()).expect("pem"), &Names { dns, addresses }, now).expect("tried")
    };
    assert!(speaks(&["localhost", "mail.example", "a.mail.example"], &["127.0.0.1", "127.1.2.3", "::1", "10.0.0.1"]));
    for other in ["bank.example", "example", "mail.example.org", "notmail.example", "graph.microsoft.com"] {
        assert!(!speaks(&[other], &[]), "{other}");
    }
    for other in ["10.0.0.2", "128.0.0.1", "::2"] {
        assert!(!speaks(&[], &[other]), "{other}");
    }
}

#[tokio::test]
async fn new_names_make_the_authority_anew_with_the_same_key() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let now = FakeClock::at_noon().now();
    let first = Authority::open(&dir.path().into(), &names(&["a.example"]), now).await.expect("authority");
    let text = fs::read(first.pem()).expect("pem");
    let second = Authority::open(&dir.path().into(), &names(&["b.example"]), now).await.expect("authority");
    assert_ne!(fs::read(second.pem()).expect("pem"), text);
    assert!(second.speaks_for(&fs::read(second.pem()).expect("pem"), &names(&["b.example"]), now).expect("tried"));
    assert_eq!(first.issuer.key().serialized_der(), second.issuer.key().serialized_der());
}

/// Earlier versions made a CA without limits, which people have told their machines to trust.
#[tokio::test]
async fn an_authority_without_limits_stays() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let now = FakeClock::at_noon().now();
    let made = Authority::open(&dir.path().into(), &names(&[]), now).await.expect("authority");
    let mut params = authority_params(made.issuer.key(), &names(&[]), now);
    (params.name_constraints, params.extended_key_usages) = (None, Vec::new());
    let text = params.self_signed(made.issuer.key()).expect("signed").pem();
    fs::write(made.pem(), &text).expect("write");
    let again = Authority::open(&dir.path().into(), &names(&["graph.microsoft.com"]), now).await.expect("authority");
    assert_eq!(fs::read_to_string(again.pem()).expect("pem"), text);
}

#[tokio::test]
async fn nodes_have_one_authority_that_speaks_for_all_of_them() {
    let [home, one, other] = [(); 3].map(|()| tempfile::tempdir().expect("temporary directory"));
    let (now, store) = (FakeClock::at_noon().now(), store::Store::serve(home.path()).expect("store"));
    let secrets = |dir: &Path| Secrets::Store { store: store.clone(), dir: dir.to_owned(), now };
    let first = Authority::open(&secrets(one.path()), &names(&["a.example"]), now).await.expect("authority");
    let second = Authority::open(&secrets(other.path()), &names(&["b.example"]), now).await.expect("authority");
    assert_eq!(first.issuer.key().serialized_der(), second.issuer.key().serialized_der());
    assert!(!one.path().join("tls/ca-key.pem").exists(), "the key stands in the store alone");
    let said = fs::read(second.pem()).expect("pem");
    for (authority, name) in [(&first, "a.example"), (&second, "b.example")] {
        assert!(authority.speaks_for(&said, &names(&[name]), now).expect("tried"), "{name}");
    }
    assert!(!first.speaks_for(&fs::read(first.pem()).expect("pem"), &names(&["b.example"]), now).expect("tried"));
    let again = Authority::open(&secrets(one.path()), &names(&["a.example"]), now).await.expect("authority");
    assert_eq!(fs::read(again.pem()).expect("pem"), said, "it follows at the next start, and makes none anew");
    assert!(said.starts_with(b"-----BEGIN"), "what clients read is the certificate alone");
}
