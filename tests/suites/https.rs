//! HTTPS as clients meet it: certificates of the local CA and of the operator, and the versions of HTTP over them.

use kit::{Server, Tls, self_signed, until};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const BOTH: [&str; 2] = ["h2", "http/1.1"];

/// Where HTTPS is reached.
fn at(server: &Server) -> String {
    let url = server.dev()["https_url"].as_str().expect("dev.json names it");
    url.trim_start_matches("https://").trim_end_matches("/v1.0").to_owned()
}

fn local_ca(server: &Server) -> String {
    fs::read_to_string(server.dev()["ca"].as_str().expect("dev.json names it")).expect("the CA is there")
}

/// Puts a new pair in the place of an old one, each file whole, as tools that renew do. Gives the certificate.
fn renew(folder: &Path, names: &[&str]) -> String {
    let (certificate, key) = self_signed(names);
    for (name, text) in [("fullchain.pem", &certificate), ("key.pem", &key)] {
        let unfinished = folder.join("unfinished");
        fs::write(&unfinished, text).expect("write");
        fs::rename(&unfinished, folder.join(name)).expect("rename");
    }
    certificate
}

/// A server that shows the operator's certificate for these names, and that certificate.
async fn with_certificate(names: &[&str]) -> (Server, TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let certificate = renew(folder.path(), names);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let config = format!("development = true\n[tls]\ncertificate = '{}'\nkey = '{}'\n", path("fullchain.pem"), path("key.pem"));
    (Server::with_config(&config).await, folder, certificate)
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_and_the_client_chooses() {
    let server = Server::start().await;
    let authorization = server.person("AdeleV").authorization();
    for (protocols, version) in [(&["h2"][..], 2), (&["http/1.1"], 1), (&BOTH, 2), (&["http/1.1", "h2"], 2), (&[], 1)] {
        let mut tls = Tls::connect(&at(&server), "localhost", &local_ca(&server), protocols).await.expect("a handshake");
        assert_eq!(tls.version(), version, "{protocols:?}");
        let me = tls.get("/v1.0/me", &[("authorization", &authorization)]).await.expect("an answer").demand(200).json();
        assert!(me["@odata.context"].as_str().expect("a link").starts_with("https://localhost:"), "{me}");
    }
    assert!(Tls::connect(&at(&server), "localhost", &local_ca(&server), &["http/0.9"]).await.is_err(), "no version in common");
    server.finish().await;
}

#[tokio::test]
async fn a_new_certificate_counts_from_the_next_handshake_on() {
    let (server, folder, old) = with_certificate(&["mail.example"]).await;
    let at = at(&server);
    let mut standing = Tls::connect(&at, "mail.example", &old, &BOTH).await.expect("the operator's certificate");
    standing.get("/healthz", &[]).await.expect("an answer").demand(200);

    let new = renew(folder.path(), &["mail.example"]);
    until("the new certificate is shown", async || Tls::connect(&at, "mail.example", &new, &BOTH).await.ok()).await;
    assert!(Tls::connect(&at, "mail.example", &old, &BOTH).await.is_err(), "and the old one no more");
    standing.get("/healthz", &[]).await.expect("the connection that stood goes on").demand(200);
    server.finish().await;
}

#[tokio::test]
async fn a_pair_that_does_not_fit_is_told_and_the_one_before_stays() {
    let (server, folder, old) = with_certificate(&["mail.example"]).await;
    let at = at(&server);
    fs::write(folder.path().join("key.pem"), self_signed(&["mail.example"]).1).expect("write");
    until("it is told", async || server.log().contains("the one before it stays").then_some(())).await;
    Tls::connect(&at, "mail.example", &old, &BOTH).await.expect("the one before is shown");
    assert_eq!(server.log().matches("the one before it stays").count(), 1, "it is told once");
    server.hang_up();
    until("SIGHUP has it read again", async || (server.log().matches("the one before it stays").count() > 1).then_some(())).await;
    let new = renew(folder.path(), &["mail.example"]);
    until("what fits is taken", async || Tls::connect(&at, "mail.example", &new, &BOTH).await.ok()).await;
    server.finish().await;
}

#[tokio::test]
async fn who_asks_for_this_machine_is_shown_what_the_local_ca_made() {
    let (server, _folder, operators) = with_certificate(&["mail.example"]).await;
    let at = at(&server);
    Tls::connect(&at, "localhost", &local_ca(&server), &BOTH).await.expect("the local CA's");
    Tls::connect(&at, "mail.example", &operators, &BOTH).await.expect("the operator's");
    assert!(Tls::connect(&at, "mail.example", &local_ca(&server), &BOTH).await.is_err());
    Tls::connect(&at, "127.0.0.1", &local_ca(&server), &BOTH).await.expect("as dev.json leads there");
    server.finish().await;
}

/// Clients that have Microsoft's names built in come under these, whatever leads the names here.
#[tokio::test]
async fn development_mode_is_called_as_microsofts_servers_are() {
    let server = Server::start().await;
    let (at, ca) = (at(&server), local_ca(&server));
    let authorization = server.person("AdeleV").authorization();
    for name in ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com"] {
        let mut tls = Tls::connect(&at, name, &ca, &BOTH).await.expect(name);
        let metadata = tls.get("/common/v2.0/.well-known/openid-configuration", &[("host", name)]).await.expect("an answer");
        assert_eq!(metadata.demand(200).json()["token_endpoint"], format!("https://{name}/common/oauth2/v2.0/token"));
    }
    for protocol in BOTH {
        let mut tls = Tls::connect(&at, "graph.microsoft.com", &ca, &[protocol]).await.expect("a handshake");
        let asked = [("authorization", authorization.as_str()), ("host", "graph.microsoft.com")];
        let folders = tls.get("/v1.0/me/mailFolders?$top=1", &asked).await.expect("an answer").demand(200).json();
        assert!(folders["@odata.nextLink"].as_str().is_some_and(|link| link.starts_with("https://graph.microsoft.com/v1.0/")));
    }
    assert!(Tls::connect(&at, "bank.example", &ca, &BOTH).await.is_err(), "there is no certificate for others");
    let by_http = server.get_with("/v1.0/", &[("host", "graph.microsoft.com")]).await.demand(200).json();
    assert_eq!(by_http["@odata.context"], "http://graph.microsoft.com/v1.0/$metadata");
    server.finish().await;
}

