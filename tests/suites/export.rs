//! Import and export: a message leaves a mailbox with its octets and all that stands beside them, and comes into another one so.

use crate::corpus::files;
use bytes::Bytes;
use encodify::base64::STANDARD;
use hyper::Method;
use kit::{Answer, Person, Server, address, app, each, letter, plain, sha256};
use serde_json::{Value, json};

/// The folders and items of a mailbox.
fn mailbox(name: &str) -> String {
    format!("/admin/exchange/mailboxes/{}", address(name))
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

/// Makes the call of a row of the table of operations; what it needs is made by the owner.
pub(crate) async fn call((owner, person): (&Person, &Person), method: &str, path: &str) -> Vec<Answer> {
    let message = owner.draft(&plain("AdeleV", &["AlexW"], "An item")).await;
    let path = path.replace("{mailbox-id}", &address("AdeleV")).replace("{mailboxFolder-id}", "drafts");
    let path = path.replace("{mailboxItem-id}", id(&message));
    vec![match method {
        "POST" if path.ends_with("exportItems") => person.post_json(&path, &json!({"ItemIds": [message["id"]]})).await,
        "POST" => person.post_nothing(&path).await,
        _ => person.get(&path).await,
    }]
}

/// What a message leaves as.
async fn exported(person: &Person, name: &str, message: &Value) -> String {
    let answer = person.post_json(&format!("{}/exportItems", mailbox(name)), &json!({"ItemIds": [message["id"]]})).await;
    let value = answer.demand(200).json()["value"].clone();
    assert_eq!((&value[0]["itemId"], &value[0]["changeKey"]), (&message["id"], &message["changeKey"]), "{value}");
    value[0]["data"].as_str().unwrap().to_owned()
}

async fn session(person: &Person, name: &str) -> String {
    let made = person.post_nothing(&format!("{}/createImportSession", mailbox(name))).await.demand(200).json();
    made["importUrl"].as_str().unwrap().to_owned()
}

/// Brings an item in, without a token.
async fn import(server: &Server, url: &str, folder: &str, data: &str) -> Answer {
    server.anonymous().post_json(url, &json!({"FolderId": folder, "Mode": "create", "Data": data})).await
}

async fn whole(person: &Person, id: &str) -> Value {
    let expand = "$expand=extensions,singleValueExtendedProperties($filter=id%20eq%20'String%200x4001')";
    let mut message = person.get(&format!("messages/{id}?{expand}")).await.demand(200).json();
    for own in [
        "@odata.context",
        "@odata.etag",
        "id",
        "changeKey",
        "parentFolderId",
        "conversationId",
        "conversationIndex",
        "webLink",
        "lastModifiedDateTime",
    ] {
        message.as_object_mut().unwrap().remove(own);
    }
    for list in ["extensions@odata.context", "singleValueExtendedProperties@odata.context"] {
        message.as_object_mut().unwrap().remove(list);
    }
    message
}

#[tokio::test]
async fn a_message_comes_into_another_store_as_it_was() {
    let (from, to) = (Server::start().await, Server::start().await);
    let (adele, alex) = (from.person("AdeleV"), to.person("AlexW"));
    let octets = letter(
        &[
            ("From", "someone@elsewhere.example"),
            ("Message-ID", "<one@elsewhere.example>"),
            ("Subject", "=?utf-8?q?Gr=C3=BC=C3=9Fe?="),
        ],
        "Kept as it is:  \r\n\ttrailing \r\n",
    );
    let path = "mailFolders/inbox/messages?import=true&isRead=false&receivedDateTime=2019-03-04T05:06:07Z";
    let imported = adele.post_mime(path, &octets).await.demand(201).json();
    let set = json!({
        "categories": ["Red category", "Own"], "importance": "high", "inferenceClassification": "other", "flag": {"flagStatus": "flagged"},
        "singleValueExtendedProperties": [{"id": "String 0x4001", "value": "kept"}],
    });
    adele.patch_json(&format!("messages/{}", id(&imported)), &set).await.demand(200);
    let extension = json!({"extensionName": "com.contoso.kept", "list": [1, 2], "text": "Grüße"});
    adele.post_json(&format!("messages/{}/extensions", id(&imported)), &extension).await.demand(201);
    let before = adele.get(&format!("messages/{}", id(&imported))).await.demand(200).json();
    let data = exported(&adele, "AdeleV", &before).await;
    let answer = import(&to, &session(&alex, "AlexW").await, "archive", &data).await.demand(200).json();
    let there = answer["itemId"].as_str().unwrap();
    assert_eq!(alex.value(there).await, adele.value(id(&imported)).await, "each octet");
    assert_eq!(whole(&alex, there).await, whole(&adele, id(&imported)).await);
    let read = alex.get(&format!("messages/{there}")).await.demand(200).json();
    assert_eq!((&read["receivedDateTime"], &read["isDraft"]), (&json!("2019-03-04T05:06:07Z"), &json!(false)));
    assert_eq!(read["changeKey"], answer["changeKey"]);
    let archive = alex.get("mailFolders/archive").await.demand(200).json();
    assert_eq!((&read["parentFolderId"], &archive["unreadItemCount"]), (&archive["id"], &json!(1)));
    from.finish().await;
    to.finish().await;
}

#[tokio::test]
async fn what_was_made_here_comes_back_as_it_was() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let to = json!([{"emailAddress": {"address": address("AlexW")}}]);
    let bcc = json!([{"emailAddress": {"address": address("MeganB")}}]);
    let message = json!({"subject": "Made here", "body": {"contentType": "html", "content": "<p>Text</p>"}, "toRecipients": to, "bccRecipients": bcc});
    let draft = adele.post_json("messages", &message).await.demand(201).json();
    adele.send_json(&message).await.demand(202);
    let received = alex.arrived("Made here").await;
    let bare = adele.draft(b"Subject: Bare\r\n\r\nNo date, no author.\r\n").await;
    for (person, name, original) in [(&adele, "AdeleV", &draft), (&alex, "AlexW", &received), (&adele, "AdeleV", &bare)] {
        let original = person.get(&format!("messages/{}", id(original))).await.demand(200).json();
        let data = exported(person, name, &original).await;
        let answer = import(&server, &session(person, name).await, "inbox", &data).await.demand(200).json();
        let copy = answer["itemId"].as_str().unwrap();
        assert_ne!(copy, id(&original));
        assert_eq!(person.value(copy).await, person.value(id(&original)).await);
        assert_eq!(whole(person, copy).await, whole(person, id(&original)).await);
    }
    // A draft that came back is sent as any other.
    let data = exported(&adele, "AdeleV", &adele.get(&format!("messages/{}", id(&draft))).await.demand(200).json()).await;
    let copy = import(&server, &session(&adele, "AdeleV").await, "drafts", &data).await.demand(200).json();
    let path = format!("messages/{}", copy["itemId"].as_str().unwrap());
    adele.patch_json(&path, &json!({"subject": "Sent from a copy"})).await.demand(200);
    adele.post_nothing(&format!("{path}/send")).await.demand(202);
    alex.arrived("Sent from a copy").await;
    server.person("MeganB").arrived("Sent from a copy").await;
    server.finish().await;
}

