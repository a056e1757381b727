//! `$search`: what is found, in which order, how soon, and what is no search (behaviour 6.9, 6.10, 6.11).

use kit::{Person, Server, address, letter, plain, until};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

mod combined;
mod dialects;
mod follows;

/// Percent-encodes all but letters and figures.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, octet| {
        match octet {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(octet)),
            other => out += &format!("%{other:02X}"),
        }
        out
    })
}

fn list(kql: &str) -> String {
    format!("messages?$search={}", encoded(&format!("\"{}\"", kql.replace('\\', r"\\").replace('"', "\\\""))))
}

fn subjects(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|message| message["subject"].as_str().unwrap().to_owned()).collect()
}

/// The subjects of what is found by KQL, on all pages.
async fn found(person: &Person, kql: &str) -> Vec<String> {
    subjects(&person.all(&list(kql)).await)
}

async fn import(person: &Person, octets: &[u8]) -> Value {
    person.post_mime("messages?import&isRead=false", octets).await.demand(201).json()
}

const INVOICE: &str = "Content-Type: text/plain\r\n\r\nThe invoice of March is attached, Crème brûlée included.\r\n";
const PLAN: &str = "Content-Type: application/pdf; name=\"Plan 2024.pdf\"\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n";

/// Four messages that differ in everything that can be asked for.
async fn shelf(person: &Person) {
    let fields = |from: &'static str, to: &'static str, subject: &'static str, date: &'static str| {
        [("From", from), ("To", to), ("Subject", subject), ("Date", date), ("MIME-Version", "1.0")]
    };
    let invoice = fields("Grace <grace@example.com>", "adelev@contoso.com", "Money", "Mon, 15 Jan 2024 10:00:00 +0000");
    let mixed = [("Content-Type", "multipart/mixed; boundary=b"), ("Importance", "high")];
    let body = format!("--b\r\n{INVOICE}--b\r\n{PLAN}--b--\r\n");
    import(person, &letter(&[&invoice[..], &mixed].concat(), &body)).await;
    let lunch = fields("alan@example.com", "Team <team@contoso.com>", "Lunch on Friday", "Tue, 16 Jan 2024 10:00:00 +0000");
    let cc = [("Cc", "Edith Clarke <edith@example.net>"), ("Content-Type", "text/html")];
    let html = "<p>Let us <b>meet</b> at the <i>corner</i>, no invoice needed</p><script>hidden()</script>";
    import(person, &letter(&[&lunch[..], &cc].concat(), html)).await;
    let japan = fields(
        "=?utf-8?B?5bGx55Sw?= <yamada@example.jp>",
        "adelev@contoso.com",
        "=?utf-8?B?6KaL56mN5pu4?=",
        "Wed, 1 Feb 2023 10:00:00 +0000",
    );
    let utf8 = [("Content-Type", "text/plain; charset=utf-8")];
    import(person, &letter(&[&japan[..], &utf8].concat(), "御見積書を送付します。\r\n")).await;
    let large = fields("alan@example.com", "adelev@contoso.com", "Large", "Thu, 1 Feb 2024 10:00:00 +0000");
    import(person, &letter(&large, &"word ".repeat(4000))).await;
}

#[tokio::test]
async fn each_property_finds_what_it_names() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    shelf(&adele).await;
    let estimate = "見積書";
    let cases: [(&str, &[&str]); 42] = [
        ("invoice", &["Lunch on Friday", "Money"]),
        ("INVOICE", &["Lunch on Friday", "Money"]),
        ("invoic", &[]),
        ("invoic*", &["Lunch on Friday", "Money"]),
        ("creme", &["Money"]),
        ("hidden", &[]),
        ("\"meet at the corner\"", &["Lunch on Friday"]),
        ("\"meet the corner\"", &[]),
        ("corner meet", &["Lunch on Friday"]),
        ("見積", &[estimate]),
        ("山田", &[estimate]),
        ("from:山田", &[estimate]),
        ("grace", &["Money"]),
        ("edith@example.net", &["Lunch on Friday"]),
        ("subject:friday", &["Lunch on Friday"]),
        ("subject:invoice", &[]),
        ("body:friday", &[]),
        ("body:invoice", &["Lunch on Friday", "Money"]),
        ("from:alan", &["Large", "Lunch on Friday"]),
        ("from:alan@example.com", &["Large", "Lunch on Friday"]),
        ("from:edith", &[]),
        ("to:team", &["Lunch on Friday"]),
        ("cc:\"Edith Clarke\"", &["Lunch on Friday"]),
        ("recipients:edith", &["Lunch on Friday"]),
        ("recipients:grace", &[]),
        ("participants:example", &["Large", "Lunch on Friday", "Money", estimate]),
        ("attachment:plan", &["Money"]),
        ("attachment:\"Plan 2024.pdf\"", &["Money"]),
        ("plan", &["Money"]),
        ("hasAttachments:true", &["Money"]),
        ("hasAttachment:false", &["Large", "Lunch on Friday", estimate]),
        ("importance:high", &["Money"]),
        ("importance:medium", &["Large", "Lunch on Friday", estimate]),
        ("kind:email", &["Large", "Lunch on Friday", "Money", estimate]),
        ("kind:meetings", &[]),
        ("size>10000", &["Large"]),
        ("size:1..10000", &["Lunch on Friday", "Money", estimate]),
        ("sent:2024-01-15", &["Money"]),
        ("sent:01/15/2024", &["Money"]),
        ("received>=2024-01-16", &["Large", "Lunch on Friday"]),
        ("received:2024-01-15..2024-01-16", &["Lunch on Friday", "Money"]),
        ("received<2024-01-01", &[estimate]),
    ];
    for (kql, expected) in cases {
        assert_eq!(found(&adele, kql).await, expected, "{kql}");
    }
    server.finish().await;
}

