//! Every operation that works, by everybody who may not: each is refused by its code, changes nothing and tells nothing, and
//! the same call with the least that the operation asks succeeds. The table of it is `docs/conformance/security.md`.

mod attackers;
mod row;

use attackers::Attackers;
use kit::{Person, Server, aloud, app, demand_section, plain};
use row::Row;
use std::fmt::Write;

/// Everything that may be done with mail.
const ALL: &str = "Mail.ReadWrite Mail.Read Mail.ReadBasic Mail.Send User.Read User.Read.All \
                   Mail.ReadWrite.Shared Mail.Read.Shared Mail.ReadBasic.Shared Mail.Send.Shared MailboxSettings.Read MailboxSettings.ReadWrite \
                   MailboxFolder.Read MailboxItem.Read MailboxItem.Export MailboxItem.ImportExport";

/// What is counted to see that nothing has changed.
const COUNTED: [&str; 4] = ["mailFolders/inbox", "mailFolders/sentitems", "mailFolders/archive", "mailFolders/deleteditems"];

#[tokio::test]
async fn nobody_gets_where_they_do_not_belong() {
    let Some(rows) = row::rows() else { return };
    let server = Server::start().await;
    let tool = app("tool", ALL);
    server.register(&tool).await;
    let attackers = Attackers::of(&server, &tool).await;
    let adele = server.person("AdeleV");
    let mut allowed = Vec::new();
    for row in &rows {
        allowed.push(let_in(&server, &tool, &adele, row).await);
    }
    // What was sent before this has arrived by the time that this has.
    adele.send_mime(&plain("AdeleV", &["AdeleV", "AlexW"], "Last of all")).await.demand_empty(202);
    adele.arrived("Last of all").await;
    server.person("AlexW").arrived("Last of all").await;
    let (before, drafts) = (counts(&server).await, items(&adele, "mailFolders/drafts").await);
    let (mut table, mut cells, mut made) = (String::new(), 0, 0);
    for (row, allowed) in rows.iter().zip(&allowed) {
        write!(table, "| {} `{}` | {allowed} |", row.method, row.path).unwrap();
        cells += allowed.split(" | ").filter(|cell| *cell != "–").count();
        for attacker in attackers.of_row(row) {
            let cell = match &attacker {
                None => "–".to_owned(),
                Some(attacker) => {
                    let answers = row.call(&adele, &attacker.person).await;
                    made += usize::from(row.has_draft());
                    cells += 1;
                    attacker.demand_refused(row, &answers)
                }
            };
            write!(table, " {cell} |").unwrap();
        }
        table.push('\n');
    }
    assert_eq!(counts(&server).await, before, "what is refused changes nothing");
    let left = items(&adele, "mailFolders/drafts").await;
    assert_eq!(left, drafts + made as u64, "the drafts that were to be changed are all there");
    aloud(&format!("security: {cells} cells of {} operations, all as they must be", rows.len()));
    let head = format!("| operation | a person | an app | {} |\n|---{}|\n", attackers::COLUMNS.join(" | "), "|---".repeat(12));
    demand_section(
        "conformance/security.md",
        "security",
        &format!("{cells} cells of {} operations.\n\n{head}{table}", rows.len()),
    );
    server.finish().await;
}

#[tokio::test]
async fn a_refusal_does_not_tell_whether_the_target_is_there() {
    let server = Server::start().await;
    let tool = app("tool", ALL);
    server.register(&tool).await;
    let attackers = Attackers::of(&server, &tool).await;
    let adele = server.person("AdeleV");
    let [there, gone] = [adele.draft(&plain("AdeleV", &["AlexW"], "A call")).await, adele.draft(b"Subject: Gone\r\n\r\n").await];
    let [there, gone] = [&there, &gone].map(|draft| draft["id"].as_str().unwrap());
    adele.post_nothing(&format!("messages/{gone}/permanentDelete")).await.demand_empty(204);
    for (column, person) in attackers.at_a_mailbox() {
        for path in ["messages/{}", "messages/{}/$value", "messages/{}/attachments"] {
            let mut told = Vec::new();
            for id in [there, gone] {
                let answer = person.at("AdeleV").get(&path.replace("{}", id)).await;
                let error = &answer.json()["error"];
                told.push((answer.status, error["code"].clone(), error["message"].clone()));
            }
            told.dedup();
            assert_eq!(told.len(), 1, "{column}: {path}: {told:?}");
        }
    }
    server.finish().await;
}

/// Whom the least permissions of a row let in, and with what statuses.
async fn let_in(server: &Server, tool: &store::Application, adele: &Person, row: &Row) -> String {
    let mut cells = Vec::new();
    let person = match &row.delegated {
        Some(least) => Some(server.through(tool, "AdeleV", least).await),
        None => None,
    };
    let app = row.application.as_ref().map(|least| server.as_app(tool, least));
    for caller in [person, app] {
        let Some(caller) = caller else {
            cells.push("–".to_owned());
            continue;
        };
        let answers = row.call(adele, &caller).await;
        for answer in &answers {
            assert!(answer.status.is_success(), "{} {} with the least: {answer:?}", row.method, row.path);
        }
        cells.push(row::statuses(&answers));
    }
    cells.join(" | ")
}

async fn items(person: &Person, folder: &str) -> u64 {
    person.get(folder).await.demand(200).json()["totalItemCount"].as_u64().unwrap()
}

async fn counts(server: &Server) -> Vec<u64> {
    let mut counts = Vec::new();
    for name in ["AdeleV", "AlexW"] {
        let person = server.person(name);
        for folder in COUNTED {
            counts.push(items(&person, folder).await);
        }
    }
    counts
}
