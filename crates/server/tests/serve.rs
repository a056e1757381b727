//! A whole server: in this process, and as the binary that people start.

#![allow(clippy::expect_used, reason = "a test that cannot go on should say where")]

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use server::cli::ServeFlags;
use server::config;
use server::serve::{Running, start};
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::SystemClock;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far more than a start takes; only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(30);

async fn started(dir: &Path) -> Running {
    let flags = ServeFlags {
        data: Some(dir.to_owned()),
        http: Some("127.0.0.1:0".into()),
        https: Some("127.0.0.1:0".into()),
        ..ServeFlags::default()
    };
    start(config::resolve(None, &flags).expect("config"), Arc::new(SystemClock)).await.expect("start")
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str, body: &str) -> String {
    let length = body.len();
    let request = format!("{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.expect("write");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("answer");
    String::from_utf8(answer).expect("text")
}

async fn secure(at: SocketAddr, ca: &Path, name: &str, protocol: &[u8]) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("CA")).expect("CA");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(at).await.expect("connect");
    let name = ServerName::try_from(name.to_owned()).expect("name");
    tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, stream).await.expect("handshake")
}

fn dev_json(dir: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(dir.join("dev.json")).expect("dev.json")).expect("JSON")
}

#[tokio::test]
async fn health_and_tokens_are_answered_over_http_and_https() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let running = started(dir.path()).await;
    let mut plain = TcpStream::connect(running.http()).await.expect("connect");
    let health = ask(&mut plain, "GET /healthz HTTP/1.1", "").await;
    assert!(health.starts_with("HTTP/1.1 200 ") && health.ends_with("ok"), "{health}");

    let dev = dev_json(dir.path());
    assert_eq!(dev["base_url"], format!("http://{}/v1.0", running.http()));
    assert_eq!(dev["authority"], format!("https://{}", running.https()));
    let ca = Path::new(dev["ca"].as_str().expect("ca"));
    assert!(ca.is_absolute());
    let text = |member: &str| dev[member].as_str().expect("text").to_owned();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        text("client_id"),
        text("client_secret")
    );
    for name in ["localhost", "127.0.0.1", "::1"] {
        let mut stream = secure(running.https(), ca, name, b"http/1.1").await;
        let head =
            format!("POST /{}/oauth2/v2.0/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded", text("tenant"));
        let answer = ask(&mut stream, &head, &form).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"access_token\":\"ey"), "{name}: {answer}");
    }
    let h2 = secure(running.https(), ca, "localhost", b"h2").await;
    assert_eq!(h2.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    drop(h2);

    let at = running.http();
    running.stop().await;
    assert!(TcpStream::connect(at).await.is_err(), "nobody listens any more");
    assert_eq!(store::check(dir.path()).expect("check"), Vec::<String>::new());
}

#[tokio::test]
async fn secrets_and_trust_stay_over_a_restart() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let mut before = None;
    for _ in 0..2 {
        let running = started(dir.path()).await;
        let mut dev = dev_json(dir.path());
        let ca = std::fs::read(dev["ca"].as_str().expect("ca")).expect("CA");
        secure(running.https(), Path::new(dev["ca"].as_str().expect("ca")), "localhost", b"h2").await;
        running.stop().await;
        for member in ["base_url", "https_url", "authority", "smtp"] {
            dev[member] = Value::Null; // their ports are free ones
        }
        match before.take() {
            None => before = Some((dev, ca)),
            Some(first) => assert!(first == (dev, ca)),
        }
    }
}

/// The binary, serving. It is killed where a test fails.
struct Server {
    child: Child,
    banner: String,
}