/// No public CA has certificates for Microsoft's names, so those of `hosts` that the operator's lacks are the local CA's.
#[tokio::test]
async fn what_the_operators_certificate_does_not_name_the_local_ca_does() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let operators = renew(folder.path(), &["mail.contoso.com"]);
    let tls = format!("[tls]\ncertificate = '{0}/fullchain.pem'\nkey = '{0}/key.pem'\n", folder.path().display());
    let hosts = "hosts = ['graph.microsoft.com', 'Mail.Contoso.com', 'alias.contoso.com', '203.0.113.5']";
    let server = Server::with_config(&format!("development = true\n{hosts}\n{tls}")).await;
    let (at, ca) = (at(&server), local_ca(&server));
    Tls::connect(&at, "mail.contoso.com", &operators, &BOTH).await.expect("the operator's");
    for name in ["graph.microsoft.com", "alias.contoso.com"] {
        Tls::connect(&at, name, &ca, &BOTH).await.expect(name);
    }
    server.finish().await;
}

#[tokio::test]
async fn how_to_trust_the_local_ca_is_told() {
    let server = Server::start().await;
    let told = server.restante(&["trust"]).await;
    let text = String::from_utf8(told.stdout).expect("text");
    let ca = fs::canonicalize(server.dev()["ca"].as_str().expect("dev.json names it")).expect("the CA is there");
    assert!(told.status.success() && text.contains(&format!("NODE_EXTRA_CA_CERTS={}", ca.display())), "{text}");
    assert!(text.contains("limited to localhost") && text.contains("SHA-256 "), "{text}");
    server.finish().await;
}
