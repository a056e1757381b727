//! Deeds that stand in each other's way, and those of which it isn't known whether they were done.

use kit::{Database, Gate, Server, Way, until};
use std::path::Path;
use std::sync::Arc;
use store::{
    Digest, ForwardPath, ForwardState, Location, MailboxId, Octets, Rows, Store, StoreError, Submission, SubmissionId, Timestamp,
    Wishes,
};

/// Messages that each of two sends the other.
const EACH: usize = 12;

#[tokio::test]
async fn two_who_write_to_each_other_and_want_reports_do_not_wait_for_each_other() {
    let [node, beside] = Server::nodes().await;
    let (adele, alex) = (node.person("AdeleV"), node.person("AlexW"));
    let send = async |from: &kit::Person, to: &str, number: usize| {
        let message = serde_json::json!({"message": {
            "subject": format!("Crossing {number}"), "isDeliveryReceiptRequested": true, "toRecipients": kit::recipients(&[to]),
        }});
        from.post_json("sendMail", &message).await.demand(202);
    };
    for number in 0..EACH {
        tokio::join!(send(&adele, "AlexW", number), send(&alex, "AdeleV", number));
    }
    for person in [&adele, &alex] {
        until("messages and reports are there", async || {
            let inbox = person.all("mailFolders/inbox/messages?$select=subject&$top=100").await;
            (inbox.len() == 2 * EACH).then_some(())
        })
        .await;
    }
    node.finish().await; // its connections tell of deadlocks when they end
    assert_eq!(beside.ask_database("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), "0\n");
    beside.finish().await;
}

async fn store(url: String, dir: &Path) -> Store {
    let octets = Octets::Objects { url: format!("file://{}", dir.join("objects").display()) };
    let location = Location { dir: dir.join("data"), rows: Rows::Postgres { url }, octets };
    tokio::task::spawn_blocking(move || Store::serve(location).expect("a store")).await.expect("no panic")
}

/// Those of messages: whose they are stands in another one, which is written when somebody looks for what a crash left.
fn objects(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let entries = entries.filter(|entry| entry.file_name() != "id");
    entries.map(|entry| if entry.path().is_dir() { objects(&entry.path()) } else { 1 }).sum()
}

fn submission(blob: Digest) -> Submission {
    Submission {
        mailbox: MailboxId([7; 16]),
        id: SubmissionId([8; 16]),
        part_of: None,
        blob,
        prefix: String::new(),
        cuts: String::new(),
        reverse_path: String::new(),
        created_date_time: Timestamp(0),
        wishes: Wishes::default(),
        forward_paths: vec![ForwardPath::new("a@x.org".to_owned(), ForwardState::Due, String::new(), Timestamp(0))],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deed_whose_commit_broke_off_leaves_nothing_undone() {
    let (database, dir) = (Database::new(), tempfile::tempdir().unwrap());
    let gate = Arc::new(Gate::before(Database::address()).await);
    std::fs::create_dir(dir.path().join("objects")).unwrap();
    let store = store(database.url_at(gate.address()), dir.path()).await;
    let blob = store.spool().write(vec![b'x'; 300_000]).await.unwrap().finish().await.unwrap();
    let submission = submission(blob.digest);
    let (mailbox, id) = (submission.mailbox, submission.id);
    let deed = move |tx: &mut store::WriteTx<'_>| {
        tx.put_blob(&blob)?;
        tx.add_submission(&submission)
    };
    store.write::<_, StoreError>(deed).await.unwrap();
    assert_eq!(objects(&dir.path().join("objects")), 1);

    let (muted, releasing) = (gate.clone(), store.clone());
    let released = tokio::spawn(async move {
        let deed = move |tx: &mut store::WriteTx<'_>| {
            assert!(tx.end_due((mailbox, id), "a@x.org", ForwardState::Delivered, (Timestamp(1), "filed"))?);
            tx.end_submission(mailbox, id)?;
            muted.set(Way::Mute); // from here on no answer comes back: none to the commit
            Ok::<_, StoreError>(())
        };
        releasing.write_in(mailbox, deed).await
    });
    until("it is committed", async || (database.ask("SELECT count(*) FROM outbox") == "0\n").then_some(())).await;
    gate.set(Way::Shut);
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'restante' AND datname = current_database()";
    until("the connections are broken", async || (database.ask(connected) == "0\n").then_some(())).await;
    gate.set(Way::Open);
    released.await.expect("no panic").expect("it is found to have been done");
    until("what it released is gone", async || (objects(&dir.path().join("objects")) == 0).then_some(())).await;
}