#[tokio::test]
async fn an_item_takes_the_place_of_another_in_the_version_that_is_named() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (new, old) =
        (adele.draft(&plain("AdeleV", &["AlexW"], "New")).await, adele.draft(&plain("AdeleV", &["AlexW"], "Old")).await);
    let extension = json!({"extensionName": "com.contoso.old", "a": 1});
    adele.post_json(&format!("messages/{}/extensions", id(&old)), &extension).await.demand(201);
    let data = exported(&adele, "AdeleV", &new).await;
    let url = session(&adele, "AdeleV").await;
    let update =
        |key: &Value| json!({"FolderId": "drafts", "Mode": "update", "Data": data, "ItemId": old["id"], "ChangeKey": key});
    adele.patch_json(&format!("messages/{}", id(&old)), &json!({"isRead": false})).await.demand(200);
    server.anonymous().post_json(&url, &update(&old["changeKey"])).await.demand_error(412, "ErrorIrresolvableConflict");
    let now = adele.get(&format!("messages/{}", id(&old))).await.demand(200).json();
    let answer = server.anonymous().post_json(&url, &update(&now["changeKey"])).await.demand(200).json();
    assert_eq!(answer["itemId"], old["id"]);
    let there = adele.get(&format!("messages/{}?$expand=extensions", id(&old))).await.demand(200).json();
    assert_eq!((&there["subject"], &there["extensions"]), (&json!("New"), &json!([])));
    assert_eq!(adele.value(id(&old)).await, adele.value(id(&new)).await);
    server.finish().await;
}

