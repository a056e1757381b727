//! The messages that are answered: each has a past and a Reply-To, and stands in Alex's mailbox.

use super::road::{Folders, Place};
use kit::{Server, base64, decode_base64, recipients};
use serde_json::{Value, json};

/// A file that a forward must carry.
pub const FILE: &[u8] = b"one\x00two\xff\r\nthree";
/// Text that a composed answer must quote.
pub const TEXT: &str = "What do you think of <this> & that?";

/// A message that Adele sent to Alex.
#[derive(Debug, Clone)]
pub struct Original {
    /// In Alex's mailbox
    pub id: String,
    pub subject: String,
    pub message_id: String,
    /// In Alex's mailbox
    pub conversation: String,
    /// In Adele's mailbox
    pub senders_conversation: String,
    pub index: Vec<u8>,
}

impl Original {
    /// Sends it, and puts Alex's copy into the place.
    pub async fn send(server: &Server, folders: &Folders, place: Place) -> Original {
        let adele = server.person("AdeleV");
        let subject = format!("Re: Plans for the {place:?}");
        let message_id = format!("<original.{place:?}@tests.contoso.com>");
        let octets = octets(&subject, &message_id, &base64(&index()));
        let sent = adele.send_mime(&octets).await.demand(202);
        let sent = adele.get(sent.header("location").unwrap()).await.demand(200).json();
        let mut message = folders.alex.arrived(&subject).await;
        if place != Place::Mailbox {
            let path = format!("messages/{}/move", message["id"].as_str().unwrap());
            let to = json!({"destinationId": folders.id(place)});
            message = folders.alex.post_json(&path, &to).await.demand(201).json();
        }
        let text = |message: &Value, name: &str| message[name].as_str().unwrap().to_owned();
        assert_eq!(decode_base64(&text(&message, "conversationIndex")), index(), "Thread-Index is the conversationIndex");
        Original {
            id: text(&message, "id"),
            conversation: text(&message, "conversationId"),
            senders_conversation: text(&sent, "conversationId"),
            subject,
            message_id,
            index: index(),
        }
    }

    /// What the References field of an answer must say.
    pub fn references(&self) -> String {
        format!("<root@tests.contoso.com> <second@tests.contoso.com> {}", self.message_id)
    }
}

/// The index of a first message and one answer (MS-OXOMSG 2.2.1.3).
fn index() -> Vec<u8> {
    [&[1, 0xdc, 0x5d, 0, 0, 0][..], &[7; 16], &[0, 0, 1, 2, 3]].concat()
}

fn octets(subject: &str, message_id: &str, index: &str) -> Vec<u8> {
    format!(
        "From: Adele Vance <AdeleV@contoso.com>\r\n\
         Reply-To: Christie Cline <ChristieC@contoso.com>\r\n\
         To: alexw@CONTOSO.com, Outside <outside@fabrikam.example>\r\n\
         Cc: Megan Bowen <MeganB@contoso.com>\r\n\
         Subject: {subject}\r\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0100\r\n\
         Message-ID: {message_id}\r\n\
         In-Reply-To: <second@tests.contoso.com>\r\n\
         References: <root@tests.contoso.com>\r\n <second@tests.contoso.com>\r\n\
         Thread-Topic: Plans of old\r\n\
         Thread-Index: {index}\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\
         \r\n\
         --b\r\n\
         Content-Type: text/plain\r\n\
         \r\n\
         {TEXT}\r\n\
         --b\r\n\
         Content-Type: application/octet-stream\r\n\
         Content-Disposition: attachment; filename=notes.bin\r\n\
         Content-Transfer-Encoding: base64\r\n\
         \r\n\
         {}\r\n\
         --b--\r\n",
        base64(FILE)
    )
    .into_bytes()
}

/// What a client posts as JSON to answer: its own words, and for a forward to whom it goes.
pub fn answer_in_json(action: &str, comment: &str) -> Value {
    match action {
        "forward" | "createForward" => json!({"Comment": comment, "ToRecipients": recipients(&["ChristieC"])}),
        _ => json!({"comment": comment}),
    }
}
