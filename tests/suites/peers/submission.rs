//! A stock client submits.

use kit::{Server, address};
use std::process::Output;
use tokio::process::Command;

async fn swaks(arguments: &[&str]) -> Output {
    let output = Command::new("swaks").args(["--hide-all", "--timeout", "20"]).args(arguments).output().await;
    output.expect("swaks can be started; ./test installs it")
}

#[tokio::test]
async fn swaks_submits_over_starttls_and_implicit_tls_and_relays_nothing_without_auth() {
    let free = || kit::free_address().to_string();
    let (starttls, at_once) = (free(), free());
    let settings = format!("[listen]\nsubmission = \"{starttls}\"\nsubmissions = \"{at_once}\"\n[relay]\nhold = true\n");
    let server = Server::in_production(&settings).await;
    let adele = server.person_with_scopes("AdeleV", "Mail.Send Mail.Read").await;
    let token = adele.authorization().trim_start_matches("Bearer ").to_owned();
    let (from, to) = (address("AdeleV"), address("AlexW"));
    let common = ["--from", &from, "--auth-user", &from, "--auth-password", &token, "--auth", "PLAIN"];
    for (server, tls, subject) in [(&starttls, "--tls", "By STARTTLS"), (&at_once, "--tls-on-connect", "By TLS")] {
        let subject = format!("Subject: {subject}");
        let arguments = [&common[..], &["--server", server, tls, "--to", &to, "--header", &subject]].concat();
        let output = swaks(&arguments).await;
        assert!(output.status.success(), "{output:?}");
    }
    let alex = server.person_with_scopes("AlexW", "Mail.Read").await;
    alex.arrived("By STARTTLS").await;
    alex.arrived("By TLS").await;
    // 24 is swaks' word for a recipient that was refused, 23 for a sender, 28 for an AUTH that did not work out.
    for (code, arguments) in [
        (23, vec!["--server", &starttls, "--tls", "--from", &from, "--to", "one@elsewhere.example"]),
        (28, [&["--server", &starttls, "--to", &to], &common[..]].concat()),
        (24, vec!["--server", &server.smtp(), "--from", "a@other.example", "--to", "one@elsewhere.example"]),
    ] {
        let output = swaks(&arguments).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    server.finish().await;
}
