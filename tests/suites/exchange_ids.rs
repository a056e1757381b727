//! Ids in the forms of older interfaces, and back.

use kit::{Person, Server, address, base64, plain};
use serde_json::{Value, json};

const FORMS: [&str; 5] = ["entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId"];

async fn translated(person: &Person, ids: &[&str], from: &str, to: &str) -> Vec<Value> {
    let body = json!({"inputIds": ids, "sourceIdType": from, "targetIdType": to});
    let answer = person.post_json("translateExchangeIds", &body).await.demand(200).json();
    let context = answer["@odata.context"].as_str().unwrap();
    assert!(context.ends_with("$metadata#Collection(microsoft.graph.convertIdResult)"), "{context}");
    answer["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_id_goes_through_every_form_and_comes_back() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Named")).await;
    let id = draft["id"].as_str().unwrap();
    let file = json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "SGk="});
    let file = adele.post_json(&format!("messages/{id}/attachments"), &file).await.demand(201).json();
    let ids = [id, draft["parentFolderId"].as_str().unwrap(), file["id"].as_str().unwrap()];
    let padded = |id: &str| id.replace('-', "+").replace('_', "/") + &"=".repeat((4 - id.len() % 4) % 4);
    let octets = ids.map(|id| kit::decode_base64(&padded(id)));
    for form in FORMS {
        let there = translated(&adele, &ids, "restId", form).await;
        let sources: Vec<&str> = there.iter().map(|one| one["sourceId"].as_str().unwrap()).collect();
        assert_eq!(sources, ids, "in the order of the request");
        let targets: Vec<&str> = there.iter().map(|one| one["targetId"].as_str().unwrap()).collect();
        for (octets, target) in octets.iter().zip(&targets) {
            let padded = base64(octets);
            let safe = padded.trim_end_matches('=').replace('+', "-").replace('/', "_");
            let expected = match form {
                "ewsId" => padded.clone(),
                "entryId" | "immutableEntryId" => format!("{safe}{}", padded.len() - safe.len()),
                _ => safe,
            };
            assert_eq!(*target, expected, "{form}");
        }
        let back = translated(&adele, &targets, form, "restImmutableEntryId").await;
        let back: Vec<&str> = back.iter().map(|one| one["targetId"].as_str().unwrap()).collect();
        assert_eq!(back, ids, "{form}");
    }
    let words = json!({"InputIds": [id], "SourceIdType": "RestId", "TargetIdType": "EWSID"});
    adele.post_json("microsoft.graph.translateExchangeIds", &words).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn what_is_no_id_is_told_beside_the_others() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Named")).await;
    let id = draft["id"].as_str().unwrap();
    let found = translated(&adele, &["AAMkAGI2", id, "", draft["conversationId"].as_str().unwrap()], "restId", "entryId").await;
    for (place, one) in found.iter().enumerate() {
        if place == 1 {
            assert_eq!(one["sourceId"], id);
            assert!(one["targetId"].is_string() && one.get("errorDetails").is_none(), "{one}");
        } else {
            assert_eq!(one["errorDetails"], json!({"code": "ErrorInvalidIdMalformed", "message": "Id is malformed."}));
            assert!(one.get("targetId").is_none(), "{one}");
        }
    }
    assert_eq!(translated(&adele, &[], "restId", "entryId").await, Vec::<Value>::new());
    // What is gone still has a name: nothing is looked up.
    adele.post_nothing(&format!("messages/{id}/permanentDelete")).await.demand_empty(204);
    assert!(translated(&adele, &[id], "restId", "ewsId").await[0]["targetId"].is_string());
    let thousand = vec![id; 1000];
    assert_eq!(translated(&adele, &thousand, "restId", "ewsId").await.len(), 1000);
    let body = |ids: Value, from: &str| json!({"inputIds": ids, "sourceIdType": from, "targetIdType": "entryId"});
    let too_many = body(json!(vec![id; 1001]), "restId");
    adele.post_json("translateExchangeIds", &too_many).await.demand_error(400, "BadRequest");
    for refused in [
        body(json!([id]), "mapiId"),
        body(json!([1]), "restId"),
        body(json!(id), "restId"),
        json!({"inputIds": [id], "sourceIdType": "restId"}),
        json!({"sourceIdType": "restId", "targetIdType": "entryId"}),
        json!([]),
    ] {
        adele.post_json("translateExchangeIds", &refused).await.demand_error(400, "RequestBodyRead");
    }
    adele.get("translateExchangeIds").await.demand_error(405, "ErrorInvalidRequest");
    let other = format!("/users/{}/translateExchangeIds", address("AlexW"));
    adele.post_json(&other, &body(json!([id]), "restId")).await.demand(200);
    server.finish().await;
}