impl Server {
    fn start(dir: &Path) -> Server {
        let mut child = restante(&["serve", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"], dir)
            .stdout(Stdio::piped())
            .spawn()
            .expect("spawn");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let mut banner = String::new();
        while !banner.contains("Bearer") || banner.matches("Bearer").count() < 2 {
            assert_ne!(stdout.read_line(&mut banner).expect("banner"), 0, "it ended: {banner}");
        }
        Server { child, banner }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().expect("kill");
        assert!(sent.success());
    }

    fn ended(&mut self) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                return status.code();
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn restante(arguments: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_restante"));
    command.args(arguments).arg("--data").arg(dir).env_remove("RESTANTE_LOG");
    command
}

fn output(arguments: &[&str], dir: &Path) -> (Output, String, String) {
    let output = restante(arguments, dir).output().expect("run");
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

#[test]
fn a_signal_ends_it_with_success_whatever_clients_do() {
    let dir = tempfile::tempdir().expect("temporary directory");
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(dir.path());
        let dev = dev_json(dir.path());
        let at = |url: &str| dev[url].as_str().expect("url").split('/').nth(2).expect("address").to_owned();
        let silent = [at("base_url"), at("https_url")].map(|at| StdStream::connect(at).expect("connect"));
        let began = Instant::now();
        server.signal(signal);
        assert_eq!(server.ended(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(10), "{signal}: {:?}", began.elapsed());
        for mut stream in silent {
            let _ = stream.read(&mut [0]).map(|read| assert_eq!(read, 0)); // an end or a reset
        }
    }
}

#[test]
fn one_directory_is_served_once_and_an_explicit_port_is_that_or_none() {
    let (dir, other) = (tempfile::tempdir().expect("temporary directory"), tempfile::tempdir().expect("temporary directory"));
    let mut server = Server::start(dir.path());
    let (ended, _, err) = output(&["serve", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"], dir.path());
    assert_eq!(ended.status.code(), Some(1));
    assert!(err.contains("another process serves"), "{err}");

    let dev = dev_json(dir.path());
    let taken = dev["base_url"].as_str().expect("url").split('/').nth(2).expect("address");
    let (ended, _, err) = output(&["serve", "--http", taken, "--https", "127.0.0.1:0"], other.path());
    assert_eq!(ended.status.code(), Some(1));
    assert!(err.contains(taken) && err.contains("in use"), "{err}");
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn the_other_commands_work_beside_a_server_and_after_it() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let mut server = Server::start(dir.path());
    for running in [true, false] {
        let (ended, out, err) = output(&["check"], dir.path());
        assert_eq!((ended.status.code(), out.as_str(), err.as_str()), (Some(0), "", ""));
        let (_, out, err) = output(&["token", "--user", "adelev@CONTOSO.com", "--scope", "Mail.Send Files.Read"], dir.path());
        assert_eq!(out.trim_end().split('.').count(), 3, "a JWT: {out}");
        assert!(err.contains("\"Files.Read\"") && !err.contains("Mail.Send"), "{err}");
        let (_, out, err) = output(&["token", "--user", "AlexW@contoso.com"], dir.path());
        assert_eq!(out.trim_end(), dev_json(dir.path())["people"][1]["token"], "{err}");
        let grant = ["grant", "send-as", "--user", "AlexW@contoso.com", "--address"];
        let (ended, out, err) = output(&[&grant[..], &["sales@contoso.com"]].concat(), dir.path());
        assert_eq!((ended.status.code(), out.as_str()), (Some(0), "AlexW@contoso.com may send as sales@contoso.com.\n"), "{err}");
        if running {
            server.signal("TERM");
            assert_eq!(server.ended(), Some(0));
        }
    }
}

#[tokio::test]
async fn a_grant_is_written() {
    let dir = tempfile::tempdir().expect("temporary directory");
    started(dir.path()).await.stop().await;
    let (ended, _, err) = output(&["grant", "send-as", "--user", "AlexW@contoso.com", "--address", "Sales@x.org"], dir.path());
    assert!(ended.status.success(), "{err}");
    let store = store::Store::beside(dir.path()).expect("store");
    let may = store
        .read::<_, store::StoreError>(|tx| {
            let alex = tx.person_by_address("AlexW@contoso.com")?.expect("Alex").id;
            Ok((tx.may_send_as(alex, "sales@X.org")?, tx.may_send_as(alex, "other@x.org")?))
        })
        .await
        .expect("read");
    assert_eq!(may, (true, false));
}

#[test]
fn what_cannot_be_done_is_a_sentence_and_failure() {
    let (dir, empty) = (tempfile::tempdir().expect("temporary directory"), tempfile::tempdir().expect("temporary directory"));
    drop(Server::start(dir.path()));
    for (arguments, at, word) in [
        (&["check"][..], &empty, "there is no store"),
        (&["token", "--user", "AlexW@contoso.com"], &empty, "there is no store"),
        (&["token", "--user", "nobody@contoso.com"], &dir, "nobody named nobody@contoso.com"),
        (&["grant", "send-as", "--user", "AlexW@contoso.com", "--address", "sales"], &dir, "\"sales\" is no address"),
        (&["serve", "--http", "here"], &empty, "\"here\" is no address for HTTP"),
    ] {
        let (ended, out, err) = output(arguments, at.path());
        assert_eq!((ended.status.code(), out.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(err.starts_with("restante: ") && err.contains(word) && err.lines().count() == 1, "{arguments:?}: {err}");
    }
    assert_eq!(std::fs::read_dir(empty.path()).expect("directory").count(), 0, "nothing is made on the way");
}

#[test]
fn production_makes_nobody_and_tells_no_secret() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = dir.path().join("restante.toml");
    std::fs::write(&file, "domain = 'example.org'\n[listen]\nhttp = '127.0.0.1:0'\nhttps = '127.0.0.1:0'\n").expect("write");
    let data = dir.path().join("data");
    let mut child =
        restante(&["serve", "--config", file.to_str().expect("path")], &data).stdout(Stdio::piped()).spawn().expect("spawn");
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout"));
    let mut banner = String::new();
    stdout.read_line(&mut banner).expect("banner");
    let mut server = Server { child, banner };
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    stdout.read_to_string(&mut server.banner).expect("banner");
    assert!(server.banner.starts_with("Restante ") && server.banner.lines().count() == 1, "{}", server.banner);
    assert!(!data.join("dev.json").exists());
    let (ended, _, err) = output(&["token", "--user", "AdeleV@example.org"], &data);
    assert!(!ended.status.success() && err.contains("nobody named"), "{err}");
}

#[test]
fn the_banner_can_be_pasted() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let server = Server::start(dir.path());
    let pasted: Vec<&str> = server.banner.lines().filter(|line| line.contains("curl")).collect();
    let [send, read] = pasted.as_slice() else { panic!("{}", server.banner) };
    let shell = |line: &str| {
        let output = Command::new("sh").args(["-c", line]).output().expect("sh");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let answer = shell(send);
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    let began = Instant::now();
    while !shell(read).contains("First light") {
        assert!(began.elapsed() < PATIENCE, "it does not arrive");
    }
}
