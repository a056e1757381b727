//! `restante queue`: mail on its way, also beside a running server, which sees what was done within seconds.

use crate::admin;
use crate::cli::{Queue, QueueCommand, Register, Which};
use crate::register::tell;
use anyhow::{Context, anyhow, bail};
use mailbox::{Mail, Notifying, Options, Protecting, QueueDeed, Queued, Relaying};
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::ExitCode;
use std::sync::Arc;
use store::{ForwardPath, ForwardState, SubmissionId, SystemClock};
use uuid::Uuid;

/// Messages that `all` takes in one go.
const TOGETHER: usize = 1000;

/// `restante queue`
///
/// # Errors
/// Where there is no such message, or the store can't be opened.
pub async fn run(command: QueueCommand) -> anyhow::Result<ExitCode> {
    let at = &command.register;
    let mail = open(at).await?;
    match command.deed {
        Queue::Cancel(which) => take(at, &mail, &which, QueueDeed::Cancel, "given up").await?,
        Queue::Hold(which) => take(at, &mail, &which, QueueDeed::Hold, "held").await?,
        Queue::Release(which) => take(at, &mail, &which, QueueDeed::Release, "released").await?,
        Queue::Retry(which) => take(at, &mail, &which, QueueDeed::Retry, "tried again").await?,
        Queue::List { state, top } => {
            let mut found = Vec::new();
            for word in state.split(',') {
                let state = ForwardState::parse(word.trim()).filter(|state| !state.is_end());
                let state = state.ok_or_else(|| anyhow!("\"{word}\" is no state of mail that waits: relay, held or due"))?;
                found.extend(mail.waiting(state, top).await?);
            }
            tell(at, &found.iter().map(told).collect::<Vec<_>>(), &found.iter().map(lines).collect::<String>())?;
        }
        Queue::Show { id } => {
            let found = whole(mail.queued(parse(&id)?).await.with_context(|| format!("there is no message {id} on its way"))?);
            tell(at, &told(&found), &lines(&found))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The mail of a store, for commands beside the server.
pub(crate) fn mail_of(store: store::Store, domain: String, protecting: Protecting) -> Mail {
    let (relaying, notifying) = (Relaying::default(), Notifying::default());
    let options = Options { domain, max_message_octets: u64::MAX, query_work: 1, relaying, protecting, notifying };
    Mail::new(store, Arc::new(SystemClock), options)
}

/// The mail of a data directory. Where it goes was written when it was taken, so nothing need be known of the settings.
pub(crate) async fn open(at: &Register) -> anyhow::Result<Mail> {
    let store = admin::open(&at.store)?;
    let domain = store.read::<_, store::StoreError>(|tx| tx.domain()).await?.unwrap_or_default();
    Ok(mail_of(store, domain, Protecting::default()))
}

async fn take(at: &Register, mail: &Mail, which: &Which, deed: QueueDeed, done: &str) -> anyhow::Result<()> {
    let mut count = 0;
    if which.id == "all" {
        let from: &[ForwardState] = match deed {
            QueueDeed::Release => &[ForwardState::Held],
            QueueDeed::Cancel => &[ForwardState::Relay, ForwardState::Held],
            QueueDeed::Hold | QueueDeed::Retry => &[ForwardState::Relay],
        };
        for state in from {
            count += all(mail, *state, which, deed).await?;
        }
    } else {
        let found = mail.queued(parse(&which.id)?).await;
        let found = found.with_context(|| format!("there is no message {} on its way", which.id))?;
        count = mail.take_in_hand(&found, which.recipient.clone(), deed).await?;
    }
    tell(at, &json!({"recipients": count}), &format!("{count} recipients: {done}.\n"))
}

/// Each message in a state once: what was taken in hand leaves the state, but for what is tried again, and what is another's.
async fn all(mail: &Mail, state: ForwardState, which: &Which, deed: QueueDeed) -> anyhow::Result<usize> {
    let stays = deed == QueueDeed::Retry || which.recipient.is_some();
    let mut count = 0;
    loop {
        let found = mail.waiting(state, if stays { usize::MAX } else { TOGETHER }).await?;
        let mut taken = 0;
        for one in &found {
            taken += mail.take_in_hand(std::slice::from_ref(one), which.recipient.clone(), deed).await?;
        }
        count += taken;
        if taken == 0 || found.len() < TOGETHER || stays {
            return Ok(count);
        }
    }
}

fn parse(id: &str) -> anyhow::Result<SubmissionId> {
    match Uuid::try_parse(id) {
        Ok(id) => Ok(SubmissionId(*id.as_bytes())),
        Err(_) => bail!("\"{id}\" is no id of a message on its way; restante queue list shows them"),
    }
}

/// A message as its sender knows it: with those of its recipients that get octets of their own.
fn whole(mut found: Vec<Queued>) -> Queued {
    let mut first = found.remove(0); // it is there, or nothing was found
    for part in found {
        first.forward_paths.extend(part.forward_paths);
        first.submission = first.submission.or(part.submission);
    }
    first
}

fn told(queued: &Queued) -> Value {
    let path = |path: &ForwardPath| {
        json!({
            "address": path.address,
            "state": path.state.as_str(),
            "attempts": path.attempts,
            "nextHop": path.next_hop,
            "reply": path.reply,
            if path.state.is_end() { "endedDateTime" } else { "nextAttemptDateTime" }: date(path),
        })
    };
    json!({
        "id": queued.name(),
        "from": queued.submission.as_ref().map(|submission| &submission.reverse_path),
        "recipients": queued.forward_paths.iter().map(path).collect::<Vec<_>>(),
    })
}

fn lines(queued: &Queued) -> String {
    let from = queued.submission.as_ref().map_or("", |submission| &submission.reverse_path);
    let mut text = format!("{}  from <{from}>\n", queued.name());
    for path in &queued.forward_paths {
        let reply = if path.reply.is_empty() { String::new() } else { format!("  {}", path.reply) };
        // A String takes all.
        let _ =
            writeln!(text, "  {:9}  <{}>  {} attempts, {}{reply}", path.state.as_str(), path.address, path.attempts, date(path));
    }
    text
}

fn date(path: &ForwardPath) -> String {
    graph::date_time(path.due_date_time)
}
