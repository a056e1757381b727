//! What a client has signed or encrypted itself goes through each of the eight actions as it is.

use super::{Stage, holder, only, text};
use kit::{Judge, RSA, address, base64, demand_section, letter};

/// The seed's two sentences on S/MIME: a signature, and an encryption, that the client made and the server only carries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_and_an_encryption_of_the_clients_own_arrive_intact_by_each_of_the_eight_actions() {
    // A rule that signs everything leaves alone what is signed or encrypted already.
    let stage = Stage::new("[[smime.rules]]\nsign = true").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    stage.with_key("AdeleV").await;
    let (signer, reader) = (holder(&stage.pki, "signer", &address("AdeleV")), stage.pki.person("reader", RSA));
    alex.send_mime(&letter(&[("To", &address("AdeleV")), ("Subject", "Question")], "?\r\n")).await.demand(400);
    stage.with_key("AlexW").await; // the rule signs his too
    alex.send_mime(&letter(&[("To", &address("AdeleV")), ("Subject", "Question")], "?\r\n")).await.demand_empty(202);
    let question = adele.arrived("Question").await["id"].as_str().unwrap().to_owned();
    let entity = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe  \r\nFrom here\r\n";
    let file = stage.file("entity", entity);
    let mut table = "| action | signed by the client | encrypted by the client |\n|---|---|---|\n".to_owned();
    for action in ["sendMail", "messages", "reply", "replyAll", "forward", "createReply", "createReplyAll", "createForward"] {
        table += &format!("| {action} |");
        let signed = stage.openssl.sign(&file, &signer, false).unwrap();
        let sealed = stage.openssl.encrypt(&file, &reader, "aes256", false).unwrap();
        for (what, body) in [("signed", signed), ("encrypted", sealed)] {
            let subject = format!("{action} {what}");
            let head = format!("From: {}\r\nTo: {}\r\nSubject: {subject}\r\n", address("AdeleV"), address("AlexW"));
            let given = [head.as_bytes(), &body].concat();
            let path = if ["sendMail", "messages"].contains(&action) {
                action.to_owned()
            } else {
                format!("messages/{question}/{action}")
            };
            let answer = adele.post(&path, "text/plain", base64(&given)).await;
            if answer.status == 201 {
                let draft = answer.json()["id"].as_str().unwrap().to_owned();
                adele.post_nothing(&format!("messages/{draft}/send")).await.demand_empty(202);
            } else {
                answer.demand_empty(202);
            }
            let (octets, id) = only(&alex).await;
            assert!(octets.ends_with(&given), "{subject}: every octet");
            if what == "signed" {
                assert!(stage.verified(&octets).contains("From here"), "{subject}");
            } else {
                assert_eq!(stage.decrypted(&octets, &reader).map(|within| text(&within)), Ok(text(entity)), "{subject}");
            }
            alex.delete(&format!("messages/{id}")).await.demand_empty(204);
            table += " intact |";
        }
        table += "\n";
    }
    demand_section("conformance/smime.md", "carried", &table);
    stage.server.finish().await;
}