#[tokio::test]
async fn queries_are_joined_by_and_or_not_and_parentheses() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    shelf(&adele).await;
    let cases: [(&str, &[&str]); 14] = [
        ("invoice AND meet", &["Lunch on Friday"]),
        ("invoice meet", &["Lunch on Friday"]),
        ("invoice OR word", &["Large", "Lunch on Friday", "Money"]),
        ("invoice NOT meet", &["Money"]),
        ("invoice -meet", &["Money"]),
        ("NOT invoice", &["Large", "見積書"]),
        ("(invoice OR word) AND from:alan", &["Large", "Lunch on Friday"]),
        ("from:alan from:grace", &["Large", "Lunch on Friday", "Money"]),
        ("from:(alan OR grace) AND sent<2024-01-16", &["Money"]),
        ("size>10000 OR subject:money", &["Large", "Money"]),
        ("NOT (size>10000 OR subject:money)", &["Lunch on Friday", "見積書"]),
        ("NOT size>10000 AND invoice", &["Lunch on Friday", "Money"]),
        ("received>=2024-01-15 received<=2024-01-16", &["Lunch on Friday", "Money"]),
        ("subject:money AND nowhere", &[]),
    ];
    for (kql, expected) in cases {
        assert_eq!(found(&adele, kql).await, expected, "{kql}");
    }
    server.finish().await;
}

#[tokio::test]
async fn pages_are_the_latest_sent_first_and_counted() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for number in [3, 11, 7, 1, 9, 5, 12, 2, 10, 4, 8, 6] {
        let (subject, date) = (format!("n{number}"), format!("{number} Jan 2024 10:00:00 +0000"));
        import(&adele, &letter(&[("Subject", &subject), ("Date", &date)], "tea")).await;
    }
    let expected: Vec<String> = (1..=12).rev().map(|number| format!("n{number}")).collect();
    let first = adele.get(&format!("{}&$count=true&$select=subject", list("tea"))).await.demand(200).json();
    assert_eq!(subjects(first["value"].as_array().unwrap()), expected[..10], "ten where nothing is said");
    assert_eq!(first["@odata.count"], 12);
    assert!(first["value"][0].get("body").is_none(), "$select counts");
    let next = first["@odata.nextLink"].as_str().unwrap();
    assert!(next.contains("%24search=") && next.contains("%24skiptoken=") && next.contains("%24select="), "{next}");
    // What comes between two pages neither repeats nor hides anything.
    import(&adele, &letter(&[("Subject", "new"), ("Date", "13 Jan 2024 10:00:00 +0000")], "tea")).await;
    let second = adele.get(next).await.demand(200).json();
    assert_eq!(subjects(second["value"].as_array().unwrap()), expected[10..]);
    assert!(second.get("@odata.nextLink").is_none());
    assert_eq!(subjects(&adele.all(&format!("{}&$top=5", list("tea"))).await), [&["new".to_owned()], &expected[..]].concat());
    let skipped = adele.get(&format!("{}&$skip=11", list("tea"))).await.demand(200).json();
    assert_eq!(subjects(skipped["value"].as_array().unwrap()), ["n2", "n1"]);
    server.finish().await;
}

#[tokio::test]
async fn a_token_that_was_not_given_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    shelf(&adele).await;
    let page = adele.get(&format!("{}&$top=1", list("invoice"))).await.demand(200).json();
    let link = page["@odata.nextLink"].as_str().unwrap().to_owned();
    let (start, token) = link.split_at(link.find("skiptoken=").unwrap() + "skiptoken=".len());
    let listed = adele.get("messages?$top=1").await.demand(200).json();
    let (_, other) = listed["@odata.nextLink"].as_str().unwrap().split_once("skiptoken=").unwrap();
    for bad in [other, "x", "", &token[1..], &token.replace(&token[..4], "AAAA")] {
        adele.get(&format!("{start}{bad}")).await.demand_error(400, "BadRequest");
    }
    adele.get(&link).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn what_is_no_search_is_told_with_its_place() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for (kql, place) in [("\"tea AND\"", "position 8"), ("\"(tea\"", "position 5"), ("AND", "position 0")] {
        let told = adele.get(&format!("messages?$search={}", encoded(kql))).await.demand_error(400, "BadRequest");
        assert!(told.starts_with("Syntax error: ") && told.contains(place) && told.contains(kql), "{kql}: {told}");
    }
    for kql in ["received:soon", "size:big", "hasAttachments:perhaps", "subject>tea"] {
        let told = adele.get(&list(kql)).await.demand_error(400, "BadRequest");
        assert!(told.contains(kql), "{told}");
    }
    let many = (0..501).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" OR ");
    adele.get(&list(&many)).await.demand_error(400, "BadRequest");
    server.finish().await;
}

#[tokio::test]
async fn nothing_that_is_looked_for_becomes_part_of_a_query() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    shelf(&adele).await;
    let everything = found(&adele, "kind:email").await;
    for hostile in [
        "x' OR '1'='1",
        "nowhere\" OR \"invoice",
        "place:e",
        "{subject} : invoice",
        "^nowhere",
        "nowhere*\") OR subject:(money",
        "NEAR(invoice march)",
        "\u{E000}e",
        "search_text MATCH invoice",
        "a\u{0}\"invoice",
        "'; DROP TABLE search_text; --",
    ] {
        let one = format!("subject:\"{}\"", hostile.replace('"', " "));
        assert!(found(&adele, &one).await.is_empty(), "{hostile}");
        let answer = adele.get(&list(hostile)).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{hostile}: {}", answer.status);
    }
    assert_eq!(found(&adele, "kind:email").await, everything);
    server.finish().await;
}
