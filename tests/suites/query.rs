//! `$filter`, `$orderby`, `$count`, pages: what is asked of lists of messages, as clients write it.

use kit::{Answer, Person, Server, plain};
use serde_json::{Value, json};

/// A mailbox with six messages, received in this order, a minute apart.
async fn with_messages(server: &Server) -> Person {
    let adele = server.person("AdeleV");
    let messages = [
        ("Apples", "alex@x.org", "high", "2024-01-01T10:00:00Z", true, vec!["Red"]),
        ("apples and Pears", "Bob@x.org", "normal", "2024-01-01T10:01:00Z", false, vec![]),
        ("O'Neill's pears", "ALEX@x.org", "low", "2024-01-01T10:02:00Z", false, vec!["Blue", "red"]),
        ("Zebra", "dan@y.org", "normal", "2024-01-01T10:03:00Z", true, vec![]),
        ("Äpfel", "zoe@y.org", "high", "2024-01-02T10:04:00Z", false, vec!["Blue"]),
        ("", "bob@x.org", "normal", "2024-01-02T10:05:00Z", true, vec![]),
    ];
    for (number, (subject, from, importance, received, read, categories)) in messages.into_iter().enumerate() {
        let attached = if number == 3 { "\r\nContent-Disposition: attachment; filename=a.txt" } else { "" };
        let octets = format!(
            "From: Somebody <{from}>\r\nTo: AdeleV@contoso.com, Team{number} <team{number}@x.org>\r\nSubject: {subject}\r\n\
             Message-ID: <{number}@x.org>\r\nImportance: {importance}\r\nDate: Mon, 1 Jan 2024 09:0{number}:00 +0000\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8{attached}\r\n\r\nBody {number}: the word\r\n"
        );
        let path = format!("mailFolders/inbox/messages?import=true&isRead={read}&receivedDateTime={received}");
        let made = adele.post_mime(&path, octets.as_bytes()).await.demand(201).json();
        let flag = if number < 2 { "flagged" } else { "notFlagged" };
        let change = json!({"categories": categories, "flag": {"flagStatus": flag}});
        adele.patch_json(&format!("messages/{}", made["id"].as_str().unwrap()), &change).await.demand(200);
    }
    adele
}

fn query(options: &str) -> String {
    let coded = options
        .replace('%', "%25")
        .replace(' ', "%20")
        .replace('+', "%2B")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace('Ä', "%C3%84")
        .replace('ä', "%C3%A4");
    format!("mailFolders/inbox/messages?{coded}")
}

/// The numbers of the messages that a query gives, by their Message-IDs.
async fn numbers(person: &Person, options: &str) -> Vec<usize> {
    let items = person.all(&query(options)).await;
    items.iter().map(number).collect()
}

fn number(item: &Value) -> usize {
    item["internetMessageId"].as_str().unwrap()[1..2].parse().unwrap()
}

