//! A message that goes out in several sorts of octets is one to whoever sent it, and to whoever runs the server.

use super::{Stage, give_certificate, holder, message};
use kit::{Act, EXTENSIONS, Peer, Person, Pki, Smtp, address, until};
use serde_json::{Value, json};

/// Adele writes to Bob and, hidden, to Eve; answers where that is followed.
async fn sent(stage: &Stage) -> (Person, String) {
    let adele = stage.server.person("AdeleV");
    stage.with_key("AdeleV").await;
    for name in ["bob", "eve"] {
        give_certificate(&adele, &holder(&stage.pki, name, &format!("{name}@smime.example"))).await.demand(201);
    }
    let to = |address: &str| json!([{"emailAddress": {"address": address}}]);
    let mut both = message("Two", &["AdeleV"]);
    both["toRecipients"] = to("bob@smime.example");
    both["bccRecipients"] = to("eve@smime.example");
    both["@restante.smime"] = "encrypt".into();
    let accepted = adele.send_json(&both).await.demand(202);
    let url = accepted.header("restante-delivery").unwrap();
    (adele, url.split_once("/v1.0").unwrap().1.to_owned())
}

async fn states(adele: &Person, path: &str) -> Vec<String> {
    let recipients = adele.get(path).await.demand(200).json()["recipients"].as_array().unwrap().clone();
    recipients.iter().map(|one| format!("{} {}", one["address"].as_str().unwrap(), one["state"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn the_queue_shows_it_as_one_and_takes_it_in_hand_as_one() {
    let stage = Stage::new("").await;
    let (adele, path) = sent(&stage).await;
    let queue = async |arguments: &[&str]| {
        let output = stage.server.restante(&[&["queue", "--json"], arguments].concat()).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let listed = queue(&["list"]).await;
    let of_bob = listed.as_array().unwrap().iter().find(|one| one["recipients"][0]["address"] == "bob@smime.example");
    let id = of_bob.expect("his is the one that the sender's copy is").clone()["id"].as_str().unwrap().to_owned();
    assert_eq!(queue(&["show", &id]).await["recipients"].as_array().unwrap().len(), 2);
    assert_eq!(queue(&["cancel", &id]).await["recipients"], 2);
    assert_eq!(states(&adele, &path).await, ["bob@smime.example cancelled", "eve@smime.example cancelled"]);
    assert_eq!(queue(&["list"]).await, json!([]));
    stage.server.finish().await;
}

/// A report names the message by its Message-ID, which all sorts have.
#[tokio::test]
async fn what_is_reported_of_somebody_hidden_is_told_too() {
    let peer = Peer::with(&EXTENSIONS, |_, _| Act::Usual).await;
    let relay = format!("[relay]\nhold = false\nsmarthost = \"{}\"\ntls = \"never\"\n", peer.address());
    let stage = Stage::with(Pki::new(), &relay, "").await;
    let (adele, path) = sent(&stage).await;
    until("both are relayed", async || states(&adele, &path).await.iter().all(|one| one.ends_with("relayed")).then_some(()))
        .await;
    let message_id = adele.sent().await[0]["internetMessageId"].as_str().unwrap().to_owned();
    let bounce = format!(
        "From: postmaster@smime.example\r\nTo: {}\r\nSubject: Returned mail\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; smime.example\r\n\r\n\
         Final-Recipient: rfc822; eve@smime.example\r\nAction: failed\r\nStatus: 5.2.1\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--b--\r\n",
        address("AdeleV")
    );
    let mut smtp = Smtp::connect(&stage.server).await;
    smtp.demand("EHLO mx.smime.example", 250).await;
    smtp.envelope("", &[address("AdeleV")]).await;
    smtp.data(bounce.as_bytes(), 250).await;
    assert_eq!(states(&adele, &path).await, ["bob@smime.example relayed", "eve@smime.example failed"]);
    stage.server.finish().await;
}
