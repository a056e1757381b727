//! Query options as clients write them (clients 2.6, 2.16, 2.17).

use kit::{Answer, Server, address, exchange_to_the_end, plain};
use serde_json::Value;

#[tokio::test]
async fn options_are_read_however_they_are_spelled() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for subject in ["One", "Two"] {
        adele.draft(&plain("AdeleV", &["AlexW"], subject)).await;
    }
    for query in [
        "$top=1&$select=subject",
        "%24top=1&%24select=subject",
        "top=1&select=subject",
        "$TOP=1&$Select=subject,subject",
        "$top=1&$select=id,%20subject",
        "$top=1&$select=id,+Subject",
        "$select=subject%2Cid&$top=1&",
        "&&$top=1&$select=subject",
    ] {
        let page = adele.get(&format!("messages?{query}")).await.demand(200).json();
        let value = page["value"].as_array().unwrap();
        assert_eq!((value.len(), value[0]["subject"].as_str()), (1, Some("Two")), "{query}");
        assert!(value[0].get("body").is_none(), "{query}");
    }
    server.finish().await;
}

/// One client asks so for the mailbox behind an address; Graph writes the primary one as `SMTP:`.
#[tokio::test]
async fn people_are_found_by_their_addresses() {
    let server = Server::start().await;
    let (adele, app) = (server.person("AdeleV"), server.app().await);
    let id = &server.entry("AlexW")["id"];
    let alex = address("AlexW");
    for filter in [
        format!("proxyAddresses/any(x:x eq 'smtp:{alex}')"),
        format!("proxyAddresses/any(p:p%20eq%20'SMTP:{}')", alex.to_lowercase()),
        format!("mail eq '{alex}'"),
        format!("userPrincipalName+eq+'{}'", alex.to_uppercase()),
        format!("id eq '{}'", id.as_str().unwrap()),
    ] {
        for person in [&adele, &app] {
            let found = person.get(&format!("/users?$filter={}&$select=id", filter.replace(' ', "%20"))).await.demand(200).json();
            let ids: Vec<&Value> = found["value"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
            assert_eq!(ids, [id], "{filter}");
        }
    }
    let none = adele.get("/users?$filter=proxyAddresses/any(x:x%20eq%20'smtp:nobody@contoso.com')").await.demand(200).json();
    assert_eq!(none["value"].as_array().unwrap().len(), 0);
    adele.get("/users?$filter=jobTitle%20eq%20'x'").await.demand(400).error();
    server.anonymous().get("/users").await.demand(401).error();
    server.finish().await;
}

#[tokio::test]
async fn people_are_listed_page_by_page() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let all = adele.all("/users?$select=displayName").await;
    let mut names: Vec<&str> = all.iter().map(|one| one["displayName"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Adele Vance", "Alex Wilber", "Christie Cline", "Megan Bowen"]);
    assert_eq!(adele.all("/users?$top=1").await.len(), 4, "one at a time");
    server.finish().await;
}

/// Makes a request of this target by hand, after another one on the same connection.
async fn raw(server: &Server, target: &str) -> Answer {
    let host = server.origin().trim_start_matches("http://").to_owned();
    let authorization = server.person("AdeleV").authorization();
    let head = |target: &str, connection: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nConnection: {connection}\r\n\r\n")
    };
    let first = head("/v1.0/me?$select=id", "keep-alive");
    let octets = exchange_to_the_end(&host, &first, vec![head(target, "close").into_bytes()]).await;
    let second = octets.windows(9).rposition(|nine| nine == b"HTTP/1.1 ").expect("two answers");
    assert!(second > 0, "both are answered");
    Answer::of_octets(&octets[second..])
}

/// Quotes and others that no URI may hold are taken as they are meant (clients 2.6, 2.17).
#[tokio::test]
async fn raw_quotes_in_a_query_are_read() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    adele.draft(&plain("AdeleV", &["AlexW"], "Quoted")).await;
    for query in
        ["$select=subject&x=\"quoted\"", "$select=subject&x=<{|}>\\^`", "$select=subject&x=#1", "$select=subject&x=Grüße"]
    {
        let page = raw(&server, &format!("/v1.0/me/messages?{query}")).await.demand(200).json();
        assert_eq!(page["value"][0]["subject"], "Quoted", "{query}");
    }
    // Told in Graph's words that the filter makes no sense, and not by an empty answer.
    raw(&server, "/v1.0/me/messages?$select=\"subject\"").await.demand(400).error();
    server.finish().await;
}
