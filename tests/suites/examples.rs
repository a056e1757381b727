//! The documented examples of the operations that are answered here, asked of a running server: the same status, the same
//! kind of body, and every member that the page shows, of the type that it shows.

mod shape;
mod stage;

use crate::conformance::{ours, rows};
use kit::{Answer, Server, demand_section, shared, shared_path};
use serde_json::Value;
use shape::differences;
use stage::Stage;
use std::collections::BTreeSet;

/// Examples whose pages are about something else: another tier's resource, or none of a mailbox.
const OTHERS: [(&str, usize, &str); 13] = [
    ("attachment-get", 6, "a contact is attached: contacts are no mail"),
    ("attachment-get", 7, "an event is attached: events are no mail"),
    ("concept-json-batching", 0, "its parts ask for groups, planner tasks and passwords"),
    ("concept-query-parameters", 0, "given names of a directory"),
    ("concept-query-parameters", 1, "given names of a directory"),
    ("concept-query-parameters", 2, "given names of a directory"),
    ("concept-query-parameters", 8, "a directory in order of names"),
    ("message-post-attachments", 1, "an event is attached: events are no mail"),
    ("opentypeextension-post-opentypeextension", 0, "the page's answer is no JSON"),
    ("user-get", 0, "telephone numbers and offices of a directory"),
    ("user-get", 1, "telephone numbers and offices of a directory"),
    ("user-get", 2, "identities of a directory"),
    ("user-get", 3, "a schema extension of a directory"),
];

/// Examples that are answered otherwise, and the line of the contract that says why.
const OTHERWISE: [(&str, usize, &str); 4] = [
    ("singlevaluelegacyextendedproperty-get", 2, "5.11: @odata.id is not served with minimal metadata; the page shows it"),
    ("subscription-get", 0, "12.8: clientState is shown when it is made alone; the page shows it"),
    ("user-post-mailfolders", 0, "9.5: every mailbox has a folder of this name already (9.1)"),
    ("user-sendmail", 5, "3.1: the page leaves 'message' out, which is required"),
];

/// Examples with a slip of the page: another status than the page's text and the table of operations have.
const SLIPS: [(&str, usize, &str); 4] = [
    ("message-copy", 0, "4.12: copy answers 201; the page shows 200"),
    ("message-createreply", 0, "3.7: createReply answers 201; the page shows 200"),
    ("message-createreplyall", 0, "3.7: createReplyAll answers 201; the page shows 200"),
    ("message-replyall", 0, "2.4: replyAll answers 202; the page shows 200"),
];

/// An example of a page.
struct Example {
    page: String,
    number: usize,
    request: Value,
    response: Value,
    /// The status that the table of operations has.
    status: u64,
}

impl Example {
    fn is_one_of(&self, list: &[(&str, usize, &str)]) -> bool {
        list.iter().any(|(page, number, _)| *page == self.page && *number == self.number)
    }

    fn name(&self) -> String {
        format!("{} {}", self.page, self.number)
    }
}

/// Those of the operations in tiers T1 and T2, and of what is answered of T3, of the host that Graph has.
fn examples() -> Option<Vec<Example>> {
    let operations = String::from_utf8(shared("api/operations.tsv")?).expect("a table is text");
    let table = rows(&ours());
    let yes: BTreeSet<(&str, &str)> =
        table.iter().filter(|row| row["status"] == "yes").map(|row| (row["method"].as_str(), row["path"].as_str())).collect();
    let core: Vec<((String, String), u64)> = operations
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|row| matches!(row[0], "T1" | "T2") || yes.contains(&(row[2], row[3])))
        .map(|row| ((row[2].to_owned(), template(row[3])), row[11].parse().unwrap_or_default()))
        .collect();
    let mut found = Vec::new();
    let files = std::fs::read_dir(shared_path("api/examples")?).expect("a folder of examples");
    let mut files: Vec<_> = files.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    for file in files {
        let page = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let list: Vec<Value> = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("examples are JSON");
        for (number, mut example) in list.into_iter().enumerate() {
            let (request, response) = (example["request"].take(), example["response"].take());
            let asked = (request["method"].as_str().unwrap().to_owned(), template(request["path"].as_str().unwrap()));
            let operation = core.iter().find(|(operation, _)| *operation == asked);
            if let Some((_, status)) = operation.filter(|_| example["mail"] == true && request["host"].is_null()) {
                found.push(Example { page: page.clone(), number, request, response, status: *status });
            }
        }
    }
    Some(found)
}

/// What a key follows, in small letters.
const COLLECTIONS: [&str; 11] = [
    "attachments",
    "childfolders",
    "extensions",
    "mailboxes",
    "mailfolders",
    "mastercategories",
    "messagerules",
    "messages",
    "overrides",
    "subscriptions",
    "users",
];