#[tokio::test]
async fn folders_and_items_are_listed_paged_and_followed() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let base = mailbox("AdeleV");
    let owner = server.entry("AdeleV")["id"].as_str().unwrap().to_owned();
    let found = adele.get(&base).await.demand(200).json();
    assert_eq!(found["id"], format!("MBX:{owner}@{}", server.dev()["tenant"].as_str().unwrap()));
    for road in ["/me".to_owned(), format!("/users/{}", address("AdeleV"))] {
        let settings = adele.get(&format!("{road}/settings/exchange")).await.demand(200).json();
        assert_eq!((&settings["primaryMailboxId"], &settings["inPlaceArchiveMailboxId"]), (&found["id"], &Value::Null));
    }
    let base = format!("/admin/exchange/mailboxes/{}", id(&found));
    let folders = adele.get(&format!("{base}/folders?$filter=displayName%20eq%20'Inbox'")).await.demand(200).json();
    let inbox = &folders["value"][0];
    assert_eq!((&inbox["type"], &inbox["totalItemCount"], inbox.get("unreadItemCount")), (&json!("IPF.Note"), &json!(0), None));
    adele.post_json("mailFolders/inbox/childFolders", &json!({"displayName": "Within"})).await.demand(201);
    let within = adele.get(&format!("{base}/folders/{}/childFolders", id(inbox))).await.demand(200).json();
    assert_eq!(within["value"][0]["displayName"], "Within");
    assert_eq!(
        adele.get(&format!("{base}/folders/inbox?$select=childFolderCount")).await.demand(200).json()["childFolderCount"],
        1
    );
    let delta = adele.get(&format!("{base}/folders/delta?$select=displayName")).await.demand(200).json();
    assert!(delta["value"].as_array().unwrap().iter().any(|folder| folder["displayName"] == "Within"), "{delta}");

    let first = adele.get(&format!("{base}/folders/drafts/items/delta")).await.demand(200).json();
    let receipt = b"From: a@contoso.com\r\nTo: b@contoso.com\r\nSubject: Signed\r\nContent-Type: multipart/signed; \
        protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\n\
        Content-Type: application/pkcs7-signature\r\n\r\nAA==\r\n--b--\r\n";
    let signed = adele.draft(receipt).await;
    for number in 0..24 {
        adele.draft(&plain("AdeleV", &["AlexW"], &format!("Draft {number}"))).await;
    }
    let items = adele.all(&format!("{base}/folders/drafts/items?$top=10&$orderby=createdDateTime")).await;
    assert_eq!(items.len(), 25);
    assert_eq!(
        (&items[0]["id"], &items[0]["type"], &items[1]["type"]),
        (&signed["id"], &json!("IPM.Note.SMIME.MultipartSigned"), &json!("IPM.Note"))
    );
    assert_eq!((&items[0]["changeKey"], items[0]["size"].as_u64()), (&signed["changeKey"], Some(receipt.len() as u64)));
    let one = adele.get(&format!("{base}/folders/drafts/items/{}?$select=type", id(&signed))).await.demand(200).json();
    assert_eq!(one["type"], "IPM.Note.SMIME.MultipartSigned");
    adele.get(&format!("{base}/folders/inbox/items/{}", id(&signed))).await.demand_error(404, "ErrorItemNotFound");
    let counted = adele.get(&format!("{base}/folders/drafts/items?$count=true&$top=1")).await.demand(200).json();
    assert_eq!(counted["@odata.count"], 25);
    let next = adele.get(first["@odata.deltaLink"].as_str().unwrap()).await.demand(200).json();
    let told = next["value"].as_array().unwrap();
    assert_eq!(
        (told.len(), &told[0]["@odata.type"], &told[0]["id"]),
        (25, &json!("#microsoft.graph.mailboxItem"), &signed["id"])
    );
    server.finish().await;
}

