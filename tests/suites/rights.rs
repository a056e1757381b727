//! Who may do what: what is registered of an app and a person holds at each request, whatever a token says.

mod basics;
mod explained;
mod matrix;
mod sending;
mod shared;

use hyper::Method;
use kit::{Answer, Person, Server, address, app, census, plain};
use serde_json::Value;
use store::{Account, ApplicationLimits, MailboxAccess};

const ALL: &str = "Mail.ReadWrite Mail.Read Mail.Send User.Read User.Read.All";
/// How most people come in.
const OPEN: Account = Account { account_enabled: true, is_shared: false, password_hash: None };

/// What an error says, without what differs from request to request.
fn said(answer: &Answer) -> Value {
    let mut error = answer.error();
    for name in ["date", "request-id", "client-request-id"] {
        error["innerError"].as_object_mut().unwrap().remove(name);
    }
    error
}

#[track_caller]
fn demand_out(answer: Answer) {
    let answer = answer.demand(401);
    assert_eq!(answer.error()["code"], "InvalidAuthenticationToken");
    assert!(answer.header("www-authenticate").is_some_and(|field| field.starts_with("Bearer ")));
}

/// Every door of Graph, so that none forgets to ask.
async fn demand_out_of_all(caller: &Person) {
    for path in ["messages", "mailFolders/inbox", "messages/delta", "messages/$count"] {
        demand_out(caller.get(path).await);
    }
    demand_out(caller.send_mime(&plain("AdeleV", &["AlexW"], "Not sent")).await);
    demand_out(caller.get(&format!("/users/{}", address("AdeleV"))).await);
    demand_out(caller.get("/users").await);
}

#[tokio::test]
async fn an_app_that_is_not_registered_or_is_disabled_is_out_at_once() {
    let server = Server::start().await;
    let mut tool = app("tool", ALL);
    let (itself, person) = (server.as_app(&tool, ALL).at("AdeleV"), server.through(&tool, "AdeleV", ALL).await);
    demand_out_of_all(&itself).await;
    demand_out_of_all(&person).await;
    server.register(&tool).await;
    itself.get("messages").await.demand(200);
    person.get("messages").await.demand(200);
    tool.account_enabled = false;
    server.register(&tool).await;
    demand_out_of_all(&itself).await;
    demand_out_of_all(&person).await;
    let batch = serde_json::json!({"requests": [{"id": "1", "method": "GET", "url": "/me/messages"}]});
    let members = person.post_json("/$batch", &batch).await.demand(200).json();
    assert_eq!(members["responses"][0]["status"], 401);
    assert!(server.log().contains("the app is not registered, or disabled"), "the log says why");
    server.finish().await;
}

