//! `$search` with `$filter`, `$orderby` and `$count`, which Exchange refuses (behaviour 6.4, 6.10).

use super::*;

const REFUSES: &str = "restante-exchange-refuses";

#[tokio::test]
async fn a_search_takes_a_filter_and_an_order() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    shelf(&adele).await;
    let cases: [(&str, &str, &[&str]); 6] = [
        ("$filter=importance eq 'high'", "SearchWithFilter", &["Money"]),
        ("$filter=contains(subject,'on')", "SearchWithFilter", &["Lunch on Friday", "Money"]),
        ("$filter=contains(body/content,'needed')", "SearchWithFilter", &["Lunch on Friday"]),
        ("$orderby=subject desc", "SearchWithOrderBy", &["Money", "Lunch on Friday"]),
        ("$orderby=receivedDateTime", "SearchWithOrderBy", &["Money", "Lunch on Friday"]),
        ("$filter=importance eq 'high'&$orderby=subject", "SearchWithOrderBy", &["Money"]),
    ];
    for (options, refusal, expected) in cases {
        let options = options.replace(' ', "%20");
        let answer = adele.get(&format!("{}&$count=true&{options}", list("invoice"))).await.demand(200);
        assert_eq!(answer.header(REFUSES), Some(refusal), "{options}");
        let page = answer.json();
        assert_eq!(subjects(page["value"].as_array().unwrap()), expected, "{options}");
        assert_eq!(page["@odata.count"], expected.len(), "{options}");
    }
    assert_eq!(adele.get(&list("invoice")).await.demand(200).header(REFUSES), None);
    server.finish().await;
}

#[tokio::test]
async fn pages_keep_the_order_that_is_asked_for() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for number in [3, 1, 4, 2, 5] {
        import(&adele, &letter(&[("Subject", &format!("n{number}"))], "tea")).await;
    }
    let path = format!("{}&$top=2&$orderby=subject", list("tea"));
    assert_eq!(subjects(&adele.all(&path).await), ["n1", "n2", "n3", "n4", "n5"]);
    let first = adele.get(&path).await.demand(200).json();
    let link = first["@odata.nextLink"].as_str().unwrap();
    let other = link.replace("tea", "coffee");
    assert_ne!(other, link);
    adele.get(&other).await.demand_error(400, "BadRequest"); // a place is good for the search that gave it
    server.finish().await;
}

#[tokio::test]
async fn the_count_of_a_search_is_a_bare_number() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    shelf(&adele).await;
    for (query, expected) in [("invoice", "2"), ("nowhere", "0"), ("kind:email", "4"), ("size>10000", "1")] {
        let path = list(query).replace("messages?", "messages/$count?");
        for path in [path.clone(), format!("mailFolders/inbox/{path}")] {
            let answer = adele.get(&path).await.demand(200);
            assert_eq!(answer.body, expected, "{path}");
        }
    }
    let filtered = format!("messages/$count?$search=%22invoice%22&$filter={}", encoded("importance eq 'high'"));
    assert_eq!(adele.get(&filtered).await.demand(200).body, "1");
    server.finish().await;
}
