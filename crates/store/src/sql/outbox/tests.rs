//! What is looked at of the outbox.

use super::*;
use crate::db::{STEPS, open_for_writing};
use crate::migrate::migrate;

const ADELE: MailboxId = MailboxId([7; 16]);

fn id(number: u32, part: u8) -> SubmissionId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    id[15] = part;
    SubmissionId(id)
}

/// Steps of the database for what is asked of one message of a mailbox that has sent so many, each in two parts.
fn steps_after(messages: u32) -> [i64; 2] {
    let dir = tempfile::tempdir().expect("a directory");
    let connection = open_for_writing(dir.path()).expect("a database");
    migrate(&connection).expect("a schema");
    connection.batch("BEGIN").expect("a transaction");
    let mut tx = WriteTx::new(&connection);
    for (number, part) in (0..messages).flat_map(|number| [(number, 0), (number, 1)]) {
        let path = ForwardPath::new(format!("{part}@x.org"), ForwardState::Relayed, String::new(), Timestamp(0));
        let submission = Submission {
            mailbox: ADELE,
            id: id(number, part),
            part_of: (part > 0).then(|| id(number, 0)),
            blob: Digest([0; 32]),
            prefix: String::new(),
            cuts: String::new(),
            reverse_path: String::new(),
            created_date_time: Timestamp(0),
            wishes: Wishes::default(),
            forward_paths: vec![path],
        };
        tx.add_submission(&submission).expect("a submission");
    }
    STEPS.set(0);
    let paths = tx.delivery(ADELE, id(messages / 2, 0)).expect("a look");
    assert_eq!(paths.iter().map(|path| path.address.as_str()).collect::<Vec<_>>(), ["0@x.org", "1@x.org"]);
    let delivery = STEPS.replace(0);
    assert_eq!(tx.parts_of(ADELE, id(messages / 2, 0)).expect("a look"), [id(messages / 2, 1)]);
    [delivery, STEPS.get()]
}

#[test]
fn following_one_message_costs_the_same_however_many_were_sent() {
    let steps = steps_after(20);
    assert!(steps.iter().all(|steps| (1..1000).contains(steps)), "{steps:?}");
    assert_eq!(steps, steps_after(2_000));
}

#[test]
fn what_ended_is_forgotten_in_all_mailboxes_some_at_a_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let connection = open_for_writing(dir.path()).expect("a database");
    migrate(&connection).expect("a schema");
    connection.batch("BEGIN").expect("a transaction");
    let mut tx = WriteTx::new(&connection);
    let number = u32::try_from(MAILBOXES).expect("a number") * 2 + 1;
    for id in (1..=number).map(|number| id(number, 0).0) {
        tx.execute("INSERT INTO mailbox (id, modseq) VALUES ($1, 0)", values![&id]).expect("a mailbox");
        tx.execute(
            "INSERT INTO outbox_recipient (mailbox, submission, forward_path, state, due_date_time, attempts)
             VALUES ($1, $2, 'a@x.org', 'delivered', 0, 1)",
            values![&id, &SubmissionId::first_at(Timestamp(0)).0],
        )
        .expect("a recipient");
    }
    let (mut behind, mut deeds) = (Some(MailboxId([0; 16])), 0);
    while let Some(last) = behind {
        behind = tx.forget_ended(Timestamp(1_000_000), last).expect("a deed");
        deeds += 1;
    }
    assert_eq!(deeds, 3);
    let left = tx.row("SELECT count(*) FROM outbox_recipient", &[], |row| row.integer(0)).expect("a look");
    assert_eq!(left, Some(0));
}
