//! What no well-made client puts on the wire: each is answered or let go, and the server goes on.

use kit::{Answer, Server, base64, exchange, exchange_to_the_end, plain};

fn host(server: &Server) -> String {
    server.origin().trim_start_matches("http://").to_owned()
}

/// A request for `/v1.0/me` as Adele, with what stands between the request line and the rest.
async fn me(server: &Server, version: &str, fields: &str) -> Answer {
    let authorization = server.person("AdeleV").authorization();
    let head = format!("GET /v1.0/me {version}\r\n{fields}Authorization: {authorization}\r\nConnection: close\r\n\r\n");
    exchange(&host(server), &head, Vec::new()).await
}

/// Links in answers go back to the host that was asked, so there must be one (RFC 9112 §3.2).
#[tokio::test]
async fn a_request_names_one_host() {
    let server = Server::start().await;
    for fields in ["", "Host: a\r\nHost: b\r\n", "Host: a\"b\r\n", "Host: a/b\r\n", "Host: you@there\r\n", "Host:\r\n"] {
        let message = me(&server, "HTTP/1.1", fields).await.demand_error(400, "BadRequest");
        assert!(message.contains("Host"), "{fields:?}: {message}");
    }
    for (version, fields) in [("HTTP/1.0", ""), ("HTTP/1.1", "Host: [::1]:80\r\n"), ("HTTP/1.1", "Host: mail.example\r\n")] {
        me(&server, version, fields).await.demand(200);
    }
    server.finish().await;
}

#[tokio::test]
async fn headers_without_measure_are_refused() {
    let server = Server::start().await;
    for fields in ["X: a\r\n".repeat(100_000), format!("X: {}\r\n", "a".repeat(1_000_000))] {
        me(&server, "HTTP/1.1", &format!("Host: h\r\n{fields}")).await.demand(431);
    }
    server.finish().await;
}

/// Where one reader would see one request and another two, nobody may be led astray (RFC 9112 §11.2).
#[tokio::test]
async fn lengths_that_contradict_each_other_smuggle_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let smuggled = plain("AdeleV", &["AlexW"], "Smuggled");
    let inner = format!(
        "POST /v1.0/me/sendMail HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
        adele.authorization(),
        base64(&smuggled).len(),
        base64(&smuggled)
    );
    for lengths in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked\r\n X: folded",
    ] {
        let head = format!(
            "POST /v1.0/me/sendMail HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\nContent-Type: text/plain\r\n{lengths}\r\n\r\n0\r\n\r\n{inner}",
            adele.authorization()
        );
        let answers = String::from_utf8(exchange_to_the_end(&host(&server), &head, Vec::new()).await.to_vec()).unwrap();
        assert!(answers.starts_with("HTTP/1.1 400 "), "{lengths}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answers}");
    }
    // Whatever were smuggled would be before this one.
    adele.send_mime(&plain("AdeleV", &["AlexW"], "After all")).await.demand_empty(202);
    let alex = server.person("AlexW");
    alex.arrived("After all").await;
    assert_eq!(alex.inbox().await.len(), 1, "one message was sent");
    server.finish().await;
}

#[tokio::test]
async fn bodies_that_break_off_store_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let head = |length: &str| {
        format!(
            "POST /v1.0/me/messages HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\nContent-Type: text/plain\r\nConnection: close\r\n{length}\r\n\r\n",
            adele.authorization()
        )
    };
    for chunks in ["ZZ\r\nQUJD\r\n0\r\n\r\n", "fffffffffffffffff\r\nQUJD", "4\r\nQUJDRA\r\n0\r\n\r\n"] {
        let answer = exchange(&host(&server), &head("Transfer-Encoding: chunked"), vec![chunks.as_bytes().to_vec()]).await;
        answer.demand_error(400, "BadRequest");
    }
    let long = vec![format!("4;{}\r\nQUJD\r\n0\r\n\r\n", "x".repeat(1_000_000)).into_bytes()];
    exchange(&host(&server), &head("Transfer-Encoding: chunked"), long).await.demand_error(400, "BadRequest");
    assert!(adele.all("messages").await.is_empty(), "nothing was stored");
    server.finish().await;
}

/// Time must not grow with the square of what a request may hold.
#[tokio::test]
async fn paths_and_queries_without_measure_are_answered() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let many = |item: &str, count: usize| (0..count).map(|n| format!("{item}{n}")).collect::<Vec<_>>();
    adele.get(&format!("messages?{}", many("a=", 7000).join("&"))).await.demand(200);
    let names = many("n", 9000).join(",");
    adele.get(&format!("messages?$select={names}")).await.demand_error(400, "RequestBroker--ParseUri");
    adele.get(&format!("messages{}", "/".repeat(60_000))).await.demand(200);
    adele.get(&format!("messages('{}')", "%27%27".repeat(9000))).await.demand_error(400, "ErrorInvalidIdMalformed");
    adele.get(&"x".repeat(60_000)).await.demand_error(400, "BadRequest");
    adele.get("/users/AdeleV%00@contoso.com").await.demand_error(404, "ErrorInvalidUser");
    for broken in ["%FF", "messages?$top=%FF"] {
        adele.get(broken).await.demand_error(400, "BadRequest");
    }
    adele.get("messages?$skip=9223372036854775807&$top=1000").await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn a_thousand_pipelined_requests_are_answered_in_turn() {
    let server = Server::start().await;
    let (host, authorization) = (host(&server), server.person("AdeleV").authorization());
    let request = |connection: &str| {
        format!("GET /v1.0/me HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nConnection: {connection}\r\n\r\n")
    };
    let rest = vec![request("keep-alive").repeat(998).into_bytes(), request("close").into_bytes()];
    let answers = exchange_to_the_end(&host, &request("keep-alive"), rest).await;
    assert_eq!(String::from_utf8_lossy(&answers).matches("HTTP/1.1 200 OK").count(), 1000);
    server.finish().await;
}
