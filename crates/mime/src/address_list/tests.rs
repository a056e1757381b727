use super::*;

fn pairs(text: &str) -> Vec<(String, String)> {
    parse(text).into_iter().map(|m| (m.name, m.address)).collect()
}

/// Each list and its mailboxes, `name|address` joined by spaced slashes.
const CASES: &[(&str, &str)] = &[
    ("Adele <AdeleV@contoso.com>", "Adele|AdeleV@contoso.com"),
    ("a@x.org", "|a@x.org"),
    ("a@x.org (Ada (the first) B)", "Ada (the first) B|a@x.org"),
    ("<a@x.org> (Ada)", "Ada|a@x.org"),
    ("Ada <a@x.org> (comment)", "Ada|a@x.org"),
    ("\"Last, First\" <a@x.org>, b@x.org", "Last, First|a@x.org / |b@x.org"),
    ("\"a\\\"b\" <a@x.org>", "a\"b|a@x.org"),
    ("\"quoted local\"@x.org", "|\"quoted local\"@x.org"),
    ("\"evil@x.org\" <a@x.org>", "evil@x.org|a@x.org"),
    ("evil@x.org <a@x.org>", "evil@x.org|a@x.org"),
    ("(evil@x.org) a@x.org", "evil@x.org|a@x.org"),
    ("a@[192.0.2.1], <b@[IPv6:2001:db8::1]>", "|a@[192.0.2.1] / |b@[IPv6:2001:db8::1]"),
    ("<@relay.example,@two.example:l@x.org>", "|l@x.org"),
    ("j . k @ x . org", "|j.k@x.org"),
    ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete|pete@silly.test"),
    ("pete(his account)@silly.test", "his account|pete@silly.test"),
    ("G: a@x.org, B <b@x.org>; c@x.org", "|a@x.org / B|b@x.org / |c@x.org"),
    ("undisclosed-recipients:;", ""),
    (" , ,, ;", ""),
    ("MAILER-DAEMON", "|MAILER-DAEMON"),
    ("John Doe", "John Doe|"),
    ("John Doe j@x.org", "John Doe|j@x.org"),
    ("=?utf-8?q?J=C3=B6?= <a@x.org>", "Jö|a@x.org"),
    ("=?utf-8?q?J=C3?= =?utf-8?q?=B6?= <a@x.org>", "Jö|a@x.org"),
    ("\"=?utf-8?q?J=C3=B6?=\" <a@x.org>", "Jö|a@x.org"),
    ("=?utf-8?q?a=40evil.example?=", "a@evil.example|"),
    ("die =?utf-8?Q?Fr=C3=B6sch@?=", "die Frösch@|"),
    ("<=?utf-8?q?a=40evil.example?=@x.org>", "|=?utf-8?q?a=40evil.example?=@x.org"),
    ("=?utf-8?q?x=0D=0ABcc:_e=40x.org?= <a@x.org>", "x Bcc: e@x.org|a@x.org"),
    ("a@x.org b@x.org", "b@x.org|a@x.org"),
    ("<a@x.org> <b@x.org>", "|a@x.org / |b@x.org"),
    ("Ada <a@x.org, b@x.org", "Ada|a@x.org / |b@x.org"),
    ("<a@x.org", "|a@x.org"),
    ("<>", ""),
    ("\"open <a@x.org>", "open <a@x.org>|"),
    ("(open a@x.org", "open a@x.org|"),
    (")>]\\", "|)>]\\"),
    ("ö@bücher.example", "|ö@bücher.example"),
];

#[test]
fn lists_are_read() {
    for (text, expected) in CASES {
        let found: Vec<String> = pairs(text).into_iter().map(|(name, address)| format!("{name}|{address}")).collect();
        assert_eq!(found.join(" / "), *expected, "{text:?}");
    }
}
