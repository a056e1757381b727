//! Open extensions of messages.

use super::{encoded, id};
use kit::{Server, plain};
use serde_json::{Value, json};

const NAME: &str = "Com.Contoso.Referral";
const FULL: &str = "microsoft.graph.openTypeExtension.Com.Contoso.Referral";
const OUTLOOK: &str = "Microsoft.OutlookServices.OpenTypeExtension.Com.Contoso.Referral";

fn referral() -> Value {
    json!({
        "@odata.type": "microsoft.graph.openTypeExtension",
        "extensionName": NAME,
        "companyName": "Wingtip Toys",
        "dealValue": 500_050,
        "expirationDate": "2015-12-03T10:00:00.000Z",
    })
}

#[tokio::test]
async fn an_extension_is_made_read_changed_and_deleted_on_every_road() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Extended")).await;
    for road in ["", "mailFolders/drafts/", "mailFolders/msgfolderroot/childFolders/drafts/"] {
        let path = format!("{road}messages/{}/extensions", id(&draft));
        let made = adele.post_json(&path, &referral()).await.demand(201).json();
        assert_eq!((&made["id"], &made["extensionName"]), (&json!(FULL), &json!(NAME)));
        assert_eq!(made["@odata.type"], "#microsoft.graph.openTypeExtension");
        let context = format!("/messages('{}')/extensions/$entity", id(&draft));
        assert!(made["@odata.context"].as_str().unwrap().ends_with(&context), "{made}");
        assert_eq!((&made["dealValue"], &made["expirationDate"]), (&json!(500_050), &json!("2015-12-03T10:00:00.000Z")));
        for (name, shown) in [(NAME, FULL), (FULL, FULL), (OUTLOOK, OUTLOOK), ("com.contoso.referral", FULL)] {
            let read = adele.get(&format!("{path}/{name}")).await.demand(200).json();
            assert_eq!((&read["id"], &read["companyName"]), (&json!(shown), &json!("Wingtip Toys")));
        }
        let change = json!({"companyName": "Wingtip Toys (USA)", "dealValue": null, "updated": ["a", "b"]});
        let changed = adele.patch_json(&format!("{path}('{OUTLOOK}')"), &change).await.demand(200).json();
        assert_eq!((&changed["id"], &changed["updated"]), (&json!(OUTLOOK), &json!(["a", "b"])));
        assert!(changed.get("dealValue").is_none() && changed["expirationDate"].is_string(), "{changed}");
        let listed = adele.get(&path).await.demand(200).json();
        assert_eq!(listed["value"].as_array().map(Vec::len), Some(1));
        assert_eq!(listed["value"][0]["companyName"], "Wingtip Toys (USA)");
        assert_eq!(&adele.get(&format!("{path}/$count")).await.demand(200).body[..], b"1");
        adele.delete(&format!("{path}/{NAME}")).await.demand_empty(204);
        adele.get(&format!("{path}/{NAME}")).await.demand_error(404, "ErrorItemNotFound");
        adele.delete(&format!("{path}/{NAME}")).await.demand_error(404, "ErrorItemNotFound");
        assert_eq!(&adele.get(&format!("{path}/$count")).await.demand(200).body[..], b"0");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_message_is_made_with_extensions_and_shows_them_when_expanded() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut other = referral();
    other["extensionName"] = json!("Com.Contoso.Other");
    let message = json!({"subject": "Annual review", "extensions": [referral(), other]});
    let made = adele.post_json("messages", &message).await.demand(201).json();
    assert_eq!(made["extensions"].as_array().map(Vec::len), Some(2), "{made}");
    let read = adele.get(&format!("messages/{}", id(&made))).await.demand(200).json();
    assert!(read.get("extensions").is_none());
    for (spelt, shown) in [(NAME, FULL), (FULL, FULL), (OUTLOOK, OUTLOOK)] {
        let expand = encoded(&format!("extensions($filter=id eq '{spelt}')"));
        let read = adele.get(&format!("messages/{}?$expand={expand}", id(&made))).await.demand(200).json();
        assert_eq!(read["extensions"].as_array().map(Vec::len), Some(1), "{read}");
        assert_eq!((&read["extensions"][0]["id"], &read["extensions"][0]["dealValue"]), (&json!(shown), &json!(500_050)));
    }
    let copied = adele.post_json(&format!("messages/{}/copy", id(&made)), &json!({"destinationId": "archive"})).await;
    let copied = copied.demand(201).json();
    let listed = adele.get("mailFolders/archive/messages?$expand=extensions").await.demand(200).json();
    assert_eq!(listed["value"][0]["id"], copied["id"]);
    assert_eq!(listed["value"][0]["extensions"].as_array().map(Vec::len), Some(2));
    server.finish().await;
}

#[tokio::test]
async fn what_is_no_extension_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Refused")).await;
    let path = format!("messages/{}/extensions", id(&draft));
    for bad in [json!({}), json!({"extensionName": ""}), json!({"extensionName": "a", "b": {"c": 1}}), json!([])] {
        adele.post_json(&path, &bad).await.demand_error(400, "RequestBodyRead");
    }
    let large = json!({"extensionName": "a", "b": "x".repeat(70_000)});
    adele.post_json(&path, &large).await.demand_error(400, "ErrorInvalidExtendedPropertyValue");
    adele.post_json(&path, &referral()).await.demand(201);
    let mut again = referral();
    again["extensionName"] = json!(NAME.to_lowercase());
    adele.post_json(&path, &again).await.demand_error(409, "nameAlreadyExists");
    adele.patch_json(&format!("{path}/nothing"), &json!({"a": 1})).await.demand_error(404, "ErrorItemNotFound");
    let before = adele.get(&format!("messages/{}", id(&draft))).await.demand(200).json();
    assert_ne!(before["changeKey"], draft["changeKey"], "whoever follows changes is told");
    adele.delete(&format!("messages/{}", id(&draft))).await.demand_empty(204);
    server.finish().await;
}
