use super::*;
use crate::fake_clock::FakeClock;
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use store::Clock;

/// What a server that starts in `dir` now would write.
fn written(dir: &Path, clock: &Arc<FakeClock>, http: &str) -> Value {
    let keys = Keys::open(dir).expect("keys");
    let tenant = Tenant::of(&keys);
    let identity = Identity::new(&keys, &tenant.id.to_string(), clock.clone()).expect("identity");
    let at = |text: &str| text.parse().expect("address");
    let addresses = Addresses { http: at(http), https: at("127.0.0.1:2"), smtp: at("127.0.0.1:3") };
    let people = people(&tenant, "contoso.com");
    let dev = DevFile::new(addresses, (&dir.join("tls/ca.pem"), &dir.join("keys/app.pem")), (&keys, &tenant, &identity), &people)
        .expect("dev");
    let file = dir.join("dev.json");
    dev.write(&file).expect("write");
    let mode = std::fs::metadata(&file).expect("dev.json").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "its owner's alone");
    serde_json::from_slice(&std::fs::read(&file).expect("read")).expect("JSON")
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().expect("object").keys().map(String::as_str).collect()
}

#[test]
fn dev_json_has_the_promised_members() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let dev = written(dir.path(), &FakeClock::at_noon(), "127.0.0.1:1");
    let expected = [
        "base_url",
        "https_url",
        "ca",
        "authority",
        "smtp",
        "tenant",
        "client_id",
        "client_secret",
        "client_certificate",
        "people",
    ];
    assert_eq!(members(&dev), expected);
    assert_eq!(dev["base_url"], "http://127.0.0.1:1/v1.0");
    assert_eq!(dev["https_url"], "https://127.0.0.1:2/v1.0");
    assert_eq!(dev["authority"], "https://127.0.0.1:2");
    for member in ["tenant", "client_id"] {
        Uuid::parse_str(dev[member].as_str().expect("text")).expect("a GUID");
    }
    let people = dev["people"].as_array().expect("people");
    let names: Vec<&Value> = people.iter().map(|person| &person["userPrincipalName"]).collect();
    assert_eq!(names, ["AdeleV@contoso.com", "AlexW@contoso.com", "ChristieC@contoso.com", "MeganB@contoso.com"]);
    for person in people {
        assert_eq!(members(person), ["id", "userPrincipalName", "displayName", "password", "token"]);
    }
    assert_eq!(people[0]["displayName"], "Adele Vance");
    let secrets: BTreeSet<&str> = people
        .iter()
        .flat_map(|person| [&person["password"], &person["token"], &person["id"]])
        .chain([&dev["client_secret"]])
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(secrets.len(), 13, "all differ");
}

#[test]
fn secrets_stay_over_a_restart_and_differ_between_directories() {
    let (dir, other) = (tempfile::tempdir().expect("temporary directory"), tempfile::tempdir().expect("temporary directory"));
    let clock = FakeClock::at_noon();
    let first = written(dir.path(), &clock, "127.0.0.1:1");
    clock.advance(60 * 60);
    let mut second = written(dir.path(), &clock, "127.0.0.1:3");
    assert_ne!(first, second, "the port changed");
    second["base_url"] = first["base_url"].clone();
    assert_eq!(first, second, "and nothing else");
    let stranger = written(other.path(), &clock, "127.0.0.1:1");
    for member in ["tenant", "client_id", "client_secret", "people"] {
        assert_ne!(first[member], stranger[member], "{member}");
    }
}

#[tokio::test]
async fn a_token_is_good_for_thirty_days() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let clock = FakeClock::at_noon();
    let dev = written(dir.path(), &clock, "127.0.0.1:1");
    let keys = Keys::open(dir.path()).expect("keys");
    let identity = Identity::new(&keys, dev["tenant"].as_str().expect("tenant"), clock.clone()).expect("identity");
    let bearer = format!("Bearer {}", dev["people"][2]["token"].as_str().expect("token"));
    clock.advance(30 * 24 * 60 * 60);
    let caller = identity.prove(Some(&bearer)).await.expect("still good");
    let identity::Who::Person { id } = caller.who() else { panic!("{caller:?}") };
    assert_eq!(id.to_string(), dev["people"][2]["id"].as_str().expect("id"));
    assert!(caller.may(&[identity::Scope::MailSend]) && caller.may(&[identity::Scope::MailReadWrite]));
}

#[tokio::test]
async fn people_move_in_once() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = Store::serve(dir.path()).expect("store");
    let keys = Keys::open(dir.path()).expect("keys");
    let tenant = Tenant::of(&keys);
    for _ in 0..2 {
        move_in(&store, people(&tenant, "contoso.com"), FakeClock::at_noon().now()).await.expect("move in");
    }
    let found = store.read::<_, StoreError>(|tx| tx.person_by_address("alexw@CONTOSO.com")).await.expect("read");
    assert_eq!(found.expect("Alex"), people(&tenant, "contoso.com")[1]);
    assert_eq!(store::check(dir.path()).expect("check"), Vec::<String>::new());
}
