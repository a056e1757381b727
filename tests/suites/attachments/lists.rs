//! What is asked of a list of attachments, and of a single one.

use super::{attachments_of, drafts, file, id, names};
use kit::{Person, Server, base64};
use serde_json::{Value, json};

/// A draft with three files.
async fn with_files(adele: &Person) -> Value {
    let [draft, _] = drafts(adele).await;
    let inline = json!({
        "@odata.type": "#microsoft.graph.fileAttachment", "name": "logo.png", "contentType": "image/png", "isInline": true,
        "contentId": "logo@here", "contentBytes": base64(b"not a picture"),
    });
    for one in [file("b.txt", "text/plain", b"12"), inline, file("A.csv", "text/csv", b"")] {
        adele.post_json(&attachments_of(&draft), &one).await.demand(201);
    }
    draft
}

#[tokio::test]
async fn a_list_is_filtered_ordered_counted_and_cut() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = with_files(&adele).await;
    let attachments = attachments_of(&draft);
    let listed =
        async |options: &str| adele.get(&format!("{attachments}?{options}").replace(' ', "%20")).await.demand(200).json();
    for (options, expected) in [
        ("", &["b.txt", "logo.png", "A.csv"][..]),
        ("$orderby=name", &["A.csv", "b.txt", "logo.png"]),
        ("$orderBy=size desc", &["logo.png", "b.txt", "A.csv"]),
        ("$filter=isInline eq false", &["b.txt", "A.csv"]),
        ("$filter=isInline eq true or contains(name,'CSV')&$orderby=name desc", &["logo.png", "A.csv"]),
        ("$filter=size gt 0 and startswith(contentType,'image/')", &["logo.png"]),
        ("$filter=name eq 'none'", &[]),
        ("$top=1&$skip=1", &["logo.png"]),
        ("$skip=7", &[]),
    ] {
        let list = listed(options).await;
        assert_eq!(names(&list), expected, "{options}");
        assert!(list.get("@odata.nextLink").is_none() && list.get("@odata.count").is_none(), "{options}");
    }
    assert_eq!(listed("$count=true&$top=1").await["@odata.count"], 3);
    for (options, expected) in [("", "3"), ("?$filter=isInline eq true", "1")] {
        let answer = adele.get(&format!("{attachments}/$count{}", options.replace(' ', "%20"))).await.demand(200);
        assert_eq!((&answer.body[..], answer.header("content-type")), (expected.as_bytes(), Some("text/plain")));
    }
    for refused in ["$filter=nothing eq 1", "$orderby=nothing", "$filter=name eq", "$filter=contentId eq 'x'"] {
        adele.get(&format!("{attachments}?{refused}").replace(' ', "%20")).await.demand(400).error();
    }
    server.finish().await;
}

#[tokio::test]
async fn what_only_files_have_is_selected_by_their_type() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = with_files(&adele).await;
    let attachments = attachments_of(&draft);
    let select = "id,name,size,microsoft.graph.fileAttachment/contentId";
    let message = adele.get(&format!("messages/{}?$expand=attachments($select={select})", id(&draft))).await.demand(200).json();
    let list = adele.get(&format!("{attachments}?$select={select}")).await.demand(200).json();
    assert_eq!(message["attachments"], list["value"]);
    assert!(list["@odata.context"].as_str().unwrap().ends_with(&format!("attachments({select})")));
    let logo = &list["value"][1];
    let members: Vec<&String> = logo.as_object().unwrap().keys().collect();
    assert_eq!(members, ["@odata.type", "@odata.mediaContentType", "id", "name", "size", "contentId"]);
    assert_eq!((&logo["contentId"], &logo["size"]), (&json!("logo@here"), &json!(13)));
    let one = adele.get(&format!("{attachments}/{}?$select=name", id(logo))).await.demand(200).json();
    assert_eq!((&one["name"], one.get("contentBytes")), (&json!("logo.png"), None));
    for (name, missing, of) in [
        ("contentId", "contentId", "attachment"),
        ("contentBytes", "contentBytes", "attachment"),
        ("microsoft.graph.itemAttachment/contentId", "contentId", "itemAttachment"),
        ("nothing", "nothing", "attachment"),
        ("microsoft.graph.x/name", "microsoft.graph.x/name", "attachment"),
    ] {
        let refused = adele.get(&format!("messages/{}?$expand=attachments($select={name})", id(&draft))).await;
        let told = refused.demand_error(400, "RequestBroker--ParseUri");
        assert_eq!(told, format!("Could not find a property named '{missing}' on type 'microsoft.graph.{of}'."));
        adele.get(&format!("{attachments}?$select={name}")).await.demand_error(400, "RequestBroker--ParseUri");
    }
    let whole = adele.get(&format!("{attachments}/{}", id(logo))).await.demand(200).json();
    assert_eq!((&whole["contentBytes"], &whole["contentLocation"]), (&json!(base64(b"not a picture")), &Value::Null));
    assert_eq!((&whole["isInline"], &whole["contentType"]), (&json!(true), &json!("image/png")));
    server.finish().await;
}

#[tokio::test]
async fn a_file_that_lost_its_octets_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let [draft, _] = drafts(&adele).await;
    let attachments = attachments_of(&draft);
    for wrong in [
        json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt"}),
        json!({"name": "a.txt", "contentBytes": null}),
        json!({"name": "a.txt", "contentBytes": "*"}),
        json!({"name": "a.txt", "contentBytes": "QQ_-"}),
        json!({"@odata.type": "#microsoft.graph.planetAttachment", "name": "a.txt", "contentBytes": "QQ=="}),
        json!({"@odata.type": "#microsoft.graph.itemAttachment", "name": "a.txt"}),
        json!([]),
    ] {
        adele.post_json(&attachments, &wrong).await.demand_error(400, "RequestBodyRead");
    }
    let untyped = adele.post_json(&attachments, &json!({"name": "a.txt", "contentBytes": "QQ=="})).await.demand(201);
    let location = untyped.header("location").unwrap().to_owned();
    let untyped = untyped.json();
    assert_eq!(untyped["@odata.type"], "#microsoft.graph.fileAttachment");
    let found = adele.get(&location).await.demand(200).json();
    assert_eq!((id(&found), &found["contentBytes"]), (id(&untyped), &json!("QQ==")));
    server.finish().await;
}

#[tokio::test]
async fn nothing_comes_to_what_was_sent_and_nothing_goes() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let file = file("a.txt", "text/plain", b"1");
    let message = json!({"subject": "Sent", "toRecipients": kit::recipients(&["AlexW"]), "attachments": [file]});
    let sent = adele.send_json(&message).await.demand(202);
    let sent = adele.get(sent.header("location").unwrap()).await.demand(200).json();
    let attachments = attachments_of(&sent);
    let before = adele.get(&attachments).await.demand(200).json();
    let first = format!("{attachments}/{}", id(&before["value"][0]));
    let item = json!({"AttachmentItem": {"attachmentType": "file", "name": "a.txt", "size": 1}});
    for refused in [
        adele.post_json(&attachments, &file).await,
        adele.post_json(&format!("{attachments}/createUploadSession"), &item).await,
        adele.delete(&first).await,
        adele.patch_json(&first, &json!({"name": "b.txt"})).await,
    ] {
        assert_eq!(refused.demand_error(400, "ErrorInvalidPropertySet"), "Message is not draft.");
    }
    assert_eq!(adele.get(&attachments).await.demand(200).json(), before);
    server.finish().await;
}
