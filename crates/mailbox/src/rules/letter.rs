//! What rules look at: a message that arrives, in the mailbox of its owner.

use super::predicates::{MessageActionFlag, Sensitivity};
use super::running::Coming;
use crate::compose::Importance;
use crate::index::{Reading, folded};
use crate::meeting::MeetingMessageType;
use crate::opened::enclosed;
use mime::{Message, Part};
use smime::Kind;
use std::cell::OnceCell;
use store::Recipient;

/// Octets of the body that texts are looked for in.
const MOST_BODY: usize = 1024 * 1024;
/// People of a field that are looked at: nobody writes to more (Graph: at most 500), and a header has room for a million.
const MOST_PEOPLE: usize = 1000;
/// Octets of a report that its outcome is looked for in.
const MOST_REPORT: usize = 256 * 1024;
/// Who has sent a message on by a rule of his, one field each; as Exchange writes it.
pub(super) const LOOP: &str = "X-MS-Exchange-Inbox-Rules-Loop";

/// A message, and whose mailbox it arrives in.
pub(super) struct Letter<'l> {
    coming: &'l Coming,
    message: &'l Message,
    reading: &'l Reading,
    /// All addresses of the owner, in lower case.
    own: &'l [String],
    from: Vec<Person>,
    to: Vec<Person>,
    cc: Vec<Person>,
    header: OnceCell<String>,
    body: OnceCell<String>,
}

