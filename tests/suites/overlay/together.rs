//! Several who change one draft at once: one of them may be told that it must look again, and nothing is lost in silence.

use super::{ODD, id, path};
use kit::{Person, Server, each, fields, recipients};
use serde_json::{Value, json};

/// Changes that go together: each is seen at the end, or its client was told 409.
fn changes() -> Vec<Value> {
    vec![
        json!({"subject": "Changed together"}),
        json!({"toRecipients": [{"emailAddress": {"name": "A", "address": "ChristieC@contoso.com"}}]}),
        json!({"ccRecipients": [{"emailAddress": {"name": "B", "address": "AlexW@contoso.com"}}]}),
        json!({"bccRecipients": [{"emailAddress": {"name": "C", "address": "AlexW@contoso.com"}}]}),
        json!({"categories": ["Together"]}),
        json!({"flag": {"flagStatus": "flagged"}}),
        json!({"importance": "high"}),
        json!({"isReadReceiptRequested": true}),
    ]
}

async fn patched(adele: Person, path: String, change: Value) -> (Value, bool) {
    let answer = adele.patch_json(&path, &change).await;
    if answer.status.as_u16() != 200 {
        answer.demand_error(409, "ErrorIrresolvableConflict");
        return (change, false);
    }
    (change, true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_changes_at_once_each_is_seen_or_told_off() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (mut done, mut told_off) = (0, 0);
    for _ in 0..20 {
        let draft = adele.draft(ODD).await;
        let work = changes().into_iter().map(|change| patched(adele.clone(), path(&draft), change));
        let results = each(8, work, |one| one).await;
        let last = adele.get(&path(&draft)).await.demand(200).json();
        for (change, seen) in results {
            let (name, value) = change.as_object().unwrap().iter().next().unwrap();
            assert_eq!(&last[name] == value, seen, "{change}: {}", last[name]);
            if seen { done += 1 } else { told_off += 1 }
        }
        let octets = adele.value(id(&draft)).await;
        assert_eq!(fields(&octets).iter().filter(|field| field.is("Subject")).count(), 1);
        assert!(octets.ends_with(b"Epilogue, kept"));
    }
    assert!(done >= 20, "in each round one at least is first");
    kit::aloud(&format!("overlay: of {} changes at once {done} are seen, {told_off} were told 409", done + told_off));
    server.finish().await;
}

/// A draft that is sent while it is changed goes out as it was before, or as it is after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_changed_while_it_is_sent_goes_out_whole() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for number in 0..10 {
        let draft = adele.draft(&kit::plain("AdeleV", &["AlexW"], &format!("Raced {number}"))).await;
        let send = (adele.clone(), format!("{}/send", path(&draft)));
        let change = json!({"subject": format!("Won {number}"), "toRecipients": recipients(&["AlexW"])});
        let sending = tokio::spawn(async move { send.0.post_nothing(&send.1).await.status.as_u16() });
        let changing = adele.patch_json(&path(&draft), &change).await.status.as_u16();
        let sent = sending.await.unwrap();
        assert!(sent == 202 && matches!(changing, 200 | 400 | 409), "{sent} {changing}");
        let last = adele.get(&path(&draft)).await.demand(200).json();
        assert_eq!(last["isDraft"], false);
        let subject = if changing == 200 { format!("Won {number}") } else { format!("Raced {number}") };
        assert_eq!(last["subject"], subject, "{sent} {changing}");
        let alex = server.person("AlexW");
        let copy = alex.arrived(&subject).await;
        assert!(alex.value(id(&copy)).await.ends_with(&adele.value(id(&draft)).await));
    }
    server.finish().await;
}
