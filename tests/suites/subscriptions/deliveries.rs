//! Subscriptions to what becomes of messages that are sent.

use super::{subscribe, subscribed, to_messages, with};
use crate::relay::{to, towards};
use kit::{Peer, Receiver, Server, plain};
use serde_json::{Value, json};

fn to_deliveries(receiver: &Receiver) -> Value {
    with(to_messages(receiver), &json!({"resource": "me/messages/delivery", "changeType": "updated"}))
}

#[tokio::test]
async fn a_sender_is_told_what_becomes_of_each_message_and_nobody_else_is() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Before")).await.demand(202);
    server.person("AlexW").arrived("Before").await;
    let made = subscribed(&adele, &to_deliveries(&receiver)).await;
    let to_all = json!({"notificationUrl": receiver.url("/all")});
    subscribed(&adele, &with(to_messages(&receiver), &to_all)).await;
    let alexs = json!({"notificationUrl": receiver.url("/alex")});
    subscribed(&server.person("AlexW"), &with(to_deliveries(&receiver), &alexs)).await;

    let sent = adele.send_mime(&plain("AdeleV", &["AlexW", "MeganB"], "Followed")).await.demand(202);
    let delivery = sent.header("restante-delivery").unwrap().to_owned();
    let told = receiver.until_notified("/changes", 2).await;
    let id = told[0]["resourceData"]["id"].as_str().unwrap();
    let resource = format!("Users/{}/Messages/{id}/delivery", server.entry("AdeleV")["id"].as_str().unwrap());
    let expected = json!({
        "subscriptionId": made["id"],
        "subscriptionExpirationDateTime": made["expirationDateTime"],
        "changeType": "updated",
        "resource": resource,
        "resourceData": {"@odata.type": "#restante.delivery", "@odata.id": resource, "id": id},
        "clientState": "a secret",
        "tenantId": server.dev()["tenant"],
    });
    assert_eq!(told, [expected.clone(), expected], "one for each recipient");
    let read = adele.get(&format!("/{resource}")).await.demand(200).json();
    assert_eq!(read, adele.get(&delivery).await.demand(200).json(), "it leads to what the answer told");
    let states: Vec<&Value> = read["recipients"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["delivered", "delivered"]);

    let all = receiver.until_notified("/all", 1).await;
    assert_eq!(all.len(), 1, "the copy in Sent Items, and not what became of it: {all:?}");
    assert_eq!(receiver.notifications("/alex"), [] as [Value; 0]);
    let delta = adele.get("mailFolders/sentitems/messages/delta").await.demand(200).json();
    assert_eq!(delta["value"].as_array().unwrap().len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn who_may_only_send_may_follow_that() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let sender = server.person_with_scopes("AdeleV", "Mail.Send").await;
    subscribe(&sender, &to_messages(&receiver)).await.demand_error(403, "ErrorAccessDenied");
    let made = subscribed(&sender, &to_deliveries(&receiver)).await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(sender.get("/subscriptions").await.demand(200).json()["value"].as_array().map(Vec::len), Some(1));
    sender.send_mime(&plain("AdeleV", &["AlexW"], "Followed")).await.demand(202);
    receiver.until_notified("/changes", 1).await;
    sender.delete(&format!("/subscriptions/{id}")).await.demand_empty(204);
    let mut subscription = to_messages(&receiver);
    subscription["notificationUrl"] = receiver.url("/messages").into();
    let to_all = subscribed(&server.person("AdeleV"), &subscription).await;
    let path = format!("/subscriptions/{}", to_all["id"].as_str().unwrap());
    sender.get(&path).await.demand_error(403, "ErrorAccessDenied");
    assert_eq!(sender.get("/subscriptions").await.demand(200).json()["value"], json!([]), "what it may not hear");
    let reader = server.person_with_scopes("AdeleV", "Mail.ReadBasic").await;
    subscribe(&reader, &to_deliveries(&receiver)).await.demand_error(403, "ErrorAccessDenied");
    server.finish().await;
}

#[tokio::test]
async fn what_goes_to_another_server_is_told_at_each_turn() {
    let (peer, receiver) = (Peer::start().await, Receiver::start().await);
    let server = Server::with_config(&towards(&peer).replace("hold = false\n", "")).await;
    let adele = server.person("AdeleV");
    subscribed(&adele, &to_deliveries(&receiver)).await;
    let sent = adele.send_mime(&to(&["a@elsewhere.example", "b@other.example"], "Away")).await.demand(202);
    let path = sent.header("restante-delivery").unwrap().to_owned();
    assert_eq!(receiver.tried(), 0, "that it is held was its answer");
    let mut told = 0;
    for (deed, states) in [("release", ["held", "relayed"]), ("cancel", ["cancelled", "relayed"])] {
        let which = if deed == "release" { &["--recipient", "a@elsewhere.example"][..] } else { &[] };
        let done = server.restante(&[&["queue", deed, "all"], which].concat()).await;
        assert!(done.status.success(), "{done:?}");
        kit::until(deed, async || {
            let read = adele.get(&path).await.demand(200).json();
            let mut now: Vec<&str> = read["recipients"].as_array()?.iter().filter_map(|one| one["state"].as_str()).collect();
            now.sort_unstable();
            (now == states).then_some(())
        })
        .await;
        told = receiver.until_notified("/changes", told + 1).await.len();
    }
    let id = adele.get(&path).await.demand(200).json()["id"].clone();
    assert!(receiver.notifications("/changes").iter().all(|one| one["resourceData"]["id"] == id));
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_followed_so_is_refused() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let odd = [
        json!({"changeType": "created"}),
        json!({"resource": "me/messages/delivery?$filter=isRead eq true"}),
        json!({"resource": "me/messages/delivery?$select=subject"}),
        json!({"resource": "me/mailFolders/inbox/messages/delivery"}),
        json!({"includeResourceData": true, "encryptionCertificate": "MII", "encryptionCertificateId": "a"}),
    ];
    for members in odd {
        let answer = subscribe(&adele, &with(to_deliveries(&receiver), &members)).await;
        assert_eq!(answer.status, 400, "{members}: {:?}", answer.json());
    }
    let adeles = json!({"resource": format!("users/{}/messages/delivery", kit::address("AdeleV"))});
    let alex = server.person("AlexW");
    subscribe(&alex, &with(to_deliveries(&receiver), &adeles)).await.demand_error(403, "ErrorAccessDenied");
    assert_eq!(receiver.asked(), [] as [String; 0], "nobody was asked");
    server.finish().await;
}
