//! The samples of Microsoft's MIME page through all eight actions, exactly as they are printed there.

use kit::{Person, Server, address, base64, plain, shared};
use serde_json::Value;

/// The body of a request, and the octets that it stands for.
struct Sample {
    name: &'static str,
    body: Vec<u8>,
    octets: Vec<u8>,
}

fn samples() -> Option<[Sample; 3]> {
    let (body, decoded) = (shared("seed/sample.b64")?, shared("seed/sample-decoded.eml")?);
    let (odd, part) = (shared("seed/sample-plain.eml")?, shared("seed/sample-attachment-part.txt")?);
    let with_part = [odd.as_slice(), &part].concat();
    let as_base64 = |octets: &[u8]| base64(octets).into_bytes();
    Some([
        Sample { name: "sample.b64", body, octets: decoded },
        Sample { name: "sample-plain", body: as_base64(&odd), octets: odd },
        Sample { name: "sample-plain with its attachment", body: as_base64(&with_part), octets: with_part },
    ])
}

#[tokio::test]
async fn the_samples_pass_all_eight_actions() {
    let Some(samples) = samples() else { return };
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    server.person("MeganB").send_mime(&plain("MeganB", &["AdeleV"], "To be answered")).await.demand(202);
    let original = adele.arrived("To be answered").await;
    let answered = format!("messages/{}", original["id"].as_str().unwrap());
    for sample in &samples {
        sent(&server, &adele, sample, "sendMail", &[]).await;
        drafted(&adele, sample, "messages").await;
        for (send, create) in [("reply", "createReply"), ("replyAll", "createReplyAll")] {
            sent(&server, &adele, sample, &format!("{answered}/{send}"), &["MeganB"]).await;
            let draft = drafted(&adele, sample, &format!("{answered}/{create}")).await;
            demand_recipients(&draft, &["MeganB", "AlexW"], &["ChristieC"]);
            assert_eq!(draft["conversationId"], original["conversationId"], "{}", sample.name);
        }
        sent(&server, &adele, sample, &format!("{answered}/forward"), &[]).await;
        let draft = drafted(&adele, sample, &format!("{answered}/createForward")).await;
        demand_recipients(&draft, &["AlexW"], &["ChristieC"]);
    }
    server.finish().await;
}

/// Posts a sample to an action that sends: To and Cc of the sample get it, and those to whom the action adds it.
async fn sent(server: &Server, adele: &Person, sample: &Sample, path: &str, added: &[&str]) {
    let expected: Vec<&str> = ["AlexW", "ChristieC"].iter().chain(added).copied().collect();
    let mut before = Vec::new();
    for name in kit::PEOPLE {
        before.push((name, server.person(name).inbox().await.len()));
    }
    let answer = adele.post(path, "text/plain", sample.body.clone()).await;
    let location = answer.header("location").expect("a 202 names the sender's copy").to_owned();
    answer.demand_empty(202);
    let copy = adele.get(&location).await.demand(200).json();
    assert_eq!(adele.value(copy["id"].as_str().unwrap()).await, sample.octets, "{} by {path}", sample.name);
    for (name, count) in before {
        let more = usize::from(expected.contains(&name));
        let person = server.person(name);
        let inbox = kit::until("the sample arrives", async || {
            let inbox = person.inbox().await;
            (inbox.len() >= count + more).then_some(inbox)
        })
        .await;
        assert_eq!(inbox.len(), count + more, "{name} by {path}");
        if more == 1 {
            let delivered = person.value(inbox[0]["id"].as_str().unwrap()).await;
            assert!(delivered.ends_with(&sample.octets), "{name} got other octets of {} by {path}", sample.name);
        }
    }
}

/// Posts a sample to an action that makes a draft.
async fn drafted(adele: &Person, sample: &Sample, path: &str) -> Value {
    let draft = adele.post(path, "text/plain", sample.body.clone()).await.demand(201).json();
    assert_eq!(draft["isDraft"], true);
    assert_eq!(adele.value(draft["id"].as_str().unwrap()).await, sample.octets, "{} by {path}", sample.name);
    draft
}

/// In whatever order: those of the header and those whom the action adds.
#[track_caller]
fn demand_recipients(message: &Value, to: &[&str], cc: &[&str]) {
    for (list, wanted) in [("toRecipients", to), ("ccRecipients", cc)] {
        let listed = message[list].as_array().unwrap().iter();
        let mut found: Vec<&str> = listed.map(|one| one["emailAddress"]["address"].as_str().unwrap()).collect();
        let mut wanted: Vec<String> = wanted.iter().map(|name| address(name)).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{list}");
    }
}
