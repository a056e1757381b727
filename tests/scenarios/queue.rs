//! Much mail to many domains of which a third are down: the others are not held up, and what the queue costs does not grow with it.

use kit::{Act, EXTENSIONS, NameServer, Peer, Rr, Server, address, aloud, base64, is_long, letter, until_within};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How much.
struct Size {
    messages: usize,
    domains: usize,
    senders: usize,
}

/// Nobody answers at the domains of a third: half of these refuse connections, half take them and say nothing.
fn is_down(domain: usize) -> bool {
    domain % 3 == 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_that_is_down_holds_up_nobody() {
    let size = if is_long() {
        Size { messages: 100_000, domains: 1000, senders: 32 }
    } else {
        Size { messages: 2000, domains: 60, senders: 8 }
    };
    let peer = Peer::start().await;
    let port = peer.address().port();
    let silent = Peer::at(&format!("127.0.0.2:{port}"), &EXTENSIONS, None, |_, _| Act::Wait(Duration::from_secs(3600))).await;
    let names = NameServer::start(&[]).await;
    for domain in 0..size.domains {
        let ip = if !is_down(domain) {
            "127.0.0.1"
        } else if domain % 2 == 0 {
            "127.0.0.2"
        } else {
            "127.0.0.3"
        };
        names.add(&format!("d{domain}.example"), Rr::Ip(ip.parse().unwrap()));
    }
    let settings = format!("development = true\n[relay]\nhold = false\nport = {port}\n{}", names.settings());
    let server = Server::with_config(&settings).await;
    let began = Instant::now();
    let (is_over, figures) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let watched = watch(&server, &peer, began, is_over.clone(), figures.clone());
    let good = (0..size.messages).filter(|number| !is_down(number % size.domains)).count();
    let relayed = async {
        let taken = async || (peer.count() >= good).then_some(());
        until_within(Duration::from_secs(600), "all good ones are relayed", taken).await;
        is_over.store(true, Ordering::Relaxed);
        began.elapsed()
    };
    let (sent, whole, ()) = tokio::join!(send_all(&server, &size, &figures), relayed, watched);
    let memory = resident(&server);
    aloud(&format!(
        "queue: {} messages to {} domains: taken in {:.1} s; the {good} for those who are up relayed after {:.1} s, {:.1} s after the \
         last was taken ({:.0} a second); {memory} MB of memory at the end; {} connections to those who say nothing",
        size.messages,
        size.domains,
        sent.as_secs_f64(),
        whole.as_secs_f64(),
        whole.saturating_sub(sent).as_secs_f64(),
        good as f64 / whole.as_secs_f64(),
        silent.connections(),
    ));
    assert_eq!(peer.count(), good, "each once");
    server.finish().await;
}

/// Sends all; answers how long it took.
async fn send_all(server: &Server, size: &Size, sent: &Arc<AtomicUsize>) -> Duration {
    let began = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    let (messages, domains) = (size.messages, size.domains);
    for _ in 0..size.senders {
        let (adele, next, sent) = (server.person("AdeleV"), next.clone(), sent.clone());
        senders.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= messages {
                    return;
                }
                let to = format!("a@d{}.example", number % domains);
                let octets = letter(&[("From", &address("AdeleV")), ("To", &to), ("Subject", &number.to_string())], "Hello.\r\n");
                let path = "/me/sendMail?saveToSentItems=false";
                let answer = adele.post(path, "text/plain", base64(&octets)).await;
                assert_eq!(answer.status, 202, "{answer:?}");
                sent.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    senders.join_all().await;
    began.elapsed()
}

/// Says every ten seconds how far it has come.
async fn watch(server: &Server, peer: &Peer, began: Instant, is_over: Arc<AtomicBool>, sent: Arc<AtomicUsize>) {
    let mut before = 0;
    while !is_over.load(Ordering::Relaxed) && is_long() && began.elapsed() < Duration::from_secs(120) {
        sleep(Duration::from_secs(10)).await; // the pace is the point
        let count = peer.count();
        let (seconds, sent) = (began.elapsed().as_secs(), sent.load(Ordering::Relaxed));
        aloud(&format!(
            "queue: after {seconds} s {sent} taken, {count} relayed, {} a second; {} MB of memory",
            (count - before) / 10,
            resident(server)
        ));
        before = count;
    }
}

/// Megabytes of memory that are the server's own: mappings of files are the page cache's.
fn resident(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap_or_default() / 1024
}
