//! What comes with a request: bodies, types and preferences, as clients write them (clients 2.3, 2.4, 2.12 to 2.14, 2.18 to 2.20).

use bytes::Bytes;
use hyper::Method;
use kit::{Server, address, base64, plain, until};
use serde_json::json;

#[tokio::test]
async fn members_are_read_in_either_case() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let to = json!([{"EmailAddress": {"Address": address("AlexW")}}]);
    for (subject, body) in [
        ("Pascal", json!({"Message": {"Subject": "Pascal", "ToRecipients": to}, "SaveToSentItems": false})),
        ("camel", json!({"message": {"subject": "camel", "toRecipients": to}, "saveToSentItems": "false"})),
        (
            "absent",
            json!({"message": {"subject": "absent", "toRecipients": to, "importance": "High",
            "body": {"ContentType": "HTML", "Content": "x"}}, "saveToSentItems": null}),
        ),
    ] {
        adele.post_json("sendMail", &body).await.demand_empty(202);
        alex.arrived(subject).await;
    }
    let sent = adele.sent().await;
    assert_eq!(sent.len(), 1, "one was kept: {sent:?}");
    assert_eq!((sent[0]["importance"].as_str(), sent[0]["body"]["contentType"].as_str()), (Some("high"), Some("html")));
    server.finish().await;
}

/// Bodies of nothing: none at all, `{}`, the word `null`, each with and without a type.
#[tokio::test]
async fn actions_take_nothing_in_every_form() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let json: &[(&str, &str)] = &[("content-type", "application/json")];
    let mut sent = 0;
    for (fields, body) in [(json, ""), (json, "{}"), (json, "null"), (&[][..], "")] {
        let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Nothing")).await;
        let post = async |action: &str| {
            let path = format!("messages/{}/{action}", draft["id"].as_str().unwrap());
            adele.call(Method::POST, &path, fields, Bytes::from_static(body.as_bytes())).await
        };
        post("createReply").await.demand(201);
        post("createForward").await.demand(201);
        post("send").await.demand_empty(202);
        sent += 1;
    }
    until("all are sent", async || (adele.sent().await.len() == sent).then_some(())).await;
    server.finish().await;
}

#[tokio::test]
async fn no_accept_is_refused_and_a_type_on_a_read_says_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Accepted")).await;
    let id = draft["id"].as_str().unwrap();
    for accept in [
        "application/octet-stream, application/json",
        "text/plain;q=0.9",
        "application/json",
        "application/json;odata.metadata=none",
        "application/json;odata.metadata=minimal;odata.streaming=False;IEEE754Compatible=False",
        "text/html",
        "",
    ] {
        for path in [format!("messages/{id}"), format!("messages/{id}/$value"), "mailFolders".to_owned(), "/me".to_owned()] {
            let fields = [("accept", accept), ("content-type", "application/json"), ("consistencylevel", "eventual")];
            adele.call(Method::GET, &path, &fields, Bytes::new()).await.demand(200);
        }
    }
    let sdk = [("sdkversion", "graph-python-core/1.5.2 (featureUsage={request.context.feature_usage})")];
    adele.call(Method::GET, "/me", &sdk, Bytes::new()).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn preferences_come_in_two_lines_or_one() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Preferred")).await;
    let path = format!("messages/{}", draft["id"].as_str().unwrap());
    let text = r#"outlook.body-content-type="text""#;
    let both = format!(r#"IdType="ImmutableId", {text}"#);
    for fields in [&[("prefer", r#"IdType="ImmutableId""#), ("prefer", text)][..], &[("prefer", &both)]] {
        let answer = adele.call(Method::GET, &path, fields, Bytes::new()).await.demand(200);
        let applied: Vec<&str> =
            answer.headers.get_all("preference-applied").into_iter().map(|value| value.to_str().unwrap()).collect();
        let applied = applied.join(", ");
        assert!(applied.contains(text) && applied.contains("ImmutableId"), "{applied}");
    }
    server.finish().await;
}

/// DavMail and others send a message back as they read it; kiota names its type.
#[tokio::test]
async fn a_whole_message_is_patched_with_what_was_read() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Read and sent back")).await;
    let path = format!("messages/{}", draft["id"].as_str().unwrap());
    let mut whole = adele.get(&path).await.demand(200).json();
    whole["isRead"] = true.into();
    whole["importance"] = "Low".into();
    whole["@odata.type"] = "#microsoft.graph.message".into();
    let patched = adele.patch_json(&path, &whole).await.demand(200).json();
    assert_eq!((patched["importance"].as_str(), patched["subject"].as_str()), (Some("low"), Some("Read and sent back")));
    let twice = adele.get(&format!("{path}?$select=subject,id,subject")).await.demand(200).json();
    assert_eq!(twice["subject"], "Read and sent back");
    server.finish().await;
}

#[tokio::test]
async fn base64_comes_in_lines_and_with_parameters() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    for (subject, media_type, line_end) in
        [("One line", "text/plain", ""), ("Lines", "text/plain;charset=UTF-8", "\r\n"), ("Bare LF", "Text/Plain", "\n")]
    {
        let octets = String::from_utf8(plain("AdeleV", &["AlexW"], subject)).unwrap().replace("\r\n", "\n").into_bytes();
        let text = base64(&octets);
        let lines: Vec<&str> = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        adele.post("sendMail", media_type, lines.join(line_end)).await.demand_empty(202);
        let message = alex.arrived(subject).await;
        assert!(alex.value(message["id"].as_str().unwrap()).await.ends_with(&octets), "{subject}");
    }
    server.finish().await;
}
