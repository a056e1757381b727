use super::*;
use crate::certificate::{self, Certificates, LocalCertificate, Names};
use axum::Extension;
use axum::routing::{get, post};
use std::net::{IpAddr, Ipv4Addr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const FREE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

struct Fixture {
    at: SocketAddr,
    stop: watch::Sender<bool>,
    listener: tokio::task::JoinHandle<()>,
}

async fn serve(router: Router, tls: Option<Arc<ServerConfig>>) -> Fixture {
    let socket = bind("HTTP", Address { socket: FREE, explicit: true }).await.expect("bind");
    let at = socket.local_addr().expect("address");
    let (stop, until) = watch::channel(false);
    let hosts = Arc::new(Hosts::default().of_development());
    Fixture { at, stop, listener: tokio::spawn(Listener::new(socket, tls, Arc::default(), hosts).serve(router, until)) }
}

async fn rest(mut stream: TcpStream) -> String {
    let mut octets = Vec::new();
    let _ = stream.read_to_end(&mut octets).await; // a reset is an end too
    String::from_utf8_lossy(&octets).into_owned()
}

#[tokio::test]
async fn a_default_address_gives_way_and_an_explicit_one_does_not() {
    let taken = TcpListener::bind(FREE).await.expect("bind");
    let socket = taken.local_addr().expect("address");
    let other = bind("HTTP", Address { socket, explicit: false }).await.expect("another port");
    assert_eq!(other.local_addr().expect("address").ip(), socket.ip());
    assert_ne!(other.local_addr().expect("address").port(), socket.port());
    let error = bind("HTTP", Address { socket, explicit: true }).await.expect_err("taken");
    assert_eq!(error.to_string(), format!("{socket} can't be had for HTTP"));
}

#[tokio::test]
async fn a_request_carries_its_peer_and_its_scheme() {
    let tell = |ConnectInfo(peer): ConnectInfo<SocketAddr>, Extension(scheme): Extension<Scheme>| async move {
        format!("{peer} {scheme:?}")
    };
    let server = serve(Router::new().route("/", get(tell)), None).await;
    let mut stream = TcpStream::connect(server.at).await.expect("connect");
    let own = stream.local_addr().expect("address");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.expect("write");
    let answer = rest(stream).await;
    assert!(answer.ends_with(&format!("\r\n\r\n{own} Http")), "{answer}");
}

/// Time stands still but for what everybody waits for, so each limit comes at once and is measured exactly.
async fn silence_ends_after(sent: &[u8], tls: Option<Arc<ServerConfig>>, limit: Duration) {
    let server = serve(Router::new(), tls).await;
    let began = tokio::time::Instant::now();
    let mut stream = TcpStream::connect(server.at).await.expect("connect");
    stream.write_all(sent).await.expect("write");
    rest(stream).await;
    let lasted = began.elapsed();
    assert!(lasted >= limit && lasted < limit * 2 + Duration::from_secs(1), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_let_go() {
    silence_ends_after(b"", None, HEADER).await;
    silence_ends_after(b"GET / HTTP/1.1\r\nHost:", None, HEADER).await;
    silence_ends_after(b"PRI * HTTP/2.0\r\n", None, HEADER).await;
    silence_ends_after(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None, HEADER).await;
    let dir = tempfile::tempdir().expect("temporary directory");
    let clock = crate::fake_clock::FakeClock::at_noon();
    let local = LocalCertificate::open(&dir.path().into(), Names::with(&[], &[]), clock).await.expect("certificate");
    let tls = certificate::tls(Certificates::local(local)).expect("tls");
    silence_ends_after(b"", Some(tls.clone()), HANDSHAKE).await;
    silence_ends_after(b"\x16\x03\x01\x02", Some(tls), HANDSHAKE).await;
}

#[tokio::test]
async fn the_end_closes_idle_connections_and_waits_for_running_requests() {
    let (begun, began) = tokio::sync::oneshot::channel();
    let (go_on, told) = tokio::sync::oneshot::channel::<()>();
    let once = Arc::new(std::sync::Mutex::new(Some((begun, told))));
    let slow = move || async move {
        let (begun, told) = once.lock().expect("lock").take().expect("called once");
        begun.send(()).expect("waited for");
        told.await.expect("told");
        "done"
    };
    let server = serve(Router::new().route("/slow", post(slow)).route("/", get(|| async { "idle" })), None).await;
    let mut idle = TcpStream::connect(server.at).await.expect("connect");
    idle.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("write");
    idle.read_exact(&mut [0; 15]).await.expect("an answer, and the connection stays");
    let mut running = TcpStream::connect(server.at).await.expect("connect");
    running.write_all(b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await.expect("write");
    began.await.expect("begun");

    server.stop.send(true).expect("listener");
    assert!(rest(idle).await.ends_with("idle"), "the idle one ends while the other runs");
    assert!(TcpStream::connect(server.at).await.is_err(), "nobody else is let in");
    go_on.send(()).expect("running");
    assert!(rest(running).await.ends_with("done"));
    server.listener.await.expect("listener ends");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_hangs_is_cut_off() {
    let server = serve(Router::new().route("/", get(std::future::pending::<()>)), None).await;
    let mut stream = TcpStream::connect(server.at).await.expect("connect");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("write");
    sleep(Duration::from_secs(1)).await;
    server.stop.send(true).expect("listener");
    let began = tokio::time::Instant::now();
    server.listener.await.expect("listener ends");
    assert!(began.elapsed() >= LAST_REQUESTS && began.elapsed() < LAST_REQUESTS + Duration::from_secs(1));
    assert_eq!(rest(stream).await, "");
}

#[tokio::test(start_paused = true)]
async fn only_exhaustion_waits() {
    let (mut exhausted, began) = (false, tokio::time::Instant::now());
    refused(&ErrorKind::ConnectionAborted.into(), &mut exhausted).await;
    assert!(!exhausted && began.elapsed().is_zero());
    refused(&io::Error::from_raw_os_error(24), &mut exhausted).await; // EMFILE
    assert!(exhausted && began.elapsed() >= EXHAUSTED);
}
