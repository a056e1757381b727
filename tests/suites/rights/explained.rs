//! `restante app explain`: what it prints of an app that may little, and what that app is refused. docs/rights.md shows both.

use super::{ALL, said};
use kit::{Person, Server, address, app, demand_section, letter, plain, until};
use serde_json::{Value, json};

async fn printed(server: &Server, arguments: &[&str]) -> String {
    let told = server.restante(arguments).await;
    assert!(told.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).unwrap()
}

/// An app as the command registers it, and its token for its secret.
async fn newsletter(server: &Server) -> Person {
    let (adele, alex) = (address("AdeleV"), address("AlexW"));
    let add = [
        "app",
        "add",
        "Newsletter",
        "--application-permission",
        "Mail.Send",
        "--from",
        &adele,
        "--from",
        &alex,
        "--recipient-domain",
        "contoso.com",
        "--sends-per-minute",
        "10",
        "--secret",
        "--json",
    ];
    let added: Value = serde_json::from_str(&printed(server, &add).await).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &text(&added["appId"])),
        ("client_secret", &text(&added["secret"]["secretText"])),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let granted = server.post_form("/organizations/oauth2/v2.0/token", &form).await.demand(200).json();
    server.bearer(Some(text(&granted["access_token"])))
}

/// The text without what differs from run to run.
fn settled(text: &str) -> String {
    let settled = |word: &str| -> String {
        let bare = word.trim_matches(['(', ')', ',']);
        let is_guid = bare.len() == 36 && bare.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
        let is_date = bare.len() == 20 && bare.ends_with('Z') && bare.as_bytes()[10] == b'T';
        match (is_guid, is_date) {
            (true, _) => word.replace(bare, "00000000-0000-4000-8000-000000000000"),
            (_, true) => word.replace(bare, "2026-11-25T12:00:00Z"),
            _ => word.to_owned(),
        }
    };
    let line = |line: &str| line.split(' ').map(settled).collect::<Vec<_>>().join(" ");
    let without_hint = |line: String| match line.split_once("begins with ") {
        Some((before, after)) => format!("{before}begins with abc,{}", after.split_once(',').unwrap().1),
        None => line,
    };
    text.lines().map(line).map(without_hint).collect::<Vec<_>>().join("\n")
}

/// Waits until the uses add up to so many: they are written every few seconds.
async fn until_used(server: &Server, uses: i64) -> String {
    until("what was used is written down", async || {
        let explained: Value = serde_json::from_str(&printed(server, &["app", "explain", "Newsletter", "--json"]).await).unwrap();
        let sum: i64 = explained["uses"].as_array().unwrap().iter().map(|used| used["uses"].as_i64().unwrap()).sum();
        (sum == uses).then_some(())
    })
    .await;
    printed(server, &["app", "explain", "Newsletter"]).await
}

#[tokio::test]
async fn an_app_that_may_little_does_that_and_is_refused_the_rest() {
    let mut server = Server::start().await;
    let app = newsletter(&server).await;
    let megan = server.person("MeganB");
    for number in 1..=10 {
        let name = if number % 2 == 0 { "AdeleV" } else { "AlexW" };
        app.at(name).send_mime(&plain(name, &["MeganB"], &format!("Number {number}"))).await.demand_empty(202);
    }
    for number in 1..=10 {
        megan.arrived(&format!("Number {number}")).await;
    }
    let outside = letter(&[("From", &address("AdeleV")), ("To", "someone@fabrikam.example")], "No\r\n");
    let refused = [
        ("a send as a third person", app.at("ChristieC").send_mime(&plain("ChristieC", &["MeganB"], "No")).await),
        ("a send to another domain", app.at("AdeleV").send_mime(&outside).await),
        ("an eleventh send in the minute", app.at("AdeleV").send_mime(&plain("AdeleV", &["MeganB"], "No")).await),
        ("reading a mailbox", app.at("AdeleV").get("messages").await),
        ("listing who is here", app.get("/users").await),
    ];
    let mut table = "| asked | answer | `innerError.cause` |\n|---|---|---|\n".to_owned();
    for (what, answer) in &refused {
        let error = said(answer);
        let retry = answer.header("retry-after").map_or("", |_| ", `Retry-After`");
        let cause = error["innerError"]["cause"].as_str().unwrap();
        let cause = cause.split_once("in ").filter(|_| !retry.is_empty()).map_or(cause.to_owned(), |(before, after)| {
            format!("{before}in N seconds{}", after.split_once("seconds").unwrap().1)
        });
        let (status, code) = (answer.status.as_u16(), error["code"].as_str().unwrap());
        table += &format!("| {what} | {status} `{code}`{retry} | {cause} |\n");
    }
    for path in ["messages/delta", "mailFolders", "mailFolders/inbox"] {
        app.at("AdeleV").get(path).await.demand_error(403, "ErrorAccessDenied");
    }
    app.at("AdeleV").post_json("messages", &json!({"subject": "x"})).await.demand_error(403, "ErrorAccessDenied");
    assert_eq!(megan.inbox().await.len(), 10, "what is refused goes nowhere");
    demand_section("rights.md", "refusals", &table);

    // Thirteen times it was let into a mailbox: three of these sends were refused later.
    let explained = until_used(&server, 13).await;
    demand_section("rights.md", "explained", &format!("```\n{}\n```", settled(&explained)));
    app.at("AdeleV").send_mime(&plain("AdeleV", &["MeganB"], "No")).await.demand(429);
    server.stop().await;
    server.restart().await;
    assert!(until_used(&server, 14).await.contains("AdeleV@contoso.com: 8 times"), "what waited is written at the end");
    server.finish().await;
}

#[tokio::test]
async fn what_is_granted_and_never_used_is_told() {
    let server = Server::start().await;
    let tool = app("Newsletter", &format!("{ALL} Mail.ReadBasic"));
    server.register(&tool).await;
    assert!(printed(&server, &["app", "explain", "Newsletter"]).await.contains("It has used nothing."));
    let caller = server.through(&tool, "AdeleV", ALL).await;
    caller.get("messages").await.demand(200);
    caller.get("/me").await.demand(200);
    caller.get("/users").await.demand(200);
    caller.get("/users").await.demand(200);
    let told = until_used(&server, 4).await;
    assert!(told.contains("Granted and never used: Mail.ReadBasic, Mail.ReadWrite, Mail.Send."), "{told}");
    assert!(told.contains("the list of people: 2 times"), "{told}");
    let unknown = server.restante(&["app", "explain", "nothing"]).await;
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("There is no app \"nothing\" here."));
    server.finish().await;
}
