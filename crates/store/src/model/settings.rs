//! What a mailbox is set to (Graph: mailboxSettings).

use crate::clock::Timestamp;

/// What somebody has set, or sets now; nothing where nobody has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailboxSettings {
    /// A name of Windows or of IANA, as it was given.
    pub time_zone: Option<String>,
    /// The language, as RFC 5646 names it.
    pub locale: Option<String>,
    /// How a date is written, as .NET has it.
    pub date_format: Option<String>,
    /// How a time is written, as .NET has it.
    pub time_format: Option<String>,
    /// Who gets what comes about meetings.
    pub delegate_meeting_message_delivery_options: Option<String>,
    /// The days that are worked on.
    pub days_of_week: Option<Vec<String>>,
    /// When work begins: `hh:mm:ss.fffffff`, so that an earlier time is a lesser text.
    pub start_time: Option<String>,
    /// When it ends.
    pub end_time: Option<String>,
    /// The zone of these times: JSON, as it is shown.
    pub working_hours_time_zone: Option<String>,
    /// Whether automatic replies are sent.
    pub automatic_replies_status: Option<AutomaticRepliesStatus>,
    /// To whom outside they are sent.
    pub external_audience: Option<ExternalAudience>,
    /// What people of the own domain are told, in HTML.
    pub internal_reply_message: Option<String>,
    /// What others are told, in HTML.
    pub external_reply_message: Option<String>,
    /// Since when scheduled replies are sent.
    pub scheduled_start_date_time: Option<Timestamp>,
    /// Until when.
    pub scheduled_end_date_time: Option<Timestamp>,
    /// How often automatic replies were switched on or rescheduled: within one such period nobody gets two.
    pub automatic_replies_period: i64,
}

impl MailboxSettings {
    /// These, with what a change sets in the place of what was. The period is no matter of a change.
    #[must_use]
    pub fn with(self, change: MailboxSettings) -> MailboxSettings {
        let delegates = change.delegate_meeting_message_delivery_options;
        MailboxSettings {
            time_zone: change.time_zone.or(self.time_zone),
            locale: change.locale.or(self.locale),
            date_format: change.date_format.or(self.date_format),
            time_format: change.time_format.or(self.time_format),
            delegate_meeting_message_delivery_options: delegates.or(self.delegate_meeting_message_delivery_options),
            days_of_week: change.days_of_week.or(self.days_of_week),
            start_time: change.start_time.or(self.start_time),
            end_time: change.end_time.or(self.end_time),
            working_hours_time_zone: change.working_hours_time_zone.or(self.working_hours_time_zone),
            automatic_replies_status: change.automatic_replies_status.or(self.automatic_replies_status),
            external_audience: change.external_audience.or(self.external_audience),
            internal_reply_message: change.internal_reply_message.or(self.internal_reply_message),
            external_reply_message: change.external_reply_message.or(self.external_reply_message),
            scheduled_start_date_time: change.scheduled_start_date_time.or(self.scheduled_start_date_time),
            scheduled_end_date_time: change.scheduled_end_date_time.or(self.scheduled_end_date_time),
            automatic_replies_period: self.automatic_replies_period,
        }
    }
}

/// Whether automatic replies are sent (Graph: automaticRepliesStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutomaticRepliesStatus {
    /// Always
    AlwaysEnabled,
    /// Never
    Disabled,
    /// Between two moments
    Scheduled,
}

/// To whom outside of the own domain automatic replies are sent (Graph: externalAudienceScope).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalAudience {
    /// To everybody
    All,
    /// To those whom the owner knows
    ContactsOnly,
    /// To nobody
    None,
}

impl AutomaticRepliesStatus {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, AutomaticRepliesStatus); 3] = [
        ("disabled", AutomaticRepliesStatus::Disabled),
        ("alwaysEnabled", AutomaticRepliesStatus::AlwaysEnabled),
        ("scheduled", AutomaticRepliesStatus::Scheduled),
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        AutomaticRepliesStatus::WORDS.iter().find(|(_, one)| *one == self).map_or("disabled", |(word, _)| word)
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<AutomaticRepliesStatus> {
        AutomaticRepliesStatus::WORDS.iter().find(|(known, _)| *known == word).map(|(_, one)| *one)
    }
}

impl ExternalAudience {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, ExternalAudience); 3] =
        [("none", ExternalAudience::None), ("contactsOnly", ExternalAudience::ContactsOnly), ("all", ExternalAudience::All)];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        ExternalAudience::WORDS.iter().find(|(_, one)| *one == self).map_or("none", |(word, _)| word)
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<ExternalAudience> {
        ExternalAudience::WORDS.iter().find(|(known, _)| *known == word).map(|(_, one)| *one)
    }
}
