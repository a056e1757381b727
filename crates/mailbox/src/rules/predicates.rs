//! When a rule acts (Graph: messageRulePredicates).

use super::letter::Letter;
use crate::compose::Importance;
use serde::{Deserialize, Serialize};
use store::Recipient;

/// What must hold of a message: all that is given. Of a list one is enough. Texts are found in any case of letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Predicates {
    /// Texts of its body.
    pub body_contains: Vec<String>,
    /// Texts of its body or subject.
    pub body_or_subject_contains: Vec<String>,
    /// Categories that its header names.
    pub categories: Vec<String>,
    /// Authors.
    pub from_addresses: Vec<Recipient>,
    /// Whether it has attachments.
    pub has_attachments: Option<bool>,
    /// Texts of its header, fields by name and text.
    pub header_contains: Vec<String>,
    /// Its importance.
    pub importance: Option<Importance>,
    /// Whether it asks for an approval.
    pub is_approval_request: Option<bool>,
    /// Whether a rule or a program sent it on.
    pub is_automatic_forward: Option<bool>,
    /// Whether a program answered by it (RFC 3834).
    pub is_automatic_reply: Option<bool>,
    /// Whether it is encrypted.
    pub is_encrypted: Option<bool>,
    /// Whether it is an invitation (RFC 5546: REQUEST).
    pub is_meeting_request: Option<bool>,
    /// Whether it answers one (RFC 5546: REPLY).
    pub is_meeting_response: Option<bool>,
    /// Whether it tells that a message wasn't delivered (RFC 3464).
    pub is_non_delivery_report: Option<bool>,
    /// Whether what may be done with it is restricted (MS-OXORMMS).
    pub is_permission_controlled: Option<bool>,
    /// Whether it tells that a message was read (RFC 8098).
    pub is_read_receipt: Option<bool>,
    /// Whether it is signed.
    pub is_signed: Option<bool>,
    /// Whether somebody left it by voice (RFC 3801, RFC 3458).
    pub is_voicemail: Option<bool>,
    /// What its sender flagged it for.
    pub message_action_flag: Option<MessageActionFlag>,
    /// Whether neither To nor Cc names the owner.
    pub not_sent_to_me: Option<bool>,
    /// Texts of a name or an address of To or Cc.
    pub recipient_contains: Vec<String>,
    /// Texts of a name or an address of From.
    pub sender_contains: Vec<String>,
    /// Its sensitivity.
    pub sensitivity: Option<Sensitivity>,
    /// Whether Cc names the owner.
    pub sent_cc_me: Option<bool>,
    /// Whether the owner is the only one whom it names.
    pub sent_only_to_me: Option<bool>,
    /// Addresses of To or Cc.
    pub sent_to_addresses: Vec<Recipient>,
    /// Whether To names the owner.
    pub sent_to_me: Option<bool>,
    /// Whether To or Cc names the owner.
    pub sent_to_or_cc_me: Option<bool>,
    /// Texts of its subject.
    pub subject_contains: Vec<String>,
    /// How large it is.
    pub within_size_range: Option<SizeRange>,
}

/// Sensitivity (RFC 2156 §5.3.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    /// It has none.
    #[default]
    Normal,
    /// Personal
    Personal,
    /// Private
    Private,
    /// Company-Confidential
    Confidential,
}

/// What a sender flags a message for (Graph: messageActionFlag); mail programs write it into `X-Message-Flag`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MessageActionFlag {
    /// Any of them, or another one
    Any,
    /// To call
    Call,
    /// Not to forward it
    DoNotForward,
    /// To follow it up
    FollowUp,
    /// To know it
    Fyi,
    /// To forward it
    Forward,
    /// That no answer is needed
    NoResponseNecessary,
    /// To read it
    Read,
    /// To reply
    Reply,
    /// To reply to all
    ReplyToAll,
    /// To review it
    Review,
}

/// Sizes in units of 1024 octets, both ends within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeRange {
    /// At least.
    pub minimum: Option<i32>,
    /// At most.
    pub maximum: Option<i32>,
}

impl SizeRange {
    fn holds(self, octets: usize) -> bool {
        let kib = |size: i32| u64::try_from(size).unwrap_or_default().saturating_mul(1024);
        let octets = octets as u64;
        self.minimum.is_none_or(|least| kib(least) <= octets) && self.maximum.is_none_or(|most| octets <= kib(most))
    }
}

