use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// What is read where this is written, in pieces of so many octets.
async fn read(written: &[u8], piece: usize) -> String {
    let (mut client, server) = duplex(1 << 20);
    let pieces: Vec<Vec<u8>> = written.chunks(piece).map(<[u8]>::to_vec).collect();
    let writing = tokio::spawn(async move {
        for piece in pieces {
            client.write_all(&piece).await.expect("write");
            tokio::task::yield_now().await;
        }
    });
    let mut out = Vec::new();
    EncodedTargets::new(server).read_to_end(&mut out).await.expect("read");
    writing.await.expect("written");
    String::from_utf8(out).expect("text")
}

async fn becomes(written: &str, expected: &str) {
    for piece in [1, 2, 7, 100, 100_000] {
        assert_eq!(read(written.as_bytes(), piece).await, expected, "in pieces of {piece}");
    }
}

#[tokio::test]
async fn targets_are_encoded_and_nothing_else() {
    let quoted = "GET /v1.0/me/messages?$search=\"a<b>\"#%20%é HTTP/1.1\r\nX: \"<é>\"\r\n\r\n";
    let encoded = "GET /v1.0/me/messages?$search=%22a%3Cb%3E%22%23%20%%C3%A9 HTTP/1.1\r\nX: \"<é>\"\r\n\r\n";
    becomes(quoted, encoded).await;
    becomes(&format!("\r\n{quoted}"), &format!("\r\n{encoded}")).await;
    becomes(&quoted.replace("\r\n", "\n"), &encoded.replace("\r\n", "\n")).await;
    becomes(&quoted.repeat(3), &encoded.repeat(3)).await;
}

#[tokio::test]
async fn bodies_stay_as_they_are_though_they_look_like_requests() {
    let body = "GET /\"x\" HTTP/1.1\r\n\r\n".repeat(1000);
    let post = |body: &str, path: &str| format!("POST {path} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    becomes(
        &(post(&body, "/a?\"") + &post("", "/b?\"") + &post(&body, "/c?\"")),
        &(post(&body, "/a?%22") + &post("", "/b?%22") + &post(&body, "/c?%22")),
    )
    .await;
}

/// Where another reader might see another end of the body, what follows is not looked at.
#[tokio::test]
async fn nothing_is_changed_after_a_body_of_another_frame() {
    for framing in [
        "Transfer-Encoding: chunked",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Content-Length: 3\r\nContent-Length: 3",
        "Content-Length: +3",
        "Content-Length: 3, 3",
        "Upgrade: h2c",
    ] {
        let next = "3\r\nabc\r\n0\r\n\r\nGET /?\" HTTP/1.1\r\n\r\n";
        becomes(
            &format!("POST /?\" HTTP/1.1\r\n{framing}\r\n\r\n{next}"),
            &format!("POST /?%22 HTTP/1.1\r\n{framing}\r\n\r\n{next}"),
        )
        .await;
    }
}

#[tokio::test]
async fn what_is_no_request_passes() {
    for text in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET /\" HTTP/1.1\r\n\r\n".to_owned(),
        "GET /\" HTTP/1.1\r\nX".to_owned(),
        "GET /\"\r\n\r\n".to_owned(),
        String::new(),
        format!("GET /\" HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(2 * MOST)),
    ] {
        assert_eq!(read(text.as_bytes(), 1000).await, text);
    }
}
