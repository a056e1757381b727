//! Attachments that are spliced into a draft's octets, and out of them.

use super::{ODD, id, path};
use kit::{Server, base64, fields, letter};
use serde_json::{Value, json};

fn file(name: &str, octets: &[u8]) -> Value {
    json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": name, "contentType": "text/csv", "contentBytes": base64(octets)})
}

/// What was put in between two octets of `before`, if that is all that makes it `after`.
fn put_in<'o>(before: &[u8], after: &'o [u8]) -> &'o [u8] {
    let start = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let end = before[start..].iter().rev().zip(after[start..].iter().rev()).take_while(|(one, other)| one == other).count();
    assert_eq!(start + end, before.len(), "more than one place changed: {}", String::from_utf8_lossy(after));
    &after[start..after.len() - end]
}

#[tokio::test]
async fn an_attachment_is_one_part_put_in_and_taken_out() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(ODD).await;
    let octets = b"1,2\n3,4\r\n\xff\x00";
    let attachments = format!("{}/attachments", path(&draft));
    let added = adele.post_json(&attachments, &file("Zahlen ä.csv", octets)).await.demand(201).json();
    assert_eq!((&added["name"], &added["size"]), (&json!("Zahlen ä.csv"), &json!(octets.len())));
    let after = adele.value(id(&draft)).await;
    let part = String::from_utf8(put_in(ODD, &after).to_vec()).expect("a part that we make is text");
    assert!(part.contains("Content-Type: text/csv") && part.contains(&base64(octets)), "{part}");
    assert_eq!(part.matches("--=_odd").count(), 1, "one part: {part}");
    let listed = adele.get(&attachments).await.demand(200).json();
    let names: Vec<&str> = listed["value"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one.bin", "Zahlen ä.csv"]);
    let value = adele.get(&format!("{attachments}/{}/$value", added["id"].as_str().unwrap())).await.demand(200);
    assert_eq!((&value.body[..], value.header("content-type")), (&octets[..], Some("text/csv")));
    adele.delete(&format!("{attachments}/{}", added["id"].as_str().unwrap())).await.demand_empty(204);
    assert_eq!(adele.value(id(&draft)).await, ODD, "taken out, it leaves what was there before");
    let first = adele.get(&attachments).await.demand(200).json()["value"][0]["id"].as_str().unwrap().to_owned();
    adele.delete(&format!("{attachments}/{first}")).await.demand_empty(204);
    let without = adele.value(id(&draft)).await;
    let gone = String::from_utf8_lossy(put_in(&without, ODD)).into_owned();
    assert!(gone.contains("one.bin") && gone.matches("--=_odd").count() == 1, "{gone}");
    assert_eq!(adele.get(&path(&draft)).await.demand(200).json()["hasAttachments"], false);
    server.finish().await;
}

/// A message of one part becomes a multipart: its fields but those of its content stay, and its body's octets.
#[tokio::test]
async fn a_message_of_one_part_keeps_its_octets_within() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let body = "Grüße\n  and \r\n.\r\nFrom here";
    let octets = letter(
        &[("X-Keep", "  odd "), ("Subject", "One part"), ("Content-Type", "text/plain;\r\n charset=utf-8"), ("X-Last", "1")],
        body,
    );
    let draft = adele.draft(&octets).await;
    let attachments = format!("{}/attachments", path(&draft));
    let added = adele.post_json(&attachments, &file("a.csv", b"1")).await.demand(201).json();
    let after = adele.value(id(&draft)).await;
    assert!(String::from_utf8_lossy(&after).contains(body), "{}", String::from_utf8_lossy(&after));
    let others = |octets: &[u8]| {
        let fields = fields(octets).into_iter().filter(|field| !field.name.to_lowercase().starts_with("content-"));
        fields.filter(|field| !field.is("MIME-Version")).map(|field| field.lines).collect::<Vec<_>>()
    };
    assert_eq!(others(&after), others(&octets));
    let read = adele.get(&path(&draft)).await.demand(200).json();
    assert_eq!(read["body"], draft["body"], "the text is the text");
    assert_eq!((&read["hasAttachments"], &read["subject"]), (&json!(true), &draft["subject"]));
    adele.delete(&format!("{attachments}/{}", added["id"].as_str().unwrap())).await.demand_empty(204);
    let read = adele.get(&path(&draft)).await.demand(200).json();
    assert_eq!((&read["hasAttachments"], &read["body"]), (&json!(false), &draft["body"]));
    assert!(String::from_utf8_lossy(&adele.value(id(&draft)).await).contains(body));
    server.finish().await;
}

/// Clients list attachments once and then delete one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_names_the_same_file_when_others_come_and_go() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(ODD).await;
    let attachments = format!("{}/attachments", path(&draft));
    let added = (1..=6).map(|number| (adele.clone(), attachments.clone(), file(&format!("{number}.csv"), &[number])));
    let add =
        |(adele, path, file): (kit::Person, String, Value)| async move { adele.post_json(&path, &file).await.demand(201).json() };
    let mut added: Vec<Value> = kit::each(6, added, add).await;
    added.rotate_left(2);
    while let Some(first) = added.pop() {
        for other in &added {
            let found = adele.get(&format!("{attachments}/{}/$value", id(other))).await.demand(200);
            assert_eq!(base64(&found.body), other["contentBytes"].as_str().unwrap());
        }
        adele.delete(&format!("{attachments}/{}", id(&first))).await.demand_empty(204);
        adele.get(&format!("{attachments}/{}", id(&first))).await.demand_error(404, "ErrorItemNotFound");
    }
    assert_eq!(adele.value(id(&draft)).await, ODD);
    server.finish().await;
}
