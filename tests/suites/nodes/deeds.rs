//! Deeds that stand in each other's way.

use kit::{Server, until};

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
