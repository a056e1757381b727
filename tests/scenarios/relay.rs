//! `kill -9` at random moments while mail leaves for a server that fails in every way: each recipient is reached, or his sender has
//! one report. Whoever is reached twice was so by what SMTP can't tell apart: a reply that nobody heard (RFC 1047).

use kit::{Act, EXTENSIONS, Peer, Rng, Server, address, aloud, kills, letter, seed, until_within};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// A server that fails at random, until it is well again; and how often it took a message without a word.
struct Patient {
    peer: Peer,
    is_well: Arc<AtomicBool>,
    silent: Arc<AtomicU64>,
}

impl Patient {
    async fn start(seed: u64) -> Patient {
        let (is_well, silent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (well, count, state) = (is_well.clone(), silent.clone(), AtomicU64::new(seed | 1));
        let script = move |_: usize, line: &str| {
            if line.contains("bad") && line.starts_with("RCPT") {
                return Act::Say("550 5.1.1 no such user".to_owned());
            }
            let dice = state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let dice = (dice ^ (dice >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33;
            if well.load(Ordering::Relaxed) || dice % 8 != 0 {
                return Act::Usual;
            }
            match dice / 8 % 6 {
                0 => Act::Say("451 4.3.0 not now".to_owned()),
                1 => Act::Drop,
                2 => Act::DropWithin(usize::try_from(dice % 300).unwrap_or(0)),
                3 if line == "END" => {
                    count.fetch_add(1, Ordering::Relaxed);
                    Act::TakeAndDrop
                }
                4 => Act::Wait(Duration::from_millis(dice % 50)),
                _ => Act::Usual,
            }
        };
        Patient { peer: Peer::with(&EXTENSIONS, script).await, is_well, silent }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_leaves_or_comes_back() {
    let (kills, seed) = (kills(), seed());
    aloud(&format!("relay: seed {seed}, {kills} kills (RESTANTE_SEED and RESTANTE_KILLS change them)"));
    let mut rng = Rng::new(seed);
    let patient = Patient::start(seed).await;
    let settings = format!(
        "development = true\n[relay]\nhold = false\nsmarthost = \"{}\"\ntls = \"never\"\nfirst_retry_seconds = 1\n\
         longest_retry_seconds = 1\n",
        patient.peer.address()
    );
    let mut server = Server::with_config(&settings).await;
    let mut accepted = BTreeSet::new();
    for round in 0..kills {
        accepted.extend(sent_until_killed(&mut server, &mut rng, round).await);
        server.restart().await;
    }
    patient.is_well.store(true, Ordering::Relaxed);
    until_within(Duration::from_secs(300), "nothing waits any more", async || {
        let listed = server.restante(&["queue", "list", "--json"]).await;
        (listed.status.success() && listed.stdout.trim_ascii() == b"[]").then_some(())
    })
    .await;
    demand_once(&server, &patient, &accepted, kills).await;
    server.finish().await;
}

/// Adele sends until the server is killed at some moment; the recipients of what was accepted.
async fn sent_until_killed(server: &mut Server, rng: &mut Rng, round: usize) -> Vec<String> {
    let mut senders = JoinSet::new();
    for number in 0..4 {
        let adele = server.person("AdeleV");
        senders.spawn(async move {
            let mut accepted = Vec::new();
            for turn in 0.. {
                let name = format!("{round}-{number}-{turn}");
                let mut to = vec![format!("good-{name}@elsewhere.example")];
                if turn % 3 == 0 {
                    to.push(format!("bad-{name}@elsewhere.example"));
                }
                let fields = [("From", address("AdeleV")), ("To", to.join(", ")), ("Subject", name)];
                let fields: Vec<_> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
                let body = bytes::Bytes::from(kit::base64(&letter(&fields, "Hello.\r\n")));
                let headers = [("content-type", "text/plain")];
                match adele.attempt(hyper::Method::POST, "/me/sendMail", &headers, body).await {
                    Ok(answer) if answer.status == 202 => accepted.extend(to),
                    Ok(answer) => panic!("{answer:?}"),
                    Err(_) => return accepted,
                }
            }
            accepted
        });
    }
    // Not a wait for anything: the random moment is the point.
    sleep(Duration::from_millis(20 + rng.below(400))).await;
    server.kill().await;
    senders.join_all().await.into_iter().flatten().collect()
}

async fn demand_once(server: &Server, patient: &Patient, accepted: &BTreeSet<String>, kills: usize) {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for rcpt in patient.peer.taken().iter().flat_map(|one| &one.rcpts) {
        *taken.entry(rcpt.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned()).or_default() += 1;
    }
    let mut reported: BTreeMap<String, usize> = BTreeMap::new();
    let adele = server.person("AdeleV");
    for message in adele.all("/me/mailFolders/inbox/messages?$select=id&$top=1000").await {
        let octets = adele.value(message["id"].as_str().unwrap()).await;
        let text = String::from_utf8_lossy(&octets).into_owned();
        for line in text.lines().filter_map(|line| line.strip_prefix("Final-Recipient: rfc822; ")) {
            *reported.entry(line.to_owned()).or_default() += 1;
        }
    }
    for recipient in accepted {
        let (reached, told) = (taken.get(recipient).copied().unwrap_or(0), reported.get(recipient).copied().unwrap_or(0));
        match recipient.starts_with("good") {
            true => assert!(reached >= 1 && told == 0, "{recipient}: reached {reached} times, {told} reports"),
            false => assert!(reached == 0 && told == 1, "{recipient}: reached {reached} times, {told} reports"),
        }
    }
    let twice: usize = taken.values().map(|times| times - 1).sum();
    let silent = usize::try_from(patient.silent.load(Ordering::Relaxed)).unwrap();
    aloud(&format!(
        "relay: {} recipients accepted, {} reached, {} reported, {twice} of them reached again: {silent} times the other server took \
         a message without a word, and {kills} times this one was killed",
        accepted.len(),
        taken.len(),
        reported.len()
    ));
    // A kill cuts off what is under way: at most one message on each of four connections.
    assert!(twice <= silent + 4 * kills, "{twice} were reached again");
}