#[tokio::test]
async fn filters_keep_what_they_hold_for() {
    let server = Server::start().await;
    let adele = with_messages(&server).await;
    let ids: Vec<Value> = adele.all(&query("$orderby=receivedDateTime")).await;
    let quoted = |number: usize, name: &str| format!("'{}'", ids[number][name].as_str().unwrap());
    let cases: Vec<(String, &[usize])> = vec![
        ("subject eq 'APPLES'".into(), &[0]),
        ("Subject ne 'apples'".into(), &[5, 4, 3, 2, 1]),
        ("subject eq ''".into(), &[5]),
        ("subject eq 'äpfel'".into(), &[4]),
        ("contains(subject,'PEARS')".into(), &[2, 1]),
        ("startswith(subject,'apples')".into(), &[1, 0]),
        ("endswith(tolower(subject),'pears')".into(), &[2, 1]),
        ("contains(subject,'O''Neill''s')".into(), &[2]),
        ("length(subject) le 5".into(), &[5, 4, 3]),
        ("subject gt 'z'".into(), &[4, 3]),
        ("isRead eq false".into(), &[4, 2, 1]),
        ("isRead".into(), &[5, 3, 0]),
        ("not isRead".into(), &[4, 2, 1]),
        ("hasAttachments eq true".into(), &[3]),
        ("isDraft eq true".into(), &[]),
        ("importance eq 'High'".into(), &[4, 0]),
        ("importance eq microsoft.graph.importance'low'".into(), &[2]),
        ("importance ge 'normal' and isRead eq true".into(), &[5, 3, 0]),
        ("inferenceClassification eq 'focused'".into(), &[5, 4, 3, 2, 1, 0]),
        ("flag/flagStatus eq 'flagged'".into(), &[1, 0]),
        ("from/emailAddress/address eq 'alex@x.org'".into(), &[2, 0]),
        ("from/emailAddress/address in ('alex@x.org','zoe@y.org')".into(), &[4, 2, 0]),
        ("(from/emailAddress/address) eq 'BOB@x.org'".into(), &[5, 1]),
        ("from/emailAddress/name eq 'somebody'".into(), &[5, 4, 3, 2, 1, 0]),
        ("startswith(sender/emailAddress/address,'d')".into(), &[3]),
        ("endswith(from/emailAddress/address,'@y.org')".into(), &[4, 3]),
        ("from eq null".into(), &[]),
        ("receivedDateTime ge 2024-01-02".into(), &[5, 4]),
        ("receivedDateTime eq 2024-01-01T10:01:00Z".into(), &[1]),
        ("receivedDateTime gt 2024-01-01T10:01:00Z and receivedDateTime lt 2024-01-02T00:00:00.000Z".into(), &[3, 2]),
        ("receivedDateTime le 2024-01-01T12:01:00+02:00".into(), &[1, 0]),
        ("sentDateTime ge 2024-01-01T09:04:00Z".into(), &[5, 4]),
        ("createdDateTime gt 1900-01-01".into(), &[5, 4, 3, 2, 1, 0]),
        ("lastModifiedDateTime lt 2000-01-01T00:00Z".into(), &[]),
        ("categories/any(c:c eq 'RED')".into(), &[2, 0]),
        ("categories/any(c:c eq 'blue') and categories/any(a:a eq 'red')".into(), &[2]),
        ("categories/any(c:startswith(c,'b'))".into(), &[4, 2]),
        ("categories/all(c:c eq 'red')".into(), &[5, 3, 1, 0]),
        ("not categories/any()".into(), &[5, 3, 1]),
        ("toRecipients/any(r:r/emailAddress/address eq 'TEAM4@x.org')".into(), &[4]),
        ("toRecipients/all(r:contains(r/emailAddress/name,'e'))".into(), &[5, 4, 3, 2, 1, 0]),
        ("ccRecipients/any()".into(), &[]),
        ("internetMessageId eq '<3@x.org>'".into(), &[3]),
        ("startswith(internetMessageId,'<1')".into(), &[1]),
        ("contains(bodyPreview,'BODY 2')".into(), &[2]),
        ("contains(body/content,'ody 4') and contains(body/content,'word')".into(), &[4]),
        ("body/contentType eq 'text' and isRead eq false".into(), &[4, 2, 1]),
        ("parentFolderId eq 'inbox'".into(), &[5, 4, 3, 2, 1, 0]),
        ("parentFolderId eq 'archive'".into(), &[]),
        (format!("id eq {}", quoted(2, "id")), &[2]),
        (format!("id in ({},{})", quoted(2, "id"), quoted(4, "id")), &[4, 2]),
        ("id eq 'AAMk'".into(), &[]),
        (format!("conversationId eq {}", quoted(1, "conversationId")), &[1]),
        (format!("changeKey eq {}", quoted(3, "changeKey")), &[3]),
        (format!("parentFolderId eq {} and isRead", quoted(0, "parentFolderId")), &[5, 3, 0]),
        ("isReadReceiptRequested eq false and true".into(), &[5, 4, 3, 2, 1, 0]),
        ("subject eq 'x' or importance eq 'low' or isRead eq true and flag/flagStatus eq 'flagged'".into(), &[2, 0]),
    ];
    for (filter, expected) in cases {
        assert_eq!(numbers(&adele, &format!("$filter={filter}")).await, expected, "{filter}");
        let count = adele.get(&query(&format!("$filter={filter}")).replace('?', "/$count?")).await.demand(200);
        assert!(count.header("content-type").unwrap().starts_with("text/plain"));
        assert_eq!(count.body, expected.len().to_string(), "the count of {filter}");
        let page = adele.get(&query(&format!("$filter={filter}&$count=true&$top=1"))).await.demand(200).json();
        assert_eq!(page["@odata.count"], expected.len(), "{filter}");
    }
    server.finish().await;
}

