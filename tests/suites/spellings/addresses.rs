//! What is addressed, in every spelling (behaviour 1.1 to 1.6; clients 2.1, 2.2, 2.5, 2.8 to 2.10).

use kit::{Person, Server, address, plain};
use serde_json::{Value, json};

async fn with_message(server: &Server) -> (Person, Value) {
    let adele = server.person("AdeleV");
    let message = adele.draft(&plain("AdeleV", &["AlexW"], "Spelled")).await;
    (adele, message)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|octet| format!("%{octet:02X}")).collect()
}

#[tokio::test]
async fn one_mailbox_has_many_names() {
    let server = Server::start().await;
    let (adele, message) = with_message(&server).await;
    let entry = server.entry("AdeleV");
    let (id, name) = (entry["id"].as_str().unwrap(), address("AdeleV"));
    let names = [
        "/me".to_owned(),
        "//me".to_owned(),
        "/Me".to_owned(),
        "/users/me".to_owned(),
        format!("/users/{id}"),
        format!("/Users/{}", id.to_uppercase()),
        format!("/users/{name}"),
        format!("/users/{}", name.to_uppercase()),
        format!("//users/{}", name.replace('@', "%40")),
        format!("/users/{}", name.replace('@', "%2540")),
        format!("/users/{}", encoded(&name)),
        format!("/users('{name}')"),
        format!("/users(%27{name}%27)"),
        format!("/USERS('{id}')"),
    ];
    for name in names {
        let person = adele.get(&name).await.demand(200).json();
        assert_eq!(person["id"], id, "{name}");
        let selected = adele.get(&format!("{name}?$select=displayName,mail")).await.demand(200).json();
        assert_eq!(selected["displayName"], "Adele Vance", "{name}");
        assert!(selected.get("surname").is_none(), "{name}");
        let page = adele.get(&format!("{name}/messages")).await.demand(200).json();
        assert_eq!(page["value"][0]["id"], message["id"], "{name}");
        let context = page["@odata.context"].as_str().unwrap();
        assert!(context.contains(&format!("users('{id}')")), "the context names the owner: {context}");
    }
    server.finish().await;
}

#[tokio::test]
async fn one_message_has_many_addresses() {
    let server = Server::start().await;
    let (adele, message) = with_message(&server).await;
    let (id, folder) = (message["id"].as_str().unwrap(), message["parentFolderId"].as_str().unwrap());
    let addresses = [
        format!("messages/{id}"),
        format!("Messages('{id}')"),
        format!("messages(%27{id}%27)"),
        format!("messages/{}", encoded(id)),
        format!("messages/{}", encoded(&encoded(id))),
        format!("messages//{id}/"),
        format!("messages/{id}="),
        format!("messages/{id}%3D"),
        format!("mailFolders/drafts/messages/{id}"),
        format!("mailfolders('Drafts')/messages('{id}')"),
        format!("MailFolders/{folder}/messages/{id}"),
        format!("mailFolders('{folder}')/Messages/{id}"),
        format!("mailFolders/msgfolderroot/childFolders/drafts/messages/{id}"),
        format!("mailFolders/msgFolderRoot/ChildFolders('{folder}')/messages/{id}"),
    ];
    for address in &addresses {
        assert_eq!(adele.get(address).await.demand(200).json()["id"], id, "{address}");
        for value in ["$value", "%24value", "%24Value"] {
            adele.get(&format!("{address}/{value}")).await.demand(200);
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn actions_have_short_and_qualified_names() {
    let server = Server::start().await;
    let (adele, message) = with_message(&server).await;
    let id = message["id"].as_str().unwrap();
    let folder = |name: &str| json!({"destinationId": name});
    for (action, destination) in [
        ("move", "archive"),
        ("Move", "DeletedItems"),
        ("microsoft.graph.move", "drafts"),
        ("Microsoft.Graph.move()", "archive"),
        ("move()", "deleteditems"),
    ] {
        for road in ["messages", "mailFolders/archive/messages"] {
            let moved = adele.post_json(&format!("{road}/{id}/{action}"), &folder(destination)).await.demand(201).json();
            let named = adele.get(&format!("mailFolders/{destination}")).await.demand(200).json();
            assert_eq!(moved["parentFolderId"], named["id"], "{road}/{action}");
            assert_eq!(moved["id"], id, "an id stays");
        }
    }
    for action in ["createReply", "microsoft.graph.createForward", "CREATEREPLYALL"] {
        adele.post_nothing(&format!("messages/{id}/{action}")).await.demand(201);
    }
    for name in ["sendmail", "SendMail", "microsoft.graph.sendMail"] {
        adele.post_mime(name, &plain("AdeleV", &["AlexW"], name)).await.demand_empty(202);
    }
    server.finish().await;
}

#[tokio::test]
async fn folders_lie_within_folders_without_limit() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut road = "mailFolders/inbox".to_owned();
    for depth in 0..12 {
        let made = adele.post_json(&format!("{road}/childFolders"), &json!({"displayName": format!("{depth}")})).await;
        let id = made.demand(201).json()["id"].as_str().unwrap().to_owned();
        road += &if depth % 2 == 0 { format!("/childFolders/{id}") } else { format!("/childfolders('{id}')") };
        assert_eq!(adele.get(&road).await.demand(200).json()["id"], id, "{road}");
    }
    let draft = adele.post_mime(&format!("{road}/messages"), &plain("AdeleV", &["AlexW"], "Deep")).await.demand(201).json();
    let found = adele.get(&format!("{road}/messages/{}", draft["id"].as_str().unwrap())).await.demand(200).json();
    assert_eq!(found["id"], draft["id"]);
    server.finish().await;
}

/// DavMail asks for everything there.
#[tokio::test]
async fn beta_answers_what_the_first_version_does() {
    let server = Server::start().await;
    let (adele, message) = with_message(&server).await;
    let id = message["id"].as_str().unwrap();
    for path in ["/me".to_owned(), "mailFolders?includeHiddenFolders=true".to_owned(), format!("messages/{id}")] {
        let (beta, v1) = (adele.under_beta().get(&path).await.demand(200).json(), adele.get(&path).await.demand(200).json());
        assert_eq!(beta["id"], v1["id"], "{path}");
        assert!(beta["@odata.context"].as_str().unwrap().contains("/beta/$metadata"), "{path}");
    }
    server.finish().await;
}
