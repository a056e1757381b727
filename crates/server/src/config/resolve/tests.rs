use super::*;

fn file(text: &str) -> Option<RawConfig> {
    Some(toml::from_str(text).expect("TOML"))
}

#[test]
fn no_file_is_development_mode() {
    let config = resolve(None, &ServeFlags::default()).expect("config");
    let held = mailbox::Relaying { is_held: true, ..mailbox::Relaying::default() };
    let expected = Config {
        development: true,
        domain: "contoso.com".into(),
        location: Location::from(Path::new("restante-data")),
        http: Address { socket: "127.0.0.1:8025".parse().expect("address"), explicit: false },
        https: Address { socket: "127.0.0.1:8443".parse().expect("address"), explicit: false },
        hosts: Hosts::default().of_development(),
        tls: None,
        smtp: Address { socket: SMTP, explicit: false },
        lmtp: None,
        metrics: None,
        submission: SubmissionConfig { starttls: None, implicit_tls: None, save_to_sent_items: true },
        checks_origin: false,
        refuses_dmarc: false,
        relay: RelayConfig { relaying: held, hello: "contoso.com".to_owned(), ..RelayConfig::default() },
        smime: SmimeConfig::default(),
        notifications: NotificationsConfig::default(),
        name_servers: Vec::new(),
        message_octets: 157_286_400,
        query_work: 1_000_000,
        graph_limits: false,
        trusted_proxies: TrustedProxies::loopback(),
        issuers: Vec::new(),
    };
    assert_eq!(config, expected);
}

#[test]
fn the_command_line_goes_before_the_file() {
    let raw = file(
        "domain = 'Example.ORG'\nhosts = ['Mail.Example.org', '::ffff:10.0.0.1']\n[listen]\nhttp = '127.0.0.1:1'\nhttps = '[::1]:2'\n[limits]\nmessage_octets = 10",
    );
    let flags = ServeFlags { data: Some("d".into()), http: Some("localhost:0".into()), ..ServeFlags::default() };
    let config = resolve(raw, &flags).expect("config");
    assert_eq!(config.http, Address { socket: "127.0.0.1:0".parse().expect("address"), explicit: true });
    assert_eq!(config.https, Address { socket: "[::1]:2".parse().expect("address"), explicit: true });
    assert!(!config.development, "a file is production unless it says otherwise");
    assert_eq!(config.trusted_proxies, TrustedProxies::default(), "nobody is believed who is not named");
    let (names, addresses) = (vec!["mail.example.org".to_owned()], vec!["10.0.0.1".parse().expect("address")]);
    assert_eq!(config.hosts, Hosts { names, addresses, any: false });
    assert_eq!((config.domain.as_str(), config.message_octets), ("example.org", 10));
}

#[test]
fn every_error_is_found() {
    let raw = file(
        "domain = 'a@b'\nhosts = ['mail.a.com', 'https://a.com']\ntrusted_proxies = ['::1', 'proxy']\n[listen]\nhttps = '8443'\n[limits]\nmessage_octets = 0\n[notifications]\nallowed_networks = ['::1', 'neighbours']\nfirst_retry_seconds = 0",
    );
    let flags = ServeFlags { http: Some("here:1".into()), smtp: Some("25".into()), ..ServeFlags::default() };
    let ConfigErrors(errors) = resolve(raw, &flags).expect_err("errors");
    let named = [
        "\"here:1\"",
        "\"8443\"",
        "\"25\"",
        "\"a@b\"",
        "--data",
        "\"neighbours\"",
        "first_retry_seconds",
        "message_octets",
        "\"proxy\"",
        "\"https://a.com\"",
    ];
    assert_eq!(errors.len(), named.len(), "{errors:#?}");
    for (error, name) in errors.iter().zip(named) {
        assert!(error.contains(name) && error.ends_with('.'), "{error}");
    }
    let ConfigErrors(errors) = resolve(file(""), &ServeFlags::default()).expect_err("errors");
    assert_eq!(errors.len(), 2, "{errors:#?}");
}

#[test]
fn a_certificate_stands_beside_the_file_and_is_tried_out() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let flags = ServeFlags { config: Some(dir.path().join("restante.toml")), data: Some("d".into()), ..ServeFlags::default() };
    let resolved = |tls: &str| resolve(file(&format!("domain = 'a.com'\n[tls]\n{tls}")), &flags);
    let refused = |tls: &str, words: &str| {
        let ConfigErrors(errors) = resolved(tls).expect_err("refused");
        assert!(errors.len() == 1 && errors[0].contains(words) && errors[0].ends_with('.'), "{errors:#?}");
    };
    refused("certificate = 'cert.pem'", "together");
    refused("key = 'key.pem'", "together");
    let both = "certificate = 'cert.pem'\nkey = 'key.pem'";
    refused(both, "cert.pem can't be read");
    let [one, other] = ["a.com", "b.com"].map(|name| rcgen::generate_simple_self_signed([name.to_owned()]).expect("made"));
    std::fs::write(dir.path().join("cert.pem"), one.cert.pem()).expect("write");
    std::fs::write(dir.path().join("key.pem"), other.signing_key.serialize_pem()).expect("write");
    refused(both, "can't be used together");
    std::fs::write(dir.path().join("key.pem"), one.signing_key.serialize_pem()).expect("write");
    assert_eq!(resolved(both).expect("a pair").tls.expect("files").key, dir.path().join("key.pem"));
}

