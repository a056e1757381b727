//! The operations, and who may call them.

use crate::conformance::{call, operations, ours};
use kit::{Answer, Person};

/// An operation that works, and the least that it asks.
pub(crate) struct Row {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The permission of somebody at his own mailbox, if people may call it.
    pub(crate) delegated: Option<String>,
    /// The permission of an app, if apps may.
    pub(crate) application: Option<String>,
}

/// The operations that take a bearer token: neither sign-in nor what is for everybody, nor the address of an upload, which is
/// itself what lets in.
pub(crate) fn rows() -> Option<Vec<Row>> {
    let operations = operations()?;
    let ours = ours();
    let works = |row: &&crate::conformance::Row| {
        ours.lines().any(|line| line.contains(&format!("\t{}\t{}\tyes\t", row["method"], row["path"])))
    };
    let takes_token = |row: &&crate::conformance::Row| {
        !row["path"].starts_with("/{tenant}/") && !row["delegated_least"].starts_with("none") && row["delegated_least"] != "n/a"
    };
    let of = |row: &crate::conformance::Row| Row {
        method: row["method"].clone(),
        path: row["path"].clone(),
        delegated: least(&row["delegated_least"]),
        application: match row["application_least"].as_str() {
            _ if row["path"] == "/me" => None,
            "same" => least(&row["delegated_least"]),
            cell => least(cell),
        },
    };
    Some(operations.iter().filter(works).filter(takes_token).map(of).collect())
}

/// The permission in a cell of the table of operations: the first that is named, or the one for messages.
fn least(cell: &str) -> Option<String> {
    match cell {
        cell if cell.starts_with("per resource: Mail.ReadBasic") || cell.starts_with("any permission") => {
            Some("Mail.ReadBasic".to_owned())
        }
        cell if cell.starts_with("per resource") || cell.starts_with("each request") => Some("Mail.Read".to_owned()),
        cell if cell.starts_with("not supported") => None,
        // Both are let in, and the second one has less.
        "User.ReadBasic.All (work), User.Read (personal)" => Some("User.Read".to_owned()),
        cell => cell.split([' ', ',', '/']).next().map(str::to_owned),
    }
}

impl Row {
    /// Makes the row's calls at Adele's mailbox; what they need is made by its owner.
    pub(crate) async fn call(&self, owner: &Person, person: &Person) -> Vec<Answer> {
        let answers = call((owner, &person.at("AdeleV")), &self.method, &self.path).await;
        assert!(!answers.is_empty(), "no call is written for {} {}", self.method, self.path);
        answers
    }

    /// Whether a draft is made for the call.
    pub(crate) fn has_draft(&self) -> bool {
        !self.path.contains("mailSearchFolder")
            && self.path != "/me"
            && self.path != "/users/{user-id}"
            && !self.path.starts_with("/subscriptions")
    }

    /// Whether it is about somebody's mailbox.
    pub(crate) fn is_of_mailbox(&self) -> bool {
        self.path.starts_with("/admin/exchange/") || self.path.starts_with("/users/{user-id}/") && !self.is_of_person()
    }

    /// Whether it is about somebody, and nothing in a mailbox: whoever may read people may ask it of others.
    pub(crate) fn is_of_person(&self) -> bool {
        let below = self.path.strip_prefix("/users/{user-id}");
        below.is_some_and(|below| {
            below.is_empty() || ["/outlook", "/translateExchangeIds"].contains(&below) || below.starts_with("/outlook/supported")
        })
    }
}

/// The statuses of answers, each once.
pub(crate) fn statuses(answers: &[Answer]) -> String {
    let mut seen: Vec<String> = answers.iter().map(|answer| answer.status.as_u16().to_string()).collect();
    seen.dedup();
    seen.join(", ")
}
