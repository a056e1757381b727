use super::*;
use bytes::Bytes;
use store::ApplicationLimits;

fn person(address: &str) -> Person {
    Person {
        id: MailboxId([1; 16]),
        user_principal_name: address.to_owned(),
        display_name: String::new(),
        given_name: String::new(),
        surname: String::new(),
    }
}

fn authors(text: &'static str) -> Authors {
    Authors::of(&Message::parse(Bytes::from_static(text.as_bytes())), &person("Owner@x.org"))
}

fn addresses(list: &[&str]) -> Vec<String> {
    list.iter().map(|&address| address.to_owned()).collect()
}

#[test]
fn authors_are_those_of_the_header_else_the_owner() {
    for (text, from, sender) in [
        ("Subject: x\n\n", &["Owner@x.org"][..], &[][..]),
        ("From: A <a@x.org>, b@x.org\nSender: c@x.org\n\n", &["a@x.org", "b@x.org"], &["c@x.org"]),
        ("From: ;\nSender:\n\n", &[""], &[""]),
    ] {
        assert_eq!(authors(text), Authors { from: addresses(from), sender: addresses(sender) }, "{text}");
    }
    let sent = authors("From: a@x.org\n\n").sent_by(Some(&person("p@x.org")));
    assert_eq!(sent.sender, ["p@x.org"]);
}

#[test]
fn limits_hold_for_every_author_and_every_recipient() {
    let within = |limits: ApplicationLimits, text: &'static str, to: &[&str]| {
        let acting = Acting { limits, ..Acting::by_capability(&person("p@x.org")) };
        let envelope = Envelope::new(to.iter().map(|&address| address.to_owned())).expect("recipients");
        match acting.check_limits(&authors(text), &envelope) {
            Ok(()) => None,
            Err(MailError::AppLimited(limit)) => Some(limit),
            Err(error) => panic!("{error}"),
        }
    };
    let narrowed = ApplicationLimits {
        from: Some(addresses(&["a@x.org", "b@x.org"])),
        recipient_domains: Some(addresses(&["y.org"])),
        ..ApplicationLimits::default()
    };
    let other = |address: &str| Some(Limit::From(address.to_owned()));
    let domain = |domain: &str| Some(Limit::RecipientDomain(domain.to_owned()));
    for (text, to, outcome) in [
        ("From: A@X.org\n\n", &["z@y.org", "w@Y.ORG"][..], None),
        ("From: a@x.org, b@x.org\nSender: a@x.org\n\n", &["z@y.org"], None),
        ("From: a@x.org, c@x.org\nSender: a@x.org\n\n", &["z@y.org"], other("c@x.org")),
        ("From: a@x.org\nSender: c@x.org\n\n", &["z@y.org"], other("c@x.org")),
        ("From: ;\n\n", &["z@y.org"], other("")),
        ("Subject: x\n\n", &["z@y.org"], other("Owner@x.org")),
        ("From: a@x.org\n\n", &["z@y.org", "z@sub.y.org"], domain("sub.y.org")),
        ("From: a@x.org\n\n", &["z@evily.org"], domain("evily.org")),
    ] {
        assert_eq!(within(narrowed.clone(), text, to), outcome, "{text} to {to:?}");
    }
    assert_eq!(within(ApplicationLimits::default(), "From: c@x.org\n\n", &["z@z.org"]), None);
    let nothing = ApplicationLimits { from: Some(Vec::new()), ..ApplicationLimits::default() };
    assert_eq!(within(nothing, "From: a@x.org\n\n", &["z@y.org"]), other("a@x.org"));
}

#[test]
fn whoever_has_sent_enough_waits_until_the_oldest_is_a_minute_old() {
    let second = |second: i64| Timestamp::from_seconds(second);
    assert_eq!(seconds_until_free(second(0), second(1)), 59);
    assert_eq!(seconds_until_free(Timestamp(1), second(1)), 60, "a second that has begun counts whole");
    assert_eq!(seconds_until_free(second(0), second(60)), 1, "never none");
    assert_eq!(seconds_until_free(second(30), second(0)), 90, "a clock that went back");
}