impl Predicates {
    /// How many texts and people are looked for.
    pub(super) fn texts(&self) -> usize {
        let texts = [
            &self.body_contains,
            &self.body_or_subject_contains,
            &self.categories,
            &self.header_contains,
            &self.recipient_contains,
            &self.sender_contains,
            &self.subject_contains,
        ];
        texts.iter().map(|list| list.len()).sum::<usize>() + self.from_addresses.len() + self.sent_to_addresses.len()
    }

    /// Whether all that is given holds; true where nothing is.
    pub(super) fn hold(&self, letter: &Letter<'_>) -> bool {
        self.each(letter).flatten().all(|holds| holds)
    }

    /// Whether something is given that holds.
    pub(super) fn any_holds(&self, letter: &Letter<'_>) -> bool {
        self.each(letter).flatten().any(|holds| holds)
    }

    /// Whether each holds, as far as it is given; what is asked of the text comes last.
    fn each<'p>(&'p self, letter: &'p Letter<'p>) -> impl Iterator<Item = Option<bool>> + 'p {
        self.of_shape(letter).into_iter().chain(self.of_people(letter)).chain(self.of_text(letter))
    }

    fn of_shape(&self, letter: &Letter<'_>) -> [Option<bool>; 16] {
        [
            is(self.has_attachments, || letter.has_attachments()),
            is(self.is_approval_request, || letter.is_approval_request()),
            is(self.is_automatic_forward, || letter.is_automatic_forward()),
            is(self.is_automatic_reply, || letter.is_automatic_reply()),
            is(self.is_encrypted, || letter.is_encrypted()),
            is(self.is_meeting_request, || letter.is_meeting_request()),
            is(self.is_meeting_response, || letter.is_meeting_response()),
            is(self.is_non_delivery_report, || letter.is_non_delivery_report()),
            is(self.is_permission_controlled, || letter.is_permission_controlled()),
            is(self.is_read_receipt, || letter.is_read_receipt()),
            is(self.is_signed, || letter.is_signed()),
            is(self.is_voicemail, || letter.is_voicemail()),
            self.importance.map(|wanted| letter.importance() == wanted),
            self.message_action_flag.map(|flag| letter.is_flagged_for(flag)),
            self.sensitivity.map(|wanted| letter.sensitivity() == wanted),
            self.within_size_range.map(|range| range.holds(letter.octets())),
        ]
    }

    fn of_people(&self, letter: &Letter<'_>) -> [Option<bool>; 9] {
        [
            is(self.not_sent_to_me, || !letter.names_owner_in(true, true)),
            is(self.sent_cc_me, || letter.names_owner_in(false, true)),
            is(self.sent_only_to_me, || letter.names_owner_alone()),
            is(self.sent_to_me, || letter.names_owner_in(true, false)),
            is(self.sent_to_or_cc_me, || letter.names_owner_in(true, true)),
            one_of(&self.from_addresses, |wanted| letter.is_from(wanted)),
            one_of(&self.recipient_contains, |text| letter.recipient_contains(text)),
            one_of(&self.sender_contains, |text| letter.sender_contains(text)),
            one_of(&self.sent_to_addresses, |wanted| letter.is_to(wanted)),
        ]
    }

    fn of_text(&self, letter: &Letter<'_>) -> [Option<bool>; 5] {
        [
            one_of(&self.categories, |wanted| letter.has_category(wanted)),
            one_of(&self.subject_contains, |text| letter.subject_contains(text)),
            one_of(&self.header_contains, |text| letter.header_contains(text)),
            one_of(&self.body_or_subject_contains, |text| letter.subject_contains(text) || letter.body_contains(text)),
            one_of(&self.body_contains, |text| letter.body_contains(text)),
        ]
    }
}

/// Whether something is as it is wanted; nothing where nothing is.
fn is(wanted: Option<bool>, is_so: impl FnOnce() -> bool) -> Option<bool> {
    wanted.map(|wanted| wanted == is_so())
}

fn one_of<T>(wanted: &[T], holds: impl Fn(&T) -> bool) -> Option<bool> {
    (!wanted.is_empty()).then(|| wanted.iter().any(holds))
}
