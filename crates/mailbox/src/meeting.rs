//! Meetings that mail carries (RFC 6047): what a text/calendar with a method asks for or answers (RFC 5546), in Graph's words.
//!
//! A row has what lists show of it. The rest is read from the octets when somebody asks for the event.

mod calendar;
mod recurrence;

pub use calendar::{Attendee, Event, EventTime, EventType, PartStat, Party};
pub use recurrence::{PatternedRecurrence, RecurrencePattern, RecurrenceRange};

use calendar::{Invitation, Method};
use mime::{Disposition, Message, Part};
use serde::{Deserialize, Serialize};
use store::MessageRecord;

/// Octets of a calendar that are read: of an invitation to some thousands.
const MOST: usize = 1024 * 1024;

/// What a message about a meeting is (Graph: meetingMessageType, with its own spelling of "tentatively").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MeetingMessageType {
    /// It asks to come.
    MeetingRequest,
    /// It says that there is no meeting.
    MeetingCancelled,
    /// Somebody comes.
    MeetingAccepted,
    /// Somebody may come, or proposes another time.
    MeetingTenativelyAccepted,
    /// Somebody doesn't come.
    MeetingDeclined,
}

impl MeetingMessageType {
    /// As Graph writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            MeetingMessageType::MeetingRequest => "meetingRequest",
            MeetingMessageType::MeetingCancelled => "meetingCancelled",
            MeetingMessageType::MeetingAccepted => "meetingAccepted",
            MeetingMessageType::MeetingTenativelyAccepted => "meetingTenativelyAccepted",
            MeetingMessageType::MeetingDeclined => "meetingDeclined",
        }
    }

    /// The class of such a message (MS-OXOCAL §2.2.6 to §2.2.9).
    pub(crate) fn message_class(self) -> &'static str {
        match self {
            MeetingMessageType::MeetingRequest => "IPM.Schedule.Meeting.Request",
            MeetingMessageType::MeetingCancelled => "IPM.Schedule.Meeting.Canceled",
            MeetingMessageType::MeetingAccepted => "IPM.Schedule.Meeting.Resp.Pos",
            MeetingMessageType::MeetingTenativelyAccepted => "IPM.Schedule.Meeting.Resp.Tent",
            MeetingMessageType::MeetingDeclined => "IPM.Schedule.Meeting.Resp.Neg",
        }
    }

    /// Whether it answers a request.
    pub fn is_response(self) -> bool {
        !matches!(self, MeetingMessageType::MeetingRequest | MeetingMessageType::MeetingCancelled)
    }
}

/// What a message says of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meeting {
    /// What it is.
    pub message_type: MeetingMessageType,
    /// Of what kind the event is.
    pub event_type: EventType,
    /// When it begins; for an answer that proposes another time, when that would.
    pub start: Option<EventTime>,
    /// When it ends, likewise.
    pub end: Option<EventTime>,
    /// Whether it is of whole days.
    pub is_all_day: bool,
    /// Where.
    pub location: Option<String>,
    /// When again, as far as Graph has words for it.
    pub recurrence: Option<PatternedRecurrence>,
    /// Whether it changes an event that was sent before.
    pub is_update: bool,
    /// Whether an answer is asked for.
    pub is_response_requested: bool,
    /// Whether another time may be proposed.
    pub allows_new_time_proposals: bool,
    /// Whether it proposes another time.
    pub proposes_new_time: bool,
}

impl Meeting {
    /// What a message says by its octets; nothing where it carries no meeting.
    pub(crate) fn of(message: &Message) -> Option<Meeting> {
        let Invitation { method, event, answer } = invitation(message)?;
        let message_type = message_type(method, answer)?;
        Some(Meeting {
            message_type,
            event_type: event.event_type,
            is_all_day: event.is_all_day,
            location: event.location,
            recurrence: event.recurrence,
            is_update: event.sequence > 0,
            is_response_requested: method == Method::Request && event.is_response_requested,
            allows_new_time_proposals: event.allows_new_time_proposals,
            proposes_new_time: method == Method::Counter,
            start: event.start,
            end: event.end,
        })
    }

    /// What a row says.
    pub fn of_row(record: &MessageRecord) -> Option<Meeting> {
        serde_json::from_str(record.meeting.as_ref()?).ok()
    }

    /// As a row has it.
    pub(crate) fn to_row(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// The event that a message about a meeting tells of, by its octets.
pub(crate) fn event(message: &Message) -> Option<Event> {
    let Invitation { method, event, answer } = invitation(message)?;
    message_type(method, answer).map(|_| event)
}

fn message_type(method: Method, answer: Option<PartStat>) -> Option<MeetingMessageType> {
    match (method, answer) {
        (Method::Request, _) => Some(MeetingMessageType::MeetingRequest),
        (Method::Cancel, _) => Some(MeetingMessageType::MeetingCancelled),
        (Method::Counter, _) | (Method::Reply, Some(PartStat::Tentative)) => Some(MeetingMessageType::MeetingTenativelyAccepted),
        (Method::Reply, Some(PartStat::Accepted)) => Some(MeetingMessageType::MeetingAccepted),
        (Method::Reply, Some(PartStat::Declined)) => Some(MeetingMessageType::MeetingDeclined),
        (Method::Reply, _) => None,
    }
}

fn invitation(message: &Message) -> Option<Invitation> {
    let part = message.parts().iter().find(|part| is_invitation(part))?;
    let method = message.parameter(part, "method");
    calendar::read(&message.decoded_text(part, MOST), method.as_deref())
}

/// RFC 6047 §2.4: a part beside the text or the message itself, and no file that was attached.
fn is_invitation(part: &Part) -> bool {
    let is_file = part.disposition == Some(Disposition::Attachment);
    part.media_type.essence == "text/calendar" && !is_file && part.body.len() <= MOST
}

#[cfg(test)]
mod tests;