#[tokio::test]
async fn orders_hold_over_pages_of_any_size() {
    let server = Server::start().await;
    let adele = with_messages(&server).await;
    let cases: &[(&str, &[usize])] = &[
        ("receivedDateTime desc", &[5, 4, 3, 2, 1, 0]),
        ("receivedDateTime", &[0, 1, 2, 3, 4, 5]),
        ("receivedDateTime asc", &[0, 1, 2, 3, 4, 5]),
        ("subject", &[5, 0, 1, 2, 3, 4]),
        ("from/emailAddress/address desc", &[4, 3, 5, 1, 2, 0]),
        ("sender/emailAddress/address,receivedDateTime desc", &[2, 0, 5, 1, 3, 4]),
        ("importance desc", &[4, 0, 5, 3, 1, 2]),
        ("importance,subject desc", &[2, 3, 1, 5, 4, 0]),
        ("isRead", &[1, 2, 4, 0, 3, 5]),
        ("hasAttachments desc,sentDateTime", &[3, 0, 1, 2, 4, 5]),
        ("flag/flagStatus desc", &[1, 0, 5, 4, 3, 2]),
        ("internetMessageId desc", &[5, 4, 3, 2, 1, 0]),
        ("lastModifiedDateTime,receivedDateTime", &[0, 1, 2, 3, 4, 5]),
        ("from/emailAddress/name,sentDateTime desc", &[5, 4, 3, 2, 1, 0]),
    ];
    for (order, expected) in cases {
        for top in [1, 2, 5, 50] {
            assert_eq!(numbers(&adele, &format!("$orderby={order}&$top={top}")).await, *expected, "{order}, {top} a page");
        }
        let filtered: Vec<usize> = expected.iter().copied().filter(|number| [1, 2, 4].contains(number)).collect();
        let options = format!("$filter=isRead eq false&$orderby={order}&$top=2&$skip=1");
        assert_eq!(numbers(&adele, &options).await, filtered[1..], "{options}");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_arrives_between_two_pages_neither_repeats_nor_hides_another() {
    let server = Server::start().await;
    let adele = with_messages(&server).await;
    for options in ["$orderby=receivedDateTime desc&$top=2", "$filter=isRead eq true or isRead eq false&$orderby=subject&$top=2"]
    {
        let first = adele.get(&query(options)).await.demand(200).json();
        let arrived = adele.post_mime("mailFolders/inbox/messages?import=true", &plain("AlexW", &["AdeleV"], "!")).await;
        let arrived = arrived.demand(201).json();
        let rest = adele.all(first["@odata.nextLink"].as_str().unwrap()).await;
        let mut seen: Vec<usize> = first["value"].as_array().unwrap().iter().chain(&rest).map(number).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5], "{options}");
        adele.delete(&format!("messages/{}", arrived["id"].as_str().unwrap())).await.demand_empty(204);
    }
    server.finish().await;
}

