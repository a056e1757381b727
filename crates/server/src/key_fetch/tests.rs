use super::*;
use crate::certificate::{Certificates, LocalCertificate, Names, tls};
use crate::fake_clock::FakeClock;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Answers every request with these octets, over TLS if there is any, until the test ends.
async fn answering(answer: &'static str, tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match &tls {
                None => say(stream, answer).await,
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => say(stream, answer).await,
                    Err(_) => continue, // the client went away, as it should
                },
            }
        }
    });
    address
}

async fn say(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) {
    let mut asked = [0; 4096];
    let _ = stream.read(&mut asked).await;
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn get(fetch: &KeyFetch, address: &str) -> Result<String, String> {
    let address = FetchAddress::parse(address).expect("an address");
    let got = fetch.get(&address, 5).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(got).expect("text"))
}

#[tokio::test]
async fn a_body_is_taken_whole_from_where_it_was_asked_and_nowhere_else() {
    let fetch = KeyFetch::new(None).expect("a client");
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345", Ok("12345")),
        ("HTTP/1.1 200 OK\r\n\r\n12345", Ok("12345")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n123456", Err("limit")),
        ("HTTP/1.1 200 OK\r\n\r\n123456", Err("limit")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234", Err("")),
        ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", Err("302")),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n12345", Err("404")),
        ("HTTP/1.1 204 No Content\r\n\r\n", Err("204")),
        ("220 mail.example ESMTP\r\n", Err("")),
    ] {
        let at = answering(answer, None).await;
        match (get(&fetch, &format!("http://{at}/keys")).await, body) {
            (Ok(got), Ok(body)) => assert_eq!(got, body, "{answer}"),
            (Err(cause), Err(named)) => assert!(cause.contains(named) && cause.contains("/keys"), "{answer}: {cause}"),
            (got, _) => panic!("{answer}: {got:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let cause = get(&KeyFetch::new(None).expect("a client"), &format!("http://{at}/")).await.expect_err("no answer");
    assert!(cause.contains("5 seconds"), "{cause}");
}

#[tokio::test]
async fn a_certificate_is_checked() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let clock = Arc::new(store::SystemClock);
    let local = LocalCertificate::open(&dir.path().into(), Names::with(&[], &[]), clock).await.expect("a certificate");
    let ca = local.ca().to_owned();
    let config = tls(Certificates::local(local)).expect("TLS");
    let at = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Some(TlsAcceptor::from(config))).await;
    let here = format!("https://127.0.0.1:{}/", at.port());

    let trusting = KeyFetch::new(Some(&ca)).expect("a client");
    assert_eq!(get(&trusting, &here).await.as_deref(), Ok("ok"));
    let elsewhere = tempfile::tempdir().expect("temporary directory");
    let other = LocalCertificate::open(&elsewhere.path().into(), Names::with(&[], &[]), FakeClock::at_noon())
        .await
        .expect("a certificate");
    for stranger in [KeyFetch::new(None), KeyFetch::new(Some(other.ca()))] {
        let cause = get(&stranger.expect("a client"), &here).await.expect_err("not trusted");
        assert!(cause.contains("certificate"), "{cause}");
    }
    let name = format!("https://127.0.0.2:{}/", at.port());
    get(&trusting, &name).await.expect_err("the certificate names another host");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, "no certificate").expect("write");
    for path in [file, dir.path().join("none.pem")] {
        let error = KeyFetch::new(Some(&path)).err().expect("refused");
        assert!(format!("{error:#}").contains(".pem"), "{error:#}");
    }
}