#[tokio::test]
async fn twenty_leave_at_once_and_each_that_can_not_says_why() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let alexs = alex.draft(&plain("AlexW", &["AdeleV"], "Of Alex")).await;
    let mut ids = Vec::new();
    for number in 0..17 {
        let text = "A line of text.\r\n".repeat(number * 3000);
        let octets = letter(&[("From", &address("AdeleV")), ("Subject", &format!("Item {number}"))], &text);
        ids.push(id(&adele.draft(&octets).await).to_owned());
    }
    ids.extend(["made up".to_owned(), id(&alexs).to_owned(), ids[0].clone()]);
    let export = format!("{}/exportItems", mailbox("AdeleV"));
    let value = adele.post_json(&export, &json!({"ItemIds": ids})).await.demand(200).json()["value"].clone();
    let value = value.as_array().unwrap();
    assert_eq!(value.len(), 20);
    for (item, id) in value.iter().zip(&ids) {
        assert_eq!(item["itemId"], id.as_str());
    }
    assert_eq!(value[17]["error"]["code"], "ErrorInvalidIdMalformed");
    assert_eq!(value[18]["error"]["code"], "ErrorItemNotFound", "it is in another mailbox");
    for (item, id) in value.iter().zip(&ids).take(17) {
        let octets = STANDARD.decode(item["data"].as_str().unwrap()).unwrap();
        assert!(octets.ends_with(&adele.value(id).await), "{id}: its octets stand last");
    }
    ids.push(ids[0].clone());
    adele.post_json(&export, &json!({"ItemIds": ids})).await.demand_error(400, "BadRequest");
    adele.post_json(&export, &json!({"ItemIds": []})).await.demand_error(400, "BadRequest");
    adele.post_json(&export, &json!({"ItemIds": [1]})).await.demand_error(400, "RequestBodyRead");
    server.finish().await;
}