#[test]
fn domains_are_names() {
    for good in ["contoso.com", "localhost", "xn--bcher-kva.example", "3com.com"] {
        assert!(is_domain(good), "{good}");
    }
    let long = "a".repeat(64);
    for bad in ["", ".", "a..b", "-a.com", "a-.com", "a b", "bücher.example", long.as_str(), "a.com."] {
        assert!(!is_domain(bad), "{bad}");
    }
}

#[test]
fn a_file_with_an_unknown_key_is_refused_with_its_line() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("restante.toml");
    std::fs::write(&path, "domain = 'a.com'\n[listen]\nftp = '127.0.0.1:21'\n").expect("write");
    let flags = ServeFlags { config: Some(path), ..ServeFlags::default() };
    let error = load(&flags).expect_err("unknown").to_string();
    assert!(error.contains("line 3") && error.contains("ftp"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");

    let flags = ServeFlags { config: Some(dir.path().join("none.toml")), ..ServeFlags::default() };
    assert!(load(&flags).expect_err("missing").to_string().contains("can't be read"));
}

#[test]
fn the_way_out_is_settled_or_all_that_is_wrong_is_said() {
    let of = |text: &str| resolve(file(&format!("development = true\n{text}")), &ServeFlags::default());
    let relay = of("[relay]\nhold = false\nsmarthost = 'smtp.example:465'\nlifetime_seconds = 60").expect("config").relay;
    assert!(relay.relaying.has_one_host && !relay.relaying.is_held && relay.relaying.retry.lifetime.as_secs() == 60);
    assert_eq!(relay.smarthost.map(|one| (one.host, one.port, one.tls, one.must_prove)), {
        Some(("smtp.example".to_owned(), 465, smtp::TlsUse::AtOnce, true))
    });
    for (text, said) in [
        ("[relay]\nsmarthost = 'smtp.example'", "no smarthost"),
        ("[relay]\nuser = 'me'", "for a smarthost"),
        ("[relay]\nsmarthost = 'smtp.example:25'\ntls = 'maybe'", "it must be starttls"),
        ("[relay]\nsmarthost = 'smtp.example:25'\nuser = 'me'", "goes with one of"),
        ("[relay]\nsmarthost = 'smtp.example:25'\nuser = 'me'\npassword_file = '/nowhere/at/all'", "can't be read"),
        ("[relay]\nconnections = 0\nlongest_retry_seconds = 0", "relay.connections is 0"),
        ("[[dkim]]\nselector = 'a b'\nkey = 'key.pem'", "of dkim is none"),
        ("[[dkim]]\nselector = 'a'\nkey = '/nowhere/at/all'", "can't be read"),
    ] {
        let errors = of(text).expect_err(text).to_string();
        assert!(errors.contains(said), "{text}: {errors}");
    }
}

#[test]
fn what_is_wrong_with_smime_is_told_at_once() {
    let text = "domain = 'x.org'\n[smime]\ncipher = 'rot13'\n[[smime.rules]]\nsender = '@'\nwithout_certificate = 'send'\n\
        [smime.ldap]\nurl = 'http://x'\nfilter = '(mail=*)'\nbind_dn = 'cn=x'";
    let flags = ServeFlags { data: Some("d".into()), ..ServeFlags::default() };
    let ConfigErrors(errors) = resolve(file(text), &flags).expect_err("all of it is wrong");
    for name in ["cipher", "sender", "without_certificate", "ldap.url", "ldap.filter", "bind_dn"] {
        assert_eq!(errors.iter().filter(|error| error.contains(name)).count(), 1, "{name}: {errors:?}");
    }
    let text = "domain = 'x.org'\n[smime]\nhide_subject = false\n[[smime.rules]]\nsender = 'A@X.org'\nsign = true";
    let config = resolve(file(text), &flags).expect("config").smime;
    assert_eq!((config.rules.len(), config.rules[0].sender.clone()), (1, Some(mailbox::Pattern::Address("a@x.org".into()))));
    assert_eq!(config.header, mailbox::HeaderProtection::Copied);
}