/// A path with its keys left out, so that an example's and an operation's can be compared.
fn template(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches("/v1.0").to_lowercase();
    let path = match path.strip_prefix("/me") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/users/{{}}{rest}"),
        _ => path,
    };
    // A function with its parameters: their values are no matter.
    let path = path.split_once("(timezonestandard=").map_or(path.clone(), |(before, _)| format!("{before}(timezonestandard)"));
    let path = path.replace("')", "").replace("('", "/");
    let mut keyed = false;
    let segments = path.split('/').filter(|segment| !segment.is_empty()).map(|segment| {
        let is_key = keyed && !matches!(segment, "delta" | "$count" | "createuploadsession");
        keyed = !is_key && COLLECTIONS.contains(&segment);
        if is_key { "{}" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// What of an answer differs from the one that a page shows.
fn compared(response: &Value, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let status = response["status"].as_u64().map_or(answer.status.is_success(), |s| s == u64::from(answer.status.as_u16()));
    if !status {
        found.push(format!("status {} for {}", answer.status, response["status"]));
    }
    let shown = response["headers"].as_object().and_then(|headers| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).and_then(|(_, value)| value.as_str())
    });
    let media_type = |text: &str| text.split(';').next().unwrap_or_default().trim().to_lowercase();
    if let (Some(shown), Some(ours)) = (shown, answer.header("content-type"))
        && media_type(shown) != media_type(ours)
    {
        found.push(format!("Content-Type {ours} for {shown}"));
    }
    match (response["body_format"].as_str(), &response["body"]) {
        (Some("none"), _) if !answer.body.is_empty() => found.push("a body for none".to_owned()),
        (Some("json" | "json-repaired"), body) => match serde_json::from_slice::<Value>(&answer.body) {
            Ok(ours) => found.extend(differences(body, &ours)),
            Err(error) => found.push(format!("no JSON: {error}")),
        },
        _ => {}
    }
    found
}

/// How an example was answered.
#[derive(PartialEq, Eq)]
enum Verdict {
    AsShown,
    Slip,
    Otherwise,
}

impl Example {
    /// What the answer to it is, and what differs.
    fn judged(&self, answer: &Answer) -> (Verdict, Vec<String>) {
        let found = compared(&self.response, answer);
        if found.is_empty() {
            return (Verdict::AsShown, found);
        }
        let mut corrected = self.response.clone();
        corrected["status"] = self.status.into();
        let is_slip = self.response["status"] != self.status && compared(&corrected, answer).is_empty();
        (if is_slip { Verdict::Slip } else { Verdict::Otherwise }, found)
    }

    fn expected(&self) -> Verdict {
        match () {
            () if self.is_one_of(&SLIPS) => Verdict::Slip,
            () if self.is_one_of(&OTHERWISE) => Verdict::Otherwise,
            () => Verdict::AsShown,
        }
    }
}

#[tokio::test]
async fn documented_examples_are_answered_as_the_pages_show() {
    let Some(examples) = examples() else { return };
    let server = Server::start().await;
    let stage = Stage::of(&server).await;
    let (mut same, mut wrong) = (0, Vec::new());
    for example in examples.iter().filter(|example| !example.is_one_of(&OTHERS)) {
        let refused = example.response["status"] == 400;
        let answer = stage.ask(&example.page, example.number, &example.request, refused).await;
        let (verdict, found) = example.judged(&answer);
        if verdict != example.expected() {
            wrong.push(format!("{}: is listed as another: {}", example.name(), found.join("; ")));
        }
        same += usize::from(verdict == Verdict::AsShown);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let text = told(same);
    println!("{text}");
    demand_section("conformance/examples.md", "examples", &text);
    server.finish().await;
}

/// How many examples were answered in which way, and which not as shown.
fn told(same: usize) -> String {
    let all = same + SLIPS.len() + OTHERWISE.len();
    let percent = |part: usize| format!("{:.1} %", part as f64 * 100.0 / all as f64);
    let list = |list: &[(&str, usize, &str)]| -> String {
        list.iter().map(|(page, number, why)| format!("- {page} {}: {why}\n", number + 1)).collect()
    };
    format!(
        "Of {all} examples, {same} are answered as the page shows. {} have another status than the table of operations, which is \
         what is answered ({}). {} are answered otherwise ({}). {} more are about other resources.\n\n\
         Slips of pages, by behaviour.md:\n\n{}\nAnswered otherwise, by behaviour.md:\n\n{}\nOf other resources:\n\n{}",
        SLIPS.len(),
        percent(SLIPS.len()),
        OTHERWISE.len(),
        percent(OTHERWISE.len()),
        OTHERS.len(),
        list(&SLIPS),
        list(&OTHERWISE),
        list(&OTHERS),
    )
}