#[tokio::test]
async fn what_is_damaged_or_no_item_changes_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let original = adele.draft(&plain("AdeleV", &["AlexW"], "Whole")).await;
    let data = exported(&adele, "AdeleV", &original).await;
    let url = session(&adele, "AdeleV").await;
    let octets = STANDARD.decode(&data).unwrap();
    let mut bad =
        vec![b"From: a@b.example\r\n\r\nMIME".to_vec(), octets[..octets.len() - 1].to_vec(), [&octets[..], b"x"].concat()];
    for at in [0, 15, 20, 100, 300, octets.len() - 1] {
        let mut changed = octets.clone();
        changed[at] ^= 1;
        bad.push(changed);
    }
    bad.extend((0..octets.len()).step_by(97).skip(1).map(|end| octets[..end].to_vec()));
    bad.push(String::from_utf8(octets.clone()).unwrap().replacen("Restante-Item: 1", "Restante-Item: 2", 1).into_bytes());
    // One that somebody made: whole, and what no message can have.
    let forged = |from: &str, to: &str| {
        let text = String::from_utf8(octets.clone()).unwrap();
        let mut lines = text.splitn(3, '\n');
        let (_, head, rest) = (lines.next().unwrap(), lines.next().unwrap(), lines.next().unwrap());
        assert!(head.contains(from), "{head}");
        let head = head.replacen(from, to, 1);
        format!("Restante-Item: 1 {}\n{head}\n{rest}", sha256(head.as_bytes())).into_bytes()
    };
    let long = format!("\"extensions\":[[\"a.b\",\"{{\\\"c\\\":\\\"{}\\\"}}\"]]", "x".repeat(300_000));
    bad.push(forged("notFlagged", "raised"));
    // What would stand in the header of what is sent, and isn't in the octets by which it is judged who may send.
    for threading in
        [r#"["From: M <MeganB@contoso.com>\r\nX-A","b"]"#, r#"["Sender","MeganB@contoso.com"]"#, r#"["References","a\r\nX: b"]"#]
    {
        bad.push(forged("\"overlay\":{}", &format!("\"overlay\":{{\"threading\":[{threading}]}}")));
    }
    bad.push(forged("\"overlay\":{}", r#""overlay":{"to":[{"name":"a\r\nX: b","address":"a@contoso.com"}]}"#));
    bad.push(forged("\"categories\":[]", &format!("\"categories\":[{}\"\"]", "\"\",".repeat(1000))));
    let values = "[\"\",\"\",null],".repeat(10_000);
    bad.push(forged("\"properties\":[]", &format!("\"properties\":[[\"string 0x4001\",[{values}[\"\",\"\",null]]]]")));
    bad.push(forged("\"extensions\":[]", &long));
    import(&server, &url, "inbox", &STANDARD.encode(forged("notFlagged", "flagged"))).await.demand(200);
    let [flagged] = &adele.inbox().await[..] else { panic!("one is there") };
    adele.delete(&format!("messages/{}", id(flagged))).await.demand_empty(204);
    for octets in &bad {
        import(&server, &url, "inbox", &STANDARD.encode(octets)).await.demand_error(400, "ErrorCorruptData");
    }
    for odd in ["no base64!", ""] {
        import(&server, &url, "inbox", odd).await.demand_error(400, "ErrorMimeContentInvalidBase64String");
    }
    assert!(adele.inbox().await.is_empty());
    let body = json!({"FolderId": "inbox", "Mode": "create", "Data": data});
    for (member, value) in [
        ("FolderId", json!(null)),
        ("FolderId", json!("x")),
        ("Mode", json!("append")),
        ("Mode", json!(null)),
        ("Data", json!(1)),
        ("Mode", json!("update")),
    ] {
        let mut odd = body.clone();
        odd[member] = value;
        server.anonymous().post_json(&url, &odd).await.demand(400);
    }
    server.anonymous().post(&url, "text/plain", data.clone()).await.demand(400);
    server.anonymous().get(&url).await.demand_error(405, "ErrorInvalidRequest");
    let alexs = server.person("AlexW").get("mailFolders/inbox").await.demand(200).json();
    import(&server, &url, id(&alexs), &data).await.demand_error(404, "ErrorItemNotFound");
    assert!(adele.inbox().await.is_empty());
    import(&server, &url, "inbox", &data).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn nobody_gets_at_what_is_not_for_him() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let message = adele.draft(&plain("AdeleV", &["AlexW"], "Of Adele")).await;
    let (base, ids) = (mailbox("AdeleV"), json!({"ItemIds": [message["id"]]}));
    for path in ["", "/folders", "/folders/inbox", "/folders/delta", "/folders/inbox/items", "/folders/inbox/items/delta"] {
        alex.get(&format!("{base}{path}")).await.demand_error(403, "ErrorAccessDenied");
        server.anonymous().get(&format!("{base}{path}")).await.demand_error(401, "InvalidAuthenticationToken");
    }
    alex.post_json(&format!("{base}/exportItems"), &ids).await.demand_error(403, "ErrorAccessDenied");
    alex.post_nothing(&format!("{base}/createImportSession")).await.demand_error(403, "ErrorAccessDenied");
    for scopes in ["Mail.ReadWrite", "MailboxItem.Read", "MailboxFolder.ReadWrite"] {
        let narrow = server.person_with_scopes("AdeleV", scopes).await;
        narrow.post_json(&format!("{base}/exportItems"), &ids).await.demand_error(403, "ErrorAccessDenied");
        narrow.post_nothing(&format!("{base}/createImportSession")).await.demand_error(403, "ErrorAccessDenied");
    }
    let exporter = server.person_with_scopes("AdeleV", "MailboxItem.Export").await;
    exporter.post_json(&format!("{base}/exportItems"), &ids).await.demand(200);
    exporter.post_nothing(&format!("{base}/createImportSession")).await.demand_error(403, "ErrorAccessDenied");
    server.app().await.post_json(&format!("{base}/exportItems"), &ids).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn a_draft_that_came_in_without_a_name_is_sent_with_one() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (from, to) = (address("AdeleV"), address("AlexW"));
    let nameless = adele.draft(&letter(&[("From", &from), ("To", &to), ("Subject", "Nameless")], "Who am I?")).await;
    let octets = STANDARD.decode(exported(&adele, "AdeleV", &nameless).await).unwrap();
    let text = String::from_utf8(octets).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    let (head, octets) = rest.split_once('\n').unwrap();
    let mut head: Value = serde_json::from_str(head).unwrap();
    assert!(head["generated"].as_str().unwrap().contains("Message-ID"), "{head}");
    head["generated"] = json!("");
    let head = head.to_string();
    let item = format!("Restante-Item: 1 {}\n{head}\n{octets}", sha256(head.as_bytes()));
    let url = session(&adele, "AdeleV").await;
    let made = import(&server, &url, "drafts", &STANDARD.encode(item)).await.demand(200).json();
    adele.post_nothing(&format!("messages/{}/send", made["itemId"].as_str().unwrap())).await.demand_empty(202);
    let arrived = server.person("AlexW").arrived("Nameless").await;
    let name = arrived["internetMessageId"].as_str().unwrap();
    assert!(name.starts_with('<') && name.ends_with('>'), "{name:?}");
    server.finish().await;
}

#[tokio::test]
async fn who_reads_items_is_told_nothing_of_their_texts() {
    let server = Server::start().await;
    server.person("AdeleV").draft(&plain("AdeleV", &["AlexW"], "A secret")).await;
    let tool = app("tool", "MailboxItem.Read");
    server.register(&tool).await;
    let reader = server.through(&tool, "AdeleV", "MailboxItem.Read").await;
    let items = format!("{}/folders/drafts/items", mailbox("AdeleV"));
    for option in [
        "$filter=contains(subject,'secret')",
        "$filter=not%20startswith(bodyPreview,'A')",
        "$filter=contains(body/content,'a')",
        "$filter=from/emailAddress/address%20eq%20'AdeleV@contoso.com'",
        "$filter=toRecipients/any(r:r/emailAddress/address%20eq%20'AlexW@contoso.com')",
        "$filter=singleValueExtendedProperties/any(p:p/id%20eq%20'String%200x0037'%20and%20p/value%20eq%20'A%20secret')",
        "$orderby=subject",
    ] {
        reader.get(&format!("{items}?{option}")).await.demand_error(400, "BadRequest");
    }
    for option in [
        "$filter=categories/any(c:c%20eq%20'Red')",
        "$orderby=createdDateTime%20desc",
        "$filter=createdDateTime%20gt%202020-01-01T00:00:00Z",
    ] {
        reader.get(&format!("{items}?{option}")).await.demand(200);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_session_is_for_one_mailbox_and_ends_with_the_right() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let data = exported(&adele, "AdeleV", &adele.draft(&plain("AdeleV", &["AlexW"], "An item")).await).await;
    let mut tool = app("tool", "MailboxItem.ImportExport");
    server.register(&tool).await;
    let url = session(&server.as_app(&tool, "MailboxItem.ImportExport"), "AlexW").await;
    import(&server, &url, "inbox", &data).await.demand(200);
    assert_eq!(server.person("AlexW").inbox().await.len(), 1, "in the mailbox of the session");
    let (start, token) = url.rsplit_once('/').unwrap();
    let mut octets = encodify::base64::URL_SAFE_NO_PAD.decode(token).unwrap();
    for at in (0..octets.len()).step_by(7) {
        octets[at] ^= 1;
        let forged = format!("{start}/{}", encodify::base64::URL_SAFE_NO_PAD.encode(&octets));
        import(&server, &forged, "inbox", &data).await.demand_error(400, "ErrorInvalidIdMalformed");
        octets[at] ^= 1;
    }
    let upload = json!({"messageItem": {"size": 10}});
    let other = adele.post_json("messages/createUploadSession", &upload).await.demand(201).json();
    let other = other["uploadUrl"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned();
    import(&server, &format!("{start}/{other}"), "inbox", &data).await.demand_error(400, "ErrorInvalidIdMalformed");
    tool.account_enabled = false;
    server.register(&tool).await;
    import(&server, &url, "inbox", &data).await.demand_error(401, "InvalidAuthenticationToken");
    assert_eq!(server.person("AlexW").inbox().await.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn what_comes_in_is_told_and_runs_nothing() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let rule =
        json!({"displayName": "All", "sequence": 1, "conditions": {"subjectContains": ["item"]}, "actions": {"delete": true}});
    alex.post_json("mailFolders/inbox/messageRules", &rule).await.demand(201);
    let mut events = alex.listen("messages/changes?$select=subject", None).await;
    let data = exported(&adele, "AdeleV", &adele.draft(&plain("AdeleV", &["AlexW"], "An item")).await).await;
    let answer = import(&server, &session(&alex, "AlexW").await, "inbox", &data).await.demand(200).json();
    let told = events.next().await.unwrap();
    assert_eq!((told.event.as_str(), &told.data["resourceData"]["id"]), ("created", &answer["itemId"]));
    assert_eq!(alex.inbox().await.len(), 1, "no rule runs");
    let batch = json!({"requests": [{"id": "1", "method": "GET", "url": format!("{}/folders/inbox/items", mailbox("AlexW"))}]});
    let answers = alex.post_json("/$batch", &batch).await.demand(200).json();
    assert_eq!(answers["responses"][0]["body"]["value"].as_array().map(Vec::len), Some(1));
    let nothing = alex.call(Method::DELETE, &mailbox("AlexW"), &[], Bytes::new()).await;
    nothing.demand(405);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_of_the_corpus_comes_out_and_in_with_its_octets() {
    let Some(files) = files() else { return };
    let (from, to) = (Server::start().await, Server::start().await);
    let (adele, alex) = (from.person("AdeleV"), to.person("AlexW"));
    let url = session(&alex, "AlexW").await;
    let work = files.iter().map(|file| (file.clone(), adele.clone(), alex.clone(), to.anonymous(), url.clone()));
    let done = each(8, work, |(file, adele, alex, anybody, url)| async move {
        let made =
            adele.call(Method::POST, "messages?import=true", &[("content-type", "message/rfc822")], file.octets.clone().into());
        let made = made.await;
        if made.status == 400 {
            return false; // what is no message at all is refused on every road
        }
        let data = exported(&adele, "AdeleV", &made.demand(201).json()).await;
        let body = json!({"FolderId": "archive", "Mode": "create", "Data": data});
        let there = anybody.post_json(&url, &body).await.demand(200).json();
        assert_eq!(sha256(&alex.value(there["itemId"].as_str().unwrap()).await), file.sha256, "{}", file.name);
        true
    });
    let done = done.await.into_iter().filter(|done| *done).count();
    assert!(done > 800, "{done}");
    let archive = alex.get("mailFolders/archive").await.demand(200).json();
    assert_eq!(archive["totalItemCount"], done);
    from.finish().await;
    to.finish().await;
}
