//! `kill -9` at random moments under load: what was accepted is there once, what was cut off at most once.

use crate::ledger::{Attempt, Form, Outcome, Shelves};
use kit::{PEOPLE, Rng, Server, aloud, kills, seed, until_within};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_survives_kills_exactly_once() {
    let (kills, seed) = (kills(), seed());
    aloud(&format!("crash: seed {seed}, {kills} kills (RESTANTE_SEED and RESTANTE_KILLS change them)"));
    let mut rng = Rng::new(seed);
    let mut server = Server::start().await;
    let mut ledger = Vec::new();
    for round in 0..kills {
        ledger.extend(load_until_killed(&mut server, &mut rng, round).await);
        if rng.below(5) == 0 {
            // One kill in five comes again, while the server still starts.
            server.spawn_again();
            sleep(Duration::from_millis(rng.below(300))).await;
            server.kill().await;
        }
        server.restart().await;
    }
    settle(&server, &ledger).await;
    let stored = demand_once(&Shelves::look(&server).await, &ledger);
    server.demand_order().await;
    report(&ledger, stored);
    // What was delivered is not delivered again by the next start.
    server.stop().await;
    server.restart().await;
    ledger.extend(mark(&server, &mut rng).await);
    settle(&server, &ledger).await;
    demand_once(&Shelves::look(&server).await, &ledger);
    server.finish().await;
}

/// Everybody sends until the server is killed at some moment.
async fn load_until_killed(server: &mut Server, rng: &mut Rng, round: usize) -> Vec<Attempt> {
    let mut senders = JoinSet::new();
    for (number, from) in PEOPLE.iter().cycle().take(8).enumerate() {
        let (person, mut rng) = (server.person(from), Rng::new(rng.number()));
        senders.spawn(async move {
            let mut attempts = Vec::new();
            loop {
                let name = format!("{round}-{number}-{}", attempts.len());
                let mut attempt = Attempt::choose(&mut rng, from, &name);
                attempt.make(&person, &mut rng).await;
                let outcome = attempt.outcome;
                attempts.push(attempt);
                if outcome == Outcome::NoAnswer {
                    return attempts;
                }
            }
        });
    }
    // Not a wait for anything: the random moment is the point.
    sleep(Duration::from_millis(20 + rng.below(400))).await;
    server.kill().await;
    senders.join_all().await.into_iter().flatten().collect()
}

/// One more message to each, so that what was due before has had its turn when it arrives.
async fn mark(server: &Server, rng: &mut Rng) -> Vec<Attempt> {
    let mut marks = Vec::new();
    for (number, from) in PEOPLE.iter().enumerate() {
        let to = vec![PEOPLE[(number + 1) % PEOPLE.len()]];
        let subject = format!("Mark {number}");
        let mut attempt = Attempt { form: Form::Mime, from, to, subject, drafted: false, outcome: Outcome::NoAnswer };
        attempt.make(&server.person(from), rng).await;
        assert_eq!(attempt.outcome, Outcome::Accepted, "{attempt:?}");
        marks.push(attempt);
    }
    marks
}

/// Waits until whatever stands in Sent Items has reached everybody that it was for.
pub(crate) async fn settle(server: &Server, ledger: &[Attempt]) {
    until_within(Duration::from_secs(180), "all deliveries are made", async || {
        let shelves = Shelves::look(server).await;
        let delivered = |attempt: &Attempt| {
            let sent = shelves.count(attempt.from, "sentitems", &attempt.subject);
            attempt.to.iter().all(|to| shelves.count(to, "inbox", &attempt.subject) >= sent)
        };
        ledger.iter().all(delivered).then_some(())
    })
    .await;
}

/// Demands that each message is where it must be, as often as it must; tells how many without an answer were stored.
pub(crate) fn demand_once(shelves: &Shelves, ledger: &[Attempt]) -> usize {
    let (mut copies, mut sent_in_all, mut stored) = (0, 0, 0);
    for attempt in ledger {
        let sent = shelves.count(attempt.from, "sentitems", &attempt.subject);
        let drafts = shelves.count(attempt.from, "drafts", &attempt.subject);
        match attempt.outcome {
            Outcome::Accepted => assert_eq!((sent, drafts), (1, 0), "accepted, so sent once: {attempt:?}"),
            Outcome::NoAnswer if attempt.drafted => assert_eq!(sent + drafts, 1, "a draft that was made is there: {attempt:?}"),
            Outcome::NoAnswer if attempt.form == Form::Draft => assert!(sent == 0 && drafts <= 1, "never sent: {attempt:?}"),
            Outcome::NoAnswer => assert!(sent <= 1 && drafts == 0, "cut off, so sent at most once: {attempt:?}"),
            Outcome::Refused(_) => panic!("nothing here is to be refused: {attempt:?}"),
        }
        for to in &attempt.to {
            let filed = shelves.count(to, "inbox", &attempt.subject);
            assert_eq!(filed, sent, "filed for {to} as often as sent: {attempt:?}");
            copies += filed;
        }
        sent_in_all += sent;
        stored += usize::from(attempt.outcome == Outcome::NoAnswer && sent == 1);
    }
    assert_eq!(shelves.total("inbox"), copies, "nobody got what was not for them");
    assert_eq!(shelves.total("sentitems"), sent_in_all, "nothing was sent that nobody sent");
    stored
}

fn report(ledger: &[Attempt], stored: usize) {
    let of = |outcome| ledger.iter().filter(|attempt| attempt.outcome == outcome).count();
    let (accepted, cut) = (of(Outcome::Accepted), of(Outcome::NoAnswer));
    let large = ledger.iter().filter(|attempt| attempt.form == Form::LargeMime && attempt.outcome == Outcome::Accepted).count();
    assert!(accepted > 0, "the load was none");
    aloud(&format!(
        "crash: {} attempts; {accepted} accepted ({large} large), each there once; {cut} without an answer, {stored} of them stored once",
        ledger.len()
    ));
}
