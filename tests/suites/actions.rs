//! The table of Microsoft's MIME page, whole: eight actions in two formats, sending, reading and replacing, on every
//! path. Each cell demands octets, recipients, threading fields, conversation and folder.

mod cell;
mod details;
mod malformed;
mod original;
mod road;
mod samples;

use cell::{Action, Cell, Format, Made, Posted, Stage, demand_thread};
use kit::{PEOPLE, Person, Server, aloud, demand_section, each, fields, until_within, without_bcc};
use original::Original;
use road::{COLUMNS, Folders, Place, Road};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The rows of the table, in order: what is asked for, and in which format.
fn rows() -> Vec<(String, Action, Format)> {
    let answers = ["reply", "createReply", "replyAll", "createReplyAll", "forward", "createForward"];
    let two = |name: &str, action: Action| {
        [("JSON", Format::Json), ("MIME", Format::Mime)].map(|(text, format)| (format!("{name} | {text}"), action, format))
    };
    let mut rows = Vec::new();
    rows.extend(two("sendMail", Action::SendMail));
    rows.extend(two("create draft", Action::CreateDraft));
    for name in answers {
        rows.extend(two(name, Action::Answer(name)));
    }
    rows.push(("send | none".to_owned(), Action::Send, Format::None));
    rows.push(("GET $value | none".to_owned(), Action::GetValue, Format::None));
    rows.push(("PUT $value | MIME".to_owned(), Action::PutValue, Format::Mime));
    rows.push(("PATCH text/plain | MIME".to_owned(), Action::PatchMime, Format::Mime));
    rows
}

/// Whether there is such a path: sendMail has no folder, and only actions have a qualified name.
fn exists(action: Action, road: &Road) -> bool {
    match action {
        Action::SendMail => road.place == Place::Mailbox,
        Action::Answer(_) | Action::Send => true,
        Action::CreateDraft | Action::GetValue | Action::PutValue | Action::PatchMime => !road.qualified,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_action_in_both_formats_on_every_path() {
    let server = Server::start().await;
    let stage = Arc::new(set(&server).await);
    let (mut cells, mut positions) = (Vec::new(), Vec::new());
    for (row, (_, action, format)) in rows().into_iter().enumerate() {
        for (column, road) in Road::all().into_iter().filter(|(_, road)| exists(action, road)) {
            positions.push((row, column, road.qualified));
            cells.push(Cell { stage: stage.clone(), action, format, road, number: cells.len() });
        }
    }
    let made: Vec<Made> = each(8, cells, Cell::make).await;
    let statuses: Statuses = positions.into_iter().zip(made.iter().map(|made| made.status)).collect();
    let posted: Vec<Posted> = made.into_iter().filter_map(|made| made.posted).collect();
    demand_arrival(&server, &posted).await;
    aloud(&format!("actions: {} cells, {} messages went out and arrived", statuses.len(), posted.len()));
    demand_section("conformance/mime.md", "matrix", &table(&statuses));
    server.finish().await;
}

async fn set(server: &Server) -> Stage {
    let folders = Folders::make(server).await;
    let mut originals = HashMap::new();
    for place in [Place::Mailbox, Place::Folder, Place::ChildFolder] {
        originals.insert(place, Original::send(server, &folders, place).await);
    }
    let (sent_items, drafts) = (folders.well_known("sentitems").await, folders.well_known("drafts").await);
    Stage { folders, originals, sent_items, drafts }
}

/// Row, column, and whether the name was qualified → status.
type Statuses = HashMap<(usize, usize, bool), u16>;

/// What was run, as a table: the status of each cell, with both spellings where there are two.
fn table(statuses: &Statuses) -> String {
    let heads: Vec<&str> = COLUMNS.iter().map(|(head, ..)| *head).collect();
    let mut lines = vec![format!("| action | format | {} |", heads.join(" | ")), format!("{}|", "|---".repeat(heads.len() + 2))];
    for (row, (name, ..)) in rows().iter().enumerate() {
        let cells = (0..heads.len()).map(|column| {
            let of = |qualified| statuses.get(&(row, column, qualified)).map(u16::to_string);
            match (of(false), of(true)) {
                (Some(short), Some(qualified)) => format!("{short}, {qualified}"),
                (one, other) => one.or(other).unwrap_or_else(|| "–".to_owned()),
            }
        });
        let cells: Vec<String> = cells.collect();
        lines.push(format!("| {} | {} |", name, cells.join(" | ")));
    }
    lines.join("\n")
}

/// One person's copies in the Inbox, by Message-ID.
type Inbox = HashMap<String, Vec<Value>>;

/// Demands that each message is with those people whom it is for, and with nobody else.
async fn demand_arrival(server: &Server, posted: &[Posted]) {
    for name in PEOPLE {
        let person = server.person(name);
        let due = posted.iter().filter(|one| one.people.contains(&name)).count();
        let inbox = until_within(Duration::from_secs(60), "all that was posted arrives", async || {
            let inbox = inbox(&person).await;
            (inbox.values().map(Vec::len).sum::<usize>() >= due).then_some(inbox)
        })
        .await;
        for one in posted {
            let copies = inbox.get(&one.message_id).map_or(0, Vec::len);
            assert_eq!(copies, usize::from(one.people.contains(&name)), "copies for {name} of {}", one.cell);
        }
        let work: Vec<(Person, Posted, String)> = posted
            .iter()
            .filter(|one| one.people.contains(&name))
            .map(|one| (person.clone(), one.clone(), inbox[&one.message_id][0]["id"].as_str().unwrap().to_owned()))
            .collect();
        each(8, work, |(person, one, id)| async move { demand_copy(&person, &one, &id, name).await }).await;
    }
}

/// What this test's cells have put into an Inbox: the originals are no answers.
async fn inbox(person: &Person) -> Inbox {
    let mut inbox = Inbox::new();
    for message in person.all("mailFolders/inbox/messages?$select=id,internetMessageId&$top=500").await {
        let message_id = message["internetMessageId"].as_str().unwrap().to_owned();
        if !message_id.starts_with("<original.") {
            inbox.entry(message_id).or_default().push(message);
        }
    }
    inbox
}

/// Demands of a recipient's copy: what the server added, then the octets that were given without their Bcc lines.
async fn demand_copy(person: &Person, posted: &Posted, id: &str, name: &str) {
    let octets = person.value(id).await;
    assert!(!fields(&octets).iter().any(|field| field.is("Bcc")), "{name} sees a Bcc in {}", posted.cell);
    if let Some(given) = &posted.given {
        assert!(octets.ends_with(&without_bcc(given)), "{name} got other octets in {}", posted.cell);
    }
    let path = format!("messages/{id}?$select=internetMessageHeaders,conversationId,conversationIndex,isDraft,isRead,from");
    let message = person.get(&path).await.demand(200).json();
    assert_eq!((&message["isDraft"], &message["isRead"]), (&false.into(), &false.into()), "{}", posted.cell);
    assert_eq!(message["from"]["emailAddress"]["address"], "AlexW@contoso.com", "{}", posted.cell);
    if let Some(original) = &posted.original {
        demand_thread(&message, original, &posted.cell);
        if name == "AdeleV" {
            assert_eq!(message["conversationId"], original.senders_conversation.as_str(), "{}", posted.cell);
        }
    }
}