impl<'l> Letter<'l> {
    pub(super) fn new(coming: &'l Coming, own: &'l [String]) -> Letter<'l> {
        let Coming { message, reading, .. } = coming;
        let [from, to, cc] = [&reading.from, &reading.to, &reading.cc].map(|list| people(list));
        Letter { coming, message, reading, own, from, to, cc, header: OnceCell::new(), body: OnceCell::new() }
    }

    pub(super) fn octets(&self) -> usize {
        self.message.octets().len()
    }

    pub(super) fn has_attachments(&self) -> bool {
        self.reading.has_attachments
    }

    pub(super) fn importance(&self) -> Importance {
        self.reading.importance
    }

    pub(super) fn has_category(&self, wanted: &str) -> bool {
        self.reading.keywords.iter().any(|one| one.to_lowercase() == wanted.to_lowercase())
    }

    pub(super) fn is_from(&self, wanted: &Recipient) -> bool {
        let wanted = folded(wanted);
        self.from.iter().any(|author| author.address == wanted)
    }

    pub(super) fn is_to(&self, wanted: &Recipient) -> bool {
        let wanted = folded(wanted);
        self.to.iter().chain(&self.cc).any(|named| named.address == wanted)
    }

    pub(super) fn sender_contains(&self, text: &str) -> bool {
        contains(self.from.iter(), text)
    }

    pub(super) fn recipient_contains(&self, text: &str) -> bool {
        contains(self.to.iter().chain(&self.cc), text)
    }

    pub(super) fn subject_contains(&self, text: &str) -> bool {
        self.reading.subject.to_lowercase().contains(&text.to_lowercase())
    }

    pub(super) fn body_contains(&self, text: &str) -> bool {
        self.body.get_or_init(|| body_text(self.message)).contains(&text.to_lowercase())
    }

    pub(super) fn header_contains(&self, text: &str) -> bool {
        let lines = || self.fields().map(|(name, text)| format!("{name}: {text}\n")).collect::<String>().to_lowercase();
        self.header.get_or_init(lines).contains(&text.to_lowercase())
    }

    /// Whether To, or Cc, names the owner by one of his addresses.
    pub(super) fn names_owner_in(&self, to: bool, cc: bool) -> bool {
        let is_own = |named: &Person| is_among(self.own, &named.address);
        to && self.to.iter().any(is_own) || cc && self.cc.iter().any(is_own)
    }

    pub(super) fn names_owner_alone(&self) -> bool {
        self.to.len() == 1 && self.cc.is_empty() && self.names_owner_in(true, false)
    }

    /// RFC 3834 §2: neither a program nor a list, as far as the header tells.
    pub(super) fn is_by_a_person(&self) -> bool {
        let automation = &self.reading.automation;
        !automation.is_for_many() && !automation.is_answer()
    }

    /// MS-OXCMAIL §2.2.3.2.14: which answers of programs its sender doesn't want.
    pub(super) fn wants_no_reply(&self) -> bool {
        let suppressed = self.field("X-Auto-Response-Suppress").unwrap_or_default().to_ascii_lowercase();
        suppressed.split([',', ';', ' ']).any(|word| ["all", "autoreply", "oof"].contains(&word))
    }

    /// A program that answers says so (RFC 3834 §5); reports are something else.
    pub(super) fn is_automatic_reply(&self) -> bool {
        self.submitted("auto-replied") && !self.reading.automation.is_report
    }

    pub(super) fn is_automatic_forward(&self) -> bool {
        let is_marked = self.field("Autoforwarded").is_some_and(|text| text.trim().eq_ignore_ascii_case("true")); // RFC 2156 §2.3.1.1
        is_marked || self.field(LOOP).is_some() || self.submitted("auto-forwarded")
    }

    pub(super) fn is_encrypted(&self) -> bool {
        let outermost = smime::outermost(self.message);
        matches!(outermost, Some(Kind::Enveloped | Kind::AuthEnveloped)) || self.is("multipart/encrypted")
    }

    pub(super) fn is_signed(&self) -> bool {
        matches!(smime::outermost(self.message), Some(Kind::Clear | Kind::Opaque)) || self.is("multipart/signed")
    }

    pub(super) fn is_meeting_request(&self) -> bool {
        self.meeting().is_some_and(|kind| kind == MeetingMessageType::MeetingRequest)
    }

    pub(super) fn is_meeting_response(&self) -> bool {
        self.meeting().is_some_and(MeetingMessageType::is_response)
    }

    pub(super) fn is_non_delivery_report(&self) -> bool {
        let is_told = |part: &Part| part.media_type.essence == "message/delivery-status" && self.tells_failure(part);
        self.report_type().is_some_and(|kind| kind == "delivery-status") && self.message.parts().iter().any(is_told)
    }

    pub(super) fn is_read_receipt(&self) -> bool {
        self.report_type().is_some_and(|kind| kind == "disposition-notification")
    }

    /// MS-OXORMMS §2.1.1: its Content-Class says so, and all of it is in one attachment.
    pub(super) fn is_permission_controlled(&self) -> bool {
        let class = self.field("Content-Class").unwrap_or_default();
        class.trim().eq_ignore_ascii_case("rpmsg.message") || self.has_part("application/x-microsoft-rpmsg-message")
    }

    /// Whoever approves is asked by a message of its own class, which no header tells: it is never so here.
    pub(super) fn is_approval_request(&self) -> bool {
        false
    }

    pub(super) fn is_voicemail(&self) -> bool {
        let context = self.field("Message-Context").unwrap_or_default(); // RFC 3458 §4
        context.trim().eq_ignore_ascii_case("voice-message") || self.is("multipart/voice-message")
    }

    pub(super) fn sensitivity(&self) -> Sensitivity {
        match self.field("Sensitivity").unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "personal" => Sensitivity::Personal,
            "private" => Sensitivity::Private,
            "company-confidential" => Sensitivity::Confidential,
            _ => Sensitivity::Normal,
        }
    }

    pub(super) fn is_flagged_for(&self, flag: MessageActionFlag) -> bool {
        let Some(text) = self.field("X-Message-Flag") else { return false };
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let word = match flag {
            MessageActionFlag::Any => return true,
            MessageActionFlag::Call => "Call",
            MessageActionFlag::DoNotForward => "Do not Forward",
            MessageActionFlag::FollowUp => "Follow up",
            MessageActionFlag::Fyi => "For Your Information",
            MessageActionFlag::Forward => "Forward",
            MessageActionFlag::NoResponseNecessary => "No Response Necessary",
            MessageActionFlag::Read => "Read",
            MessageActionFlag::Reply => "Reply",
            MessageActionFlag::ReplyToAll => "Reply to All",
            MessageActionFlag::Review => "Review",
        };
        let said = letters(&text);
        said == letters(word) || flag == MessageActionFlag::Fyi && said == "fyi"
    }

    /// Who has sent it on by a rule, in lower case.
    pub(super) fn sent_on_by(&self) -> Vec<String> {
        self.fields().filter(|(name, _)| name.eq_ignore_ascii_case(LOOP)).map(|(_, text)| text.trim().to_lowercase()).collect()
    }

    /// RFC 3834 §5
    fn submitted(&self, how: &str) -> bool {
        self.reading.automation.submitted.as_deref() == Some(how)
    }

    fn report_type(&self) -> Option<String> {
        let root = self.message.parts().first().filter(|root| root.media_type.essence == "multipart/report")?;
        Some(self.message.parameter(root, "report-type")?.to_ascii_lowercase())
    }

    /// RFC 3464 §2.3.3
    fn tells_failure(&self, part: &Part) -> bool {
        let text = self.message.decoded_text(part, MOST_REPORT).to_ascii_lowercase();
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.any(|(name, value)| name.trim() == "action" && value.trim() == "failed")
    }

    fn meeting(&self) -> Option<MeetingMessageType> {
        self.reading.meeting.as_ref().map(|meeting| meeting.message_type)
    }

    fn is(&self, essence: &str) -> bool {
        self.message.parts().first().is_some_and(|root| root.media_type.essence == essence)
    }

    fn has_part(&self, essence: &str) -> bool {
        self.message.parts().iter().any(|part| part.media_type.essence == essence)
    }

    fn field(&self, name: &str) -> Option<String> {
        self.coming.before.text(name).or_else(|| self.message.text(name))
    }

    fn fields(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let fields = self.coming.before.fields().chain(self.message.fields());
        let shown = fields.filter(|field| !(self.coming.hides_bcc && field.is("Bcc")));
        shown.map(|field| (field.name.to_owned(), field.text()))
    }
}

/// Somebody whom a field names, in lower case.
struct Person {
    name: String,
    address: String,
}

fn people(list: &[Recipient]) -> Vec<Person> {
    let lower = |one: &Recipient| Person { name: one.name.to_lowercase(), address: folded(one) };
    list.iter().take(MOST_PEOPLE).map(lower).collect()
}

/// Whether an address is one of these, as it stands or without its detail (RFC 5233 §1); all in lower case.
pub(super) fn is_among(own: &[String], address: &str) -> bool {
    let without_detail = || {
        let (local, domain) = address.rsplit_once('@')?;
        let (user, _) = local.split_once('+')?;
        Some(format!("{user}@{domain}"))
    };
    own.iter().any(|one| one == address) || without_detail().is_some_and(|plain| own.contains(&plain))
}

fn contains<'p>(mut people: impl Iterator<Item = &'p Person>, text: &str) -> bool {
    let text = text.to_lowercase();
    people.any(|one| one.name.contains(&text) || one.address.contains(&text))
}

/// The text of a body in lower case, as somebody reads it.
fn body_text(message: &Message) -> String {
    let within = enclosed(message, &[]);
    within.as_ref().unwrap_or(message).text_body_within(MOST_BODY).to_lowercase()
}
