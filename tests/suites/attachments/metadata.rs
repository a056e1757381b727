//! What is said anew of a draft's attachments.

use super::{attachments_of, drafts, file, id, names};
use kit::Server;
use serde_json::{Value, json};

#[tokio::test]
async fn an_attachment_is_described_anew_and_keeps_its_id_and_octets() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for draft in drafts(&adele).await {
        let attachments = attachments_of(&draft);
        let octets = b"an attachment's octets";
        let first = adele.post_json(&attachments, &file("first.txt", "text/plain", b"1")).await.demand(201).json();
        let added = adele.post_json(&attachments, &file("old.bin", "application/x-old", octets)).await.demand(201).json();
        let path = format!("{attachments}/{}", id(&added));
        for (change, member) in [
            (json!({"name": "Größe.png"}), "name"),
            (json!({"contentType": "image/png"}), "contentType"),
            (json!({"isInline": true, "contentId": "new@here"}), "contentId"),
        ] {
            let changed = adele.patch_json(&path, &change).await.demand(200).json();
            assert_eq!((id(&changed), &changed[member]), (id(&added), &change[member]));
            assert_eq!(adele.get(&format!("{path}/$value")).await.demand(200).body, &octets[..]);
        }
        let now = adele.get(&path).await.demand(200).json();
        let expected = json!(["Größe.png", "image/png", true, "new@here", octets.len()]);
        assert_eq!(json!([now["name"], now["contentType"], now["isInline"], now["contentId"], now["size"]]), expected);
        let whole = adele.value(id(&draft)).await;
        adele.patch_json(&path, &json!({"name": "Größe.png", "isInline": true, "size": 7})).await.demand(200);
        assert_eq!(adele.value(id(&draft)).await, whole, "what is so already changes nothing");
        let unnamed = adele.patch_json(&path, &json!({"contentId": ""})).await.demand(200).json();
        assert_eq!(unnamed["contentId"], Value::Null);
        for wrong in [json!({"contentBytes": "QQ=="}), json!({"isInline": "perhaps"})] {
            adele.patch_json(&path, &wrong).await.demand_error(400, "RequestBodyRead");
        }
        adele.patch_json(&path, &json!({"contentType": "message/rfc822"})).await.demand_error(400, "ErrorInvalidPropertySet");

        // Others come and go, and it keeps its id.
        adele.delete(&format!("{attachments}/{}", id(&first))).await.demand_empty(204);
        adele.post_json(&attachments, &file("old.bin", "application/x-old", octets)).await.demand(201);
        let list = adele.get(&attachments).await.demand(200).json();
        assert_eq!(names(&list), ["Größe.png", "old.bin"]);
        assert_eq!(id(&list["value"][0]), id(&added));
        let path = format!("{attachments}/{}", id(&added));
        adele.delete(&path).await.demand_empty(204);
        let list = adele.get(&attachments).await.demand(200).json();
        assert_eq!(names(&list), ["old.bin"]);
    }
    server.finish().await;
}
