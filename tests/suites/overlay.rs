//! What a PATCH does to a message of MIME: most of it stands beside the octets; header fields are spliced; the rest is
//! refused.

mod attachments;
mod beside;
mod fields;
mod refused;
mod together;

use kit::{Person, Server, address};
use serde_json::Value;

/// A message as a client writes it, with whatever can be lost by writing it again: odd case and spacing, fields twice,
/// octets over 127, both line ends in the body.
const ODD: &[u8] = b"X-First:  kept \r\n\
    fRoM: \"Vance, Adele\"\r\n <AdeleV@contoso.com>\r\n\
    Comments: 8 bits \xe4\xff\r\n\
    TO: Alex Wilber <AlexW@contoso.com>\r\n\
    Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\n\
    \tfolded\r\n\
    X-First: again\r\n\
    Bcc: MeganB@contoso.com\r\n\
    Message-ID: <odd@tests.contoso.com>\r\n\
    Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"=_odd\"\r\n\
    \r\n\
    Preamble, kept\n\
    --=_odd\r\n\
    Content-Type: text/plain; charset=iso-8859-1\r\n\
    \r\n\
    Gr\xf6\xdfe\n\
    and \n\
    \r\n\
    --=_odd\r\n\
    Content-Type: application/octet-stream; name=\"one.bin\"\r\n\
    Content-Disposition: attachment\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    QUJD\n\
    --=_odd--  \r\n\
    Epilogue, kept";

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

fn path(message: &Value) -> String {
    format!("messages/{}", id(message))
}

/// A draft, a sent and a received message of the odd octets.
async fn three(server: &Server) -> [(&'static str, Person, Value); 3] {
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let sent = adele.send_mime(ODD).await.demand(202);
    let sent = adele.get(sent.header("location").unwrap()).await.demand(200).json();
    let received = alex.arrived("Größe folded").await;
    let received = alex.get(&path(&received)).await.demand(200).json();
    let draft = adele.draft(ODD).await;
    [("draft", adele.clone(), draft), ("sent", adele, sent), ("received", alex, received)]
}

/// The same message without what every write changes.
fn without_marks(message: &Value) -> Value {
    let mut message = message.clone();
    for name in ["@odata.etag", "changeKey", "lastModifiedDateTime"] {
        message.as_object_mut().unwrap().remove(name);
    }
    message
}

fn recipient(name: &str) -> Value {
    serde_json::json!({"emailAddress": {"address": address(name), "name": address(name)}})
}