#[tokio::test]
async fn a_person_who_is_disabled_is_out_at_once_and_the_mailbox_goes_on() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    adele.get("messages").await.demand(200);
    server.set_account("AdeleV", Account { account_enabled: false, ..OPEN }).await;
    demand_out_of_all(&adele).await;
    server.set_account("AdeleV", Account { is_shared: true, ..OPEN }).await;
    demand_out_of_all(&adele).await;
    alex.send_mime(&plain("AlexW", &["AdeleV"], "To nobody at home")).await.demand_empty(202);
    server.app().await.at("AdeleV").arrived("To nobody at home").await;
    server.set_account("AdeleV", OPEN).await;
    adele.get("messages").await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn a_permission_that_is_taken_back_is_gone_from_tokens_that_have_it() {
    let server = Server::start().await;
    let mut tool = app("tool", ALL);
    server.register(&tool).await;
    let (itself, person) = (server.as_app(&tool, ALL).at("AdeleV"), server.through(&tool, "AdeleV", ALL).await);
    let letter = plain("AdeleV", &["AlexW"], "Sent");
    tool.application_permissions = "Mail.Send".to_owned();
    server.register(&tool).await;
    itself.get("messages").await.demand_error(403, "ErrorAccessDenied");
    itself.send_mime(&letter).await.demand_empty(202);
    person.get("messages").await.demand(200);
    tool.delegated_permissions = "Mail.Read".to_owned();
    server.register(&tool).await;
    person.send_mime(&letter).await.demand_error(403, "ErrorAccessDenied");
    person.get("/me").await.demand_error(403, "ErrorAccessDenied");
    person.get("messages").await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn an_app_that_is_limited_to_mailboxes_learns_nothing_of_others() {
    let server = Server::start().await;
    let mut tool = app("tool", ALL);
    tool.limits = ApplicationLimits { mailboxes: Some(vec![server.id("AdeleV")]), ..ApplicationLimits::default() };
    server.register(&tool).await;
    let before = census(&server).await;
    let itself = server.as_app(&tool, ALL);
    itself.at("AdeleV").get("messages").await.demand(200);
    let nobody = |path: &str| format!("/users/nobody@contoso.com{path}");
    for path in ["/messages", "/mailFolders/inbox", "/messages/delta", ""] {
        let known = itself.get(&format!("/users/{}{path}", address("AlexW"))).await.demand(403);
        let unknown = itself.get(&nobody(path)).await.demand(403);
        assert_eq!(said(&known), said(&unknown), "{path}");
        assert_eq!(said(&known)["code"], "ErrorAccessDenied");
    }
    itself.at("AlexW").send_mime(&plain("AlexW", &["MeganB"], "No")).await.demand_error(403, "ErrorAccessDenied");
    let listed = itself.all("/users?$top=1").await;
    assert_eq!(listed.len(), 1, "of others it isn't told that they are here");
    assert_eq!(listed[0]["userPrincipalName"], address("AdeleV"));
    // The same app for people: each in the own mailbox, as far as that is on the list.
    server.through(&tool, "AdeleV", ALL).await.get("messages").await.demand(200);
    server.through(&tool, "AlexW", ALL).await.get("messages").await.demand_error(403, "ErrorAccessDenied");
    assert_eq!(census(&server).await, before);
    server.finish().await;
}

#[tokio::test]
async fn an_upload_ends_with_the_right_of_who_began_it() {
    let server = Server::start().await;
    let mut tool = app("tool", &format!("{ALL} Mail.ReadWrite.Shared"));
    server.register(&tool).await;
    let (id, owner) = (server.id("AlexW"), server.id("MeganB"));
    server.grant("MeganB", "AlexW", MailboxAccess::FullAccess).await;
    let nobody = server.anonymous();
    let begin = serde_json::json!({"messageItem": {"size": 4}});
    let mut urls = Vec::new();
    for caller in [
        server.as_app(&tool, ALL).at("MeganB"),
        server.through(&tool, "AlexW", ALL).await,
        server.through(&tool, "AlexW", "Mail.ReadWrite.Shared").await.at("MeganB"),
    ] {
        let session = caller.post_json("messages/createUploadSession", &begin).await.demand(201).json();
        urls.push(session["uploadUrl"].as_str().unwrap().to_owned());
    }
    let statuses = async || {
        let mut statuses = Vec::new();
        for url in &urls {
            statuses.push(nobody.get(url).await.status.as_u16());
        }
        statuses
    };
    assert_eq!(statuses().await, [200, 200, 200]);
    server.set_account("AlexW", Account { account_enabled: false, ..OPEN }).await;
    assert_eq!(statuses().await, [200, 401, 401]);
    server.set_account("AlexW", OPEN).await;
    server.write(move |tx| tx.revoke_access(owner, id, MailboxAccess::FullAccess)).await;
    assert_eq!(statuses().await, [200, 200, 403]);
    tool.limits.mailboxes = Some(vec![id]);
    server.register(&tool).await;
    assert_eq!(statuses().await, [403, 200, 403]);
    tool.delegated_permissions = "Mail.Read".to_owned();
    server.register(&tool).await;
    assert_eq!(statuses().await, [403, 403, 403]);
    tool.account_enabled = false;
    server.register(&tool).await;
    assert_eq!(statuses().await, [401, 401, 401]);
    let put = nobody.call(Method::PUT, &urls[0], &[("content-range", "bytes 0-3/4")], "abcd".into()).await;
    demand_out(put);
    server.finish().await;
}

#[tokio::test]
async fn who_may_not_know_who_is_here_is_told_the_same_of_known_and_unknown() {
    let server = Server::start().await;
    let tool = app("tool", "Mail.ReadWrite Mail.ReadWrite.Shared User.Read User.ReadBasic.All");
    server.register(&tool).await;
    let reader = server.through(&tool, "AdeleV", "Mail.ReadWrite Mail.ReadWrite.Shared User.Read").await;
    for path in ["/messages", "/mailFolders", ""] {
        let known = reader.get(&format!("/users/{}{path}", address("AlexW"))).await.demand(403);
        let unknown = reader.get(&format!("/users/nobody@contoso.com{path}")).await.demand(403);
        assert_eq!(said(&known), said(&unknown), "{path}");
    }
    let knower = server.through(&tool, "AdeleV", "Mail.ReadWrite.Shared User.ReadBasic.All").await;
    knower.get("/users/nobody@contoso.com/messages").await.demand_error(404, "ErrorInvalidUser");
    knower.get(&format!("/users/{}/messages", address("AlexW"))).await.demand_error(403, "ErrorAccessDenied");
    server.finish().await;
}