#[tokio::test]
async fn links_keep_the_options_and_take_no_others_place() {
    let server = Server::start().await;
    let adele = with_messages(&server).await;
    let path = "/me/mailFolders/Inbox/messages?$filter=isRead%20eq%20false&$orderby=subject&$top=1&$select=subject&$count=true";
    let page = adele.get(path).await.demand(200).json();
    let link = page["@odata.nextLink"].as_str().unwrap().to_owned();
    for kept in ["/v1.0/me/mailFolders/Inbox/messages?", "%24filter=isRead%20eq%20false&", "%24orderby=subject&", "%24top=1&"] {
        assert!(link.contains(kept), "{kept} in {link}");
    }
    let second = adele.get(&link).await.demand(200).json();
    assert_eq!(second["value"][0]["subject"], "O'Neill's pears");
    assert_eq!(second["@odata.count"], 3, "the count is of the whole list");
    // What is changed, made up, or of another list is refused.
    let (begin, cursor) = link.split_once("skiptoken=").unwrap();
    let mut changed = cursor.as_bytes().to_vec();
    let at = changed.len() / 2;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    let others = [
        format!("{begin}skiptoken={changed}"),
        format!("{begin}skiptoken=5"),
        format!("{begin}skiptoken="),
        link.replace("isRead%20eq%20false", "isRead%20eq%20true"),
        link.replace("orderby=subject", "orderby=receivedDateTime"),
        link.replace("mailFolders/Inbox", "mailFolders/drafts"),
    ];
    for other in others {
        adele.get(&other).await.demand_error(400, "BadRequest");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_place() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let cases = [
        ("$filter=colour eq 'x'", "Could not find a property named 'colour' on type 'microsoft.graph.message'."),
        ("$filter=isRead eq false and colour eq 'x'", "(position 20 of $filter)"),
        ("$filter=isRead eq 'yes'", "incompatible types was detected. Found operand types 'Edm.Boolean' and 'Edm.String'"),
        ("$filter=receivedDateTime ge '2024-01-01'", "(position 17)"),
        ("$filter=isRead eq", "expected at position 9"),
        ("$filter=(isRead", "expected at position 7"),
        ("$filter=sounds(subject,'x')", "An unknown function with name 'sounds' was found."),
        ("$filter=importance eq 'huge'", "'huge' is not a valid enumeration type constant."),
        ("$filter=subject", "must evaluate to a single boolean value."),
        ("$filter=webLink eq 'x'", "The property 'webLink' can't be filtered by."),
        ("$filter=contains(id,'x')", "takes no id"),
        ("$orderby=colour", "(position 0 of $orderby)"),
        ("$orderby=subject,toRecipients", "'toRecipients' has no order, at position 8"),
        ("$orderby=body/content", "'body/content' has no order"),
        ("$orderby=subject down", "expected at position 8"),
    ];
    for (options, expected) in cases {
        for path in [query(options), query(options).replace("mailFolders/inbox/", "")] {
            let message = adele.get(&path).await.demand_error(400, "RequestBroker--ParseUri");
            assert!(message.contains(expected), "{options}: {message}");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn a_list_that_would_look_at_too_much_is_refused() {
    let config = "development = true\n[listen]\nhttp = '127.0.0.1:0'\nhttps = '127.0.0.1:0'\n[limits]\nquery_work = 900\n";
    let server = Server::with_config(config).await;
    let adele = server.person("AdeleV");
    for number in 0..60 {
        adele.draft(&plain("AdeleV", &["AlexW"], &format!("Number {number:02}"))).await;
    }
    let long = ["$filter=contains(bodyPreview,'absent')", "$filter=contains(body/content,'absent')"];
    for options in long.into_iter().chain(["$filter=toRecipients/any(r:r/emailAddress/address eq 'x')"]) {
        for path in [format!("messages?{options}"), format!("messages/$count?{options}")] {
            let message = adele.get(&path.replace(' ', "%20")).await.demand_error(400, "InefficientFilter");
            assert_eq!(message, "The restriction or sort order is too complex for this operation.");
        }
    }
    // What an index answers costs what is asked.
    for options in [
        "$filter=subject eq 'Number 07'",
        "$filter=startswith(subject,'Number 59')&$orderby=receivedDateTime desc",
        "$filter=from/emailAddress/address eq 'nobody@x.org'&$orderby=subject",
        "$filter=isRead eq false and isDraft eq false&$orderby=importance",
        "$filter=categories/any(c:c eq 'none')",
        "$orderby=subject desc&$top=5",
    ] {
        adele.get(&format!("messages?{options}").replace(' ', "%20")).await.demand(200);
    }
    server.finish().await;
}

#[tokio::test]
async fn an_answer_says_where_exchange_would_refuse() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let told = |answer: &Answer| answer.header("restante-exchange-refuses").map(str::to_owned);
    let answer = adele.get(&query("$filter=isRead eq false&$orderby=receivedDateTime desc")).await.demand(200);
    assert_eq!(told(&answer).as_deref(), Some("InefficientFilter"));
    let answer =
        adele.get(&query("$filter=receivedDateTime ge 1900-01-01 and isRead eq false&$orderby=receivedDateTime desc")).await;
    assert_eq!(told(&answer.demand(200)), None);
    server.finish().await;
}

#[tokio::test]
async fn counts_are_numbers_on_every_path() {
    let server = Server::start().await;
    let adele = with_messages(&server).await;
    adele.draft(&plain("AdeleV", &["AlexW"], "A draft")).await;
    for (path, expected) in [
        ("messages/$count", "7"),
        ("messages/%24count?$filter=isDraft%20eq%20true", "1"),
        ("mailFolders/inbox/messages/$count", "6"),
        ("mailFolders('inbox')/messages/$count?$filter=isRead%20eq%20false", "3"),
        ("mailFolders/msgfolderroot/childFolders/inbox/messages/$count?$filter=isRead", "3"),
    ] {
        assert_eq!(adele.get(path).await.demand(200).body, expected, "{path}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_page_of_large_bodies_ends_early_and_goes_on() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let text = "0123456789abcdef".repeat(64 * 1024 - 4).as_bytes().chunks(76).fold(String::new(), |mut all, line| {
        all += std::str::from_utf8(line).unwrap();
        all += "\r\n";
        all
    });
    for number in 0..40 {
        let octets = format!("Subject: {number}\r\nMessage-ID: <{number}@x>\r\nContent-Type: text/plain\r\n\r\n{text}");
        adele.post("messages?import=true&receivedDateTime=2024-01-01T00:00:00Z", "message/rfc822", octets).await.demand(201);
    }
    let page = adele.get("messages?$top=1000").await.demand(200).json();
    let count = page["value"].as_array().unwrap().len();
    assert!((28..36).contains(&count), "{count} messages of a megabyte are about 32 MB");
    let rest = adele.all(page["@odata.nextLink"].as_str().unwrap()).await;
    assert_eq!(count + rest.len(), 40);
    server.finish().await;
}
