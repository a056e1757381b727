use super::*;

const NOON: i64 = 1_800_014_400;
const ADA: Target<'_> = Target::Person("ada@contoso.com");

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOON + seconds)
}

fn from(address: &str) -> Source {
    Source(address.parse().expect("an address"))
}

/// A network of its own for each number.
fn nth(number: u32) -> Source {
    Source(IpAddr::V4((0x0a00_0000 + number).into()))
}

/// Fails at that second; gives the seconds that it must wait instead, or none.
fn fail(guesses: &Guesses, target: Target<'_>, source: Source, seconds: i64) -> Option<i64> {
    guesses.begin(target, source, at(seconds)).err()
}

fn succeed(guesses: &Guesses, target: Target<'_>, source: Source, seconds: i64) {
    let Ok(attempt) = guesses.begin(target, source, at(seconds)) else { panic!("it must wait") };
    attempt.right();
}

#[test]
fn each_failure_after_the_fifth_costs_twice_the_time() {
    let guesses = Guesses::default();
    let home = from("192.0.2.1");
    let mut now = 0;
    for _ in 0..5 {
        assert_eq!(fail(&guesses, ADA, home, now), None);
    }
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] {
        assert_eq!(fail(&guesses, ADA, home, now), Some(wait));
        assert_eq!(fail(&guesses, ADA, home, now + wait - 1), Some(1), "asking again costs nothing more");
        now += wait;
        assert_eq!(fail(&guesses, ADA, home, now), None, "after {wait} s");
    }
    for _ in 0..10 {
        assert_eq!(fail(&guesses, ADA, home, now), Some(900), "a quarter of an hour is the most");
        now += 900;
        assert_eq!(fail(&guesses, ADA, home, now), None);
    }
    assert_eq!(fail(&guesses, Target::Person("ADA@Contoso.com"), home, now), Some(900), "in any case");
}

#[test]
fn one_who_is_right_begins_anew_and_time_forgets() {
    let guesses = Guesses::default();
    let home = from("192.0.2.1");
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(fail(&guesses, ADA, home, 0), None);
        }
        succeed(&guesses, ADA, home, 0);
    }
    for _ in 0..5 {
        assert_eq!(fail(&guesses, ADA, home, 0), None);
    }
    assert_eq!(fail(&guesses, ADA, home, 0), Some(1));
    for _ in 0..5 {
        assert_eq!(fail(&guesses, ADA, home, 5 * 900), None, "five quarters of an hour later");
    }
    assert_eq!(fail(&guesses, ADA, home, 5 * 900), Some(1));
}

#[test]
fn a_stranger_elsewhere_keeps_nobody_out() {
    let guesses = Guesses::default();
    let (home, cafe) = (from("192.0.2.1"), from("192.0.2.2"));
    for second in 0..10_000 {
        let _ = guesses.begin(ADA, from("198.51.100.7"), at(second)); // most of them must wait
    }
    succeed(&guesses, ADA, home, 10_000);
    succeed(&guesses, ADA, cafe, 10_000);
}

#[test]
fn many_networks_share_one_allowance_and_known_ones_are_exempt() {
    let guesses = Guesses::default();
    let home = from("192.0.2.1");
    succeed(&guesses, ADA, home, 0);
    let tried = (0..1000).filter(|number| fail(&guesses, ADA, nth(*number), 0).is_none()).count();
    assert_eq!(tried, 50, "a thousand machines, each of which fails once");
    assert_eq!(fail(&guesses, ADA, nth(2000), 0), Some(1));
    succeed(&guesses, ADA, home, 0);
    assert_eq!(fail(&guesses, Target::Person("bob@contoso.com"), nth(2000), 0), None, "nobody else is concerned");
    let tried = (0..3600).filter(|second| fail(&guesses, ADA, nth(10_000 + *second), i64::from(*second)).is_none()).count();
    assert!(tried <= 66, "a name costs a minute each, from wherever: {tried} in an hour");
    succeed(&guesses, ADA, nth(1_000_000), 3600 + 60);
}

#[test]
fn one_network_can_not_go_through_all_names() {
    let guesses = Guesses::default();
    let name = |number: u32| format!("p{number}@contoso.com");
    let tried = (0..1000).filter(|number| fail(&guesses, Target::Person(&name(*number)), from("192.0.2.1"), 0).is_none()).count();
    assert_eq!(tried, 100);
    assert_eq!(fail(&guesses, Target::Person(&name(5000)), from("192.0.2.1"), 0), Some(1));
    assert_eq!(fail(&guesses, Target::Person(&name(5000)), from("192.0.2.2"), 0), None);
}

#[test]
fn sixty_four_bits_of_version_6_are_one_network_and_a_mapped_address_is_version_4() {
    let guesses = Guesses::default();
    for last in 1..=5 {
        assert_eq!(fail(&guesses, ADA, from(&format!("2001:db8::{last}")), 0), None);
    }
    assert_eq!(fail(&guesses, ADA, from("2001:db8::ffff:1"), 0), Some(1));
    assert_eq!(fail(&guesses, ADA, from("2001:db8:0:1::1"), 0), None);
    for _ in 0..5 {
        assert_eq!(fail(&guesses, ADA, from("::ffff:192.0.2.1"), 0), None);
    }
    assert_eq!(fail(&guesses, ADA, from("192.0.2.1"), 0), Some(1));
}

#[test]
fn attempts_at_the_same_time_count_before_they_are_done() {
    let guesses = Guesses::default();
    let home = from("192.0.2.1");
    let running: Vec<_> = (0..8).map(|_| guesses.begin(ADA, home, at(0))).collect();
    assert_eq!(running.iter().filter(|attempt| attempt.is_ok()).count(), 5);
    for attempt in running.into_iter().flatten() {
        attempt.withdraw(); // the server failed: nobody's guess
    }
    for _ in 0..5 {
        assert_eq!(fail(&guesses, ADA, home, 0), None);
    }
}

#[test]
fn apps_and_devices_have_rules_of_their_own() {
    let guesses = Guesses::default();
    let home = from("192.0.2.1");
    for (target, free) in [(Target::App("one"), 100), (Target::App("two"), 100), (Target::Device, 20)] {
        assert_eq!((0..200).filter(|_| fail(&guesses, target, home, 0).is_none()).count(), free, "{target:?}");
        assert_eq!(fail(&guesses, target, from("192.0.2.2"), 0), None);
    }
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out() {
    let guesses = Guesses::default();
    let home = from("192.0.2.1");
    for _ in 0..5 {
        assert_eq!(fail(&guesses, ADA, home, 0), None);
    }
    assert_eq!(fail(&guesses, ADA, home, -1_000_000), Some(900), "at most what the rule says");
}

#[test]
fn memory_has_an_end_and_keeps_who_failed_most() {
    let guesses = Guesses::default();
    let bad = from("192.0.2.1");
    for _ in 0..5 {
        assert_eq!(fail(&guesses, ADA, bad, 0), None);
    }
    for number in 0..60_000 {
        assert_eq!(fail(&guesses, Target::Person(&number.to_string()), nth(number), 0), None);
    }
    assert!(guesses.entries().len() <= MOST);
    assert_eq!(fail(&guesses, ADA, bad, 0), Some(1));
}
