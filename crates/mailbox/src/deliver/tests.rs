use super::*;
use crate::{Notifying, Options, Protecting, Relaying};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{Clock, Digest, ForwardPath, ForwardState, MailboxId, Store, SubmissionId, Wishes};

const ADELE: MailboxId = MailboxId([7; 16]);
const ADDRESS: &str = "AdeleV@contoso.com";

struct TurnedClock(AtomicI64);

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

fn submission(blob: Digest, now: Timestamp) -> Submission {
    Submission {
        mailbox: ADELE,
        id: SubmissionId::new(now),
        part_of: None,
        blob,
        prefix: String::new(),
        cuts: String::new(),
        reverse_path: ADDRESS.to_owned(),
        created_date_time: now,
        wishes: Wishes::default(),
        forward_paths: vec![ForwardPath::new(ADDRESS.to_owned(), ForwardState::Due, String::new(), now)],
    }
}

async fn in_inbox(store: &Store) -> i64 {
    let look = |tx: &ReadTx<'_>| {
        let inbox = tx.well_known_folder(ADELE, WellKnownName::Inbox)?;
        Ok::<_, StoreError>(tx.folder(ADELE, inbox)?.map_or(0, |folder| folder.total_item_count))
    };
    store.read(look).await.expect("a look")
}

#[tokio::test]
async fn damaged_submissions_do_not_stand_in_the_way_and_are_tried_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Store::serve(dir.path()).expect("a store");
    let clock = Arc::new(TurnedClock(AtomicI64::new(1_800_014_400_000_000)));
    let options = Options {
        domain: "contoso.com".to_owned(),
        max_message_octets: 1024,
        query_work: 1000,
        relaying: Relaying::default(),
        protecting: Protecting::default(),
        notifying: Notifying::default(),
    };
    let mail = Mail::new(store.clone(), clock.clone(), options);
    let person = Person {
        id: ADELE,
        user_principal_name: ADDRESS.to_owned(),
        display_name: "Adele Vance".to_owned(),
        given_name: "Adele".to_owned(),
        surname: "Vance".to_owned(),
    };
    let now = clock.now();
    let spool = store.spool().write(&b"Subject: Whole\r\n\r\nHello\r\n"[..]).await.expect("octets");
    let blob = spool.finish().await.expect("a blob");
    let digest = blob.digest;
    let damaged = 2 * TOGETHER;
    let deed = move |tx: &mut WriteTx<'_>| {
        tx.add_person(&person, now)?;
        for _ in 0..damaged {
            tx.add_submission(&submission(Digest([9; 32]), now))?; // octets that are nowhere
        }
        tx.put_blob(&blob)?;
        tx.add_submission(&submission(digest, Timestamp(now.0 + 1)))
    };
    store.write(deed).await.expect("a deed");
    clock.0.fetch_add(1, Ordering::Relaxed);
    for _ in 0..3 {
        mail.deliver_due().await.expect("what is damaged is no failure of the store");
    }
    assert_eq!(in_inbox(&store).await, 1, "the whole one is delivered");
    assert_eq!(mail.deliver_due().await.expect("a look"), 0, "nothing is due");
    for retry in [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY] {
        let due = store
            .read(|tx: &ReadTx<'_>| tx.next_due(store::Taker::ALONE, Timestamp(0)))
            .await
            .expect("a look")
            .expect("it is tried again");
        assert_eq!(due.0, clock.now().0 + retry);
        clock.0.fetch_add(retry, Ordering::Relaxed);
        for _ in 0..2 {
            assert_eq!(i64::try_from(mail.deliver_due().await.expect("a look")), Ok(TOGETHER));
        }
    }
}

#[tokio::test]
async fn how_a_way_ended_is_known_for_a_month() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Store::serve(dir.path()).expect("a store");
    let then = Timestamp(1_800_014_400_000_000);
    let day = 24 * 60 * 60 * 1_000_000;
    let person = Person {
        id: ADELE,
        user_principal_name: ADDRESS.to_owned(),
        display_name: "Adele Vance".to_owned(),
        given_name: "Adele".to_owned(),
        surname: "Vance".to_owned(),
    };
    let blob = Blob::in_memory("Subject: Known\r\n\r\n");
    let (ended, waiting) = (submission(blob.digest, then), submission(blob.digest, then));
    let (first, second) = (ended.id, waiting.id);
    let known = move |tx: &WriteTx<'_>| {
        Ok::<_, StoreError>([first, second].map(|id| tx.forward_paths(ADELE, id).map_or(0, |paths| paths.len())))
    };
    let deed = move |tx: &mut WriteTx<'_>| {
        tx.add_person(&person, then)?;
        tx.put_blob(&blob)?;
        tx.add_submission(&ended)?;
        tx.add_submission(&waiting)?;
        assert!(tx.end_due((ADELE, first), ADDRESS, ForwardState::Delivered, (then, "filed"))?);
        tx.end_submission(ADELE, first)?;
        tx.forget_ended(then, MailboxId([0; 16]))?;
        assert_eq!(known(tx)?, [1, 1]);
        assert_eq!(tx.forget_ended(Timestamp(then.0 + day), MailboxId([0; 16]))?, None, "there is no other mailbox");
        known(tx)
    };
    assert_eq!(store.write(deed).await.expect("a deed"), [0, 1], "what has not ended stays");
}
