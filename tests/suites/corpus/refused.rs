//! Files that can be kept but not sent: their To, Cc or Bcc names somebody whom no mail can reach.

use super::Run;
use kit::aloud;

/// Why: what a message goes to is `Local-part "@" Domain`.
const CLAUSE: &str = "RFC 5321 §4.1.2";

/// The files, and the recipient that is no such thing.
const REFUSED: [(&str, &str); 15] = [
    ("mime/cpython/msg_05.eml", "baz"),
    ("mime/cpython/msg_15.eml", "XX"),
    ("mime/mail-parser/001~8aaf87.eml", "Someone"),
    ("mime/mail-parser/004~e25ebb.eml", "Recipient-List"),
    (IN_BCC, "Array"),
    ("mime/mikel/missing_body.eml", "Undisclosed-Recipient:@mailman.enron.com,"),
    ("mime/mime4j/basic-plain-with-bad-header-separator.eml", "localrecipient"),
    ("mime/mime4j/bluedot-postcard.eml", "noone"),
    ("mime/mime4j/re-fwd.eml", "user0"),
    ("mime/mimekit/content-length.mbox-27.eml", "no To-header on input"),
    ("mime/mimekit/delivery-status-no-blank-line.eml", "no To-header on input"),
    ("mime/mimekit/delivery-status.eml", "no To-header on input"),
    ("mime/mimekit/stack-overflow.eml", "date>2017-08-20T10:08:28.617"),
    ("mime/sisimai/lhost-sendmail-57.eml", "postmaster"),
    ("mime/sisimai/make-test-01.eml", "postmaster"),
];

/// The file whose Bcc is at fault: it can be sent where other recipients stand beside it instead.
const IN_BCC: &str = "mime/mikel/content_transfer_encoding_empty.eml";

/// Demands that exactly the listed files are refused, for the listed recipient, when they are to be sent; and that they
/// are few. Prints them.
pub fn demand_listed(runs: &[Run]) {
    let mut others = Vec::new();
    for run in runs {
        let listed = REFUSED.iter().find(|(name, _)| *name == run.file.name);
        let roads: Vec<&str> = run.refused.iter().map(|refusal| refusal.road).collect();
        let wanted: &[&str] = match listed {
            None => &[],
            Some((IN_BCC, _)) => &["replied with"],
            Some(_) => &["sent", "replied with"],
        };
        let for_its_recipient = |answer: &str| listed.is_some_and(|(_, named)| answer.contains(&format!("\\\"{named}")));
        let as_listed =
            run.refused.iter().all(|one| one.answer.contains("ErrorInvalidRecipients") && for_its_recipient(&one.answer));
        if roads != wanted || !as_listed {
            others.push(format!("{}: {:?}", run.file.name, run.refused));
        }
        if let Some((name, named)) = listed {
            aloud(&format!("corpus:   kept, and refused when it is to be sent: {name}: {named:?} ({CLAUSE})"));
        }
    }
    assert!(others.is_empty(), "refused otherwise than listed:\n{}", others.join("\n"));
    assert!(REFUSED.len() * 50 <= runs.len(), "at most one file in fifty may be refused");
}

/// What is refused and why, for the document.
pub fn listed() -> String {
    let files = REFUSED.iter().map(|(name, named)| format!("- `{name}`: `{named}`"));
    format!(
        "Kept on every road, and refused when they are to be sent ({CLAUSE}: a path is `Local-part \"@\" Domain`):\n\n{}",
        files.collect::<Vec<_>>().join("\n")
    )
}
