//! What the table's rows leave open of answers: both texts, zones, own threading fields, the cap on recipients.

use kit::{Person, Server, address, census, decode_base64, fields, letter, plain, recipients};
use serde_json::{Value, json};

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

/// A message of HTML from Adele, in Alex's Inbox, without a Reply-To.
async fn original(server: &Server) -> (Person, Value) {
    let octets = letter(
        &[
            ("From", "Adele Vance <AdeleV@contoso.com>"),
            ("To", "AlexW@contoso.com, ALEXW@contoso.com"),
            ("Cc", "MeganB@contoso.com, AdeleV@contoso.com"),
            ("Subject", "In HTML"),
            ("Date", "Tue, 24 Nov 2026 20:30:00 +0000"),
            ("Message-ID", "<html@tests.contoso.com>"),
            ("Content-Type", "text/html"),
        ],
        "<html><body><p>Said <i>before</i></p></body></html>\r\n",
    );
    server.person("AdeleV").send_mime(&octets).await.demand(202);
    let alex = server.person("AlexW");
    let message = alex.arrived("In HTML").await;
    (alex, message)
}

fn addresses(message: &Value, list: &str) -> Vec<String> {
    message[list].as_array().unwrap().iter().map(|one| one["emailAddress"]["address"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_answer_has_one_text_and_one_list_of_recipients() {
    let server = Server::start().await;
    let (alex, message) = original(&server).await;
    let before = census(&server).await;
    let body = json!({"contentType": "text", "content": "b"});
    let to = recipients(&["MeganB"]);
    for action in ["reply", "createReply", "replyAll", "createReplyAll", "forward", "createForward"] {
        let path = format!("messages/{}/{action}", id(&message));
        let two_texts = json!({"comment": "c", "message": {"body": body}, "toRecipients": to});
        alex.post_json(&path, &two_texts).await.demand_error(400, "BadRequest");
        let two_lists = json!({"comment": "c", "message": {"toRecipients": to}, "toRecipients": to});
        alex.post_json(&path, &two_lists).await.demand_error(400, "BadRequest");
    }
    assert_eq!(census(&server).await, before);
    server.finish().await;
}

#[tokio::test]
async fn an_answer_goes_to_from_where_there_is_no_reply_to() {
    let server = Server::start().await;
    let (alex, message) = original(&server).await;
    let create = async |action: &str, body: Value| {
        alex.post_json(&format!("messages/{}/{action}", id(&message)), &body).await.demand(201).json()
    };
    let reply = create("createReply", json!({"message": {"toRecipients": recipients(&["ChristieC"])}})).await;
    assert_eq!(addresses(&reply, "toRecipients"), [address("AdeleV"), address("ChristieC")], "the client's are added");
    let all = create("createReplyAll", json!({"message": {"ccRecipients": recipients(&["ChristieC"])}})).await;
    assert_eq!(addresses(&all, "toRecipients"), [address("AdeleV")], "less the caller, in any case");
    assert_eq!(addresses(&all, "ccRecipients"), [address("MeganB"), address("ChristieC")], "each once");
    let forward = create("createForward", json!(null)).await;
    assert_eq!(addresses(&forward, "toRecipients"), [""; 0]);
    server.finish().await;
}

#[tokio::test]
async fn the_quoted_block_tells_the_time_of_the_clients_zone() {
    let server = Server::start().await;
    let (alex, message) = original(&server).await;
    let path = format!("messages/{}/createReply", id(&message));
    for (zone, sent) in [
        ("", "Tuesday, November 24, 2026 8:30:00 PM"),
        ("Pacific Standard Time", "Tuesday, November 24, 2026 12:30:00 PM"),
        ("Asia/Tokyo", "Wednesday, November 25, 2026 5:30:00 AM"),
    ] {
        let prefer = format!("outlook.timezone=\"{zone}\"");
        let headers = [("content-type", "application/json"), ("prefer", prefer.as_str())];
        let body = json!({"comment": "1 < 2 & <b>"}).to_string();
        let draft = alex.call(hyper::Method::POST, &path, &headers, body.into()).await.demand(201).json();
        let html = draft["body"]["content"].as_str().unwrap();
        assert!(html.contains(sent), "{zone}: {html}");
        assert!(html.contains("1 &lt; 2 &amp; &lt;b&gt;") && html.contains("Said <i>before</i>"), "{html}");
        assert!(html.find("1 &lt; 2") < html.find("Said <i>"), "the comment stands above: {html}");
    }
    let headers = [("content-type", "application/json"), ("prefer", "outlook.timezone=\"Nowhere\"")];
    alex.call(hyper::Method::POST, &path, &headers, "{}".into()).await.demand_error(400, "InvalidTimeZone");
    server.finish().await;
}

/// What the client's MIME says of its thread counts; what it lacks is added.
#[tokio::test]
async fn own_threading_fields_of_mime_stay() {
    let server = Server::start().await;
    let (alex, message) = original(&server).await;
    let octets = b"Subject: Own\r\nIn-Reply-To: <own@x.example>\r\nCc: ChristieC@contoso.com\r\n\r\nOwn";
    let answer = alex.post_mime(&format!("messages/{}/reply", id(&message)), octets).await.demand(202);
    let sent = alex.get(answer.header("location").unwrap()).await.demand(200).json();
    assert_eq!(alex.value(id(&sent)).await, octets.as_slice());
    let christie = server.person("ChristieC");
    let copy = christie.arrived("Own").await;
    let copy = christie.value(id(&copy)).await;
    let bodies = |name: &str| fields(&copy).iter().filter(|field| field.is(name)).map(kit::Field::body).collect::<Vec<_>>();
    assert_eq!(bodies("In-Reply-To"), ["<own@x.example>"]);
    assert_eq!(bodies("References"), ["<html@tests.contoso.com>"]);
    assert_eq!(bodies("Cc"), ["ChristieC@contoso.com"]);
    assert!(bodies("To").is_empty(), "its author showed a Cc and no To");
    server.person("AdeleV").arrived("Own").await;
    server.finish().await;
}

#[tokio::test]
async fn each_answer_adds_a_block_and_a_reference() {
    let server = Server::start().await;
    let (alex, mut message) = original(&server).await;
    let conversation = message["conversationId"].clone();
    let mut size = decode_base64(message["conversationIndex"].as_str().unwrap()).len();
    let people = [alex, server.person("AdeleV")];
    for number in 0..4 {
        let (from, to) = (&people[number % 2], &people[(number + 1) % 2]);
        let body = json!({"comment": "And", "message": {"subject": format!("Round {number}")}});
        from.post_json(&format!("messages/{}/reply", id(&message)), &body).await.demand_empty(202);
        message = to.arrived(&format!("Round {number}")).await;
        let index = decode_base64(message["conversationIndex"].as_str().unwrap());
        size += 5;
        assert_eq!(index.len(), size, "round {number}");
        let octets = to.value(id(&message)).await;
        let references = fields(&octets).into_iter().find(|field| field.is("References")).unwrap().body();
        assert_eq!(references.split_whitespace().count(), number + 1, "{references}");
        assert!(references.starts_with("<html@tests.contoso.com>"), "{references}");
        if number % 2 == 1 {
            assert_eq!(message["conversationId"], conversation, "one conversation in Alex's mailbox");
        }
    }
    server.finish().await;
}

/// Graph: message resource: at most 500 over To, Cc and Bcc; a draft may hold more.
#[tokio::test]
async fn no_more_than_500_recipients_are_sent_to() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let many = |count: usize| (1..count).map(|number| format!("p{number}@fabrikam.example")).collect::<Vec<_>>().join(",\r\n ");
    let letter_to = |count: usize| {
        let (to, cc) = (many(count / 2), "AlexW@contoso.com".to_owned());
        let bcc = (count / 2..count).map(|number| format!("q{number}@fabrikam.example")).collect::<Vec<_>>().join(",\r\n ");
        letter(&[("From", "AdeleV@contoso.com"), ("To", &to), ("Cc", &cc), ("Bcc", &bcc), ("Subject", "To many")], "Hello\r\n")
    };
    adele.send_mime(&letter_to(501)).await.demand_error(400, "ErrorInvalidRecipients");
    let draft = adele.draft(&letter_to(501)).await;
    adele.post_nothing(&format!("messages/{}/send", id(&draft))).await.demand_error(400, "ErrorInvalidRecipients");
    let in_json: Value =
        (0..501).map(|number| json!({"emailAddress": {"address": format!("p{number}@fabrikam.example")}})).collect();
    let message = json!({"subject": "To many", "toRecipients": in_json});
    adele.send_json(&message).await.demand_error(400, "ErrorInvalidRecipients");
    adele.post_json("messages", &message).await.demand(201);
    assert!(adele.sent().await.is_empty() && server.person("AlexW").inbox().await.is_empty());
    adele.send_mime(&letter_to(500)).await.demand_empty(202);
    server.person("AlexW").arrived("To many").await;
    adele.send_mime(&plain("AdeleV", &["AlexW"], "To one")).await.demand_empty(202);
    server.finish().await;
}
