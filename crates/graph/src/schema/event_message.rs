//! Messages about meetings (Graph: eventMessage, eventMessageRequest, eventMessageResponse), and the event that one tells of.
//!
//! There are no calendars here: the event is what the message's own iCalendar says, and is no item of its own.

use super::edm::{self, Edm};
use super::message::{change_key, date, etag};
use super::property::{self, Property, object};
use crate::error::ApiError;
use crate::ids;
use crate::zones::zone;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use mailbox::{Attendee, Event, EventTime, EventType, Meeting, MeetingMessageType, PartStat, Party};
use odata::SelectItem;
use serde_json::{Map, Value, json};
use store::{MessageRecord, Timestamp};

/// The time zone in which a client wants what happens at a time.
#[derive(Debug, Clone)]
pub(crate) struct InZone {
    pub(crate) zone: TimeZone,
    /// As the client calls it.
    pub(crate) name: String,
}

impl Default for InZone {
    fn default() -> InZone {
        InZone { zone: TimeZone::UTC, name: "UTC".to_owned() }
    }
}

/// A meeting, and in which zone it is shown.
pub(crate) struct Invited {
    pub(crate) meeting: Meeting,
    pub(crate) zone: InZone,
}

/// In Graph's order.
const EVENT_MESSAGE: &[Property<Invited>] = &[
    of("meetingMessageType", Edm::Enum(&edm::MEETING_MESSAGE_TYPE), |i| i.meeting.message_type.as_str().into()),
    of("type", Edm::Enum(&edm::EVENT_TYPE), |i| event_type(i.meeting.event_type).into()),
    of("isOutOfDate", Edm::Boolean, |_| Value::Null), // only a calendar knows
    of("isAllDay", Edm::Boolean, |i| i.meeting.is_all_day.into()),
    of("isDelegated", Edm::Boolean, |_| Value::Null), // likewise
    of("startDateTime", Edm::Complex(&edm::DATE_TIME_TIME_ZONE), |i| i.time(i.meeting.start.as_ref())),
    of("endDateTime", Edm::Complex(&edm::DATE_TIME_TIME_ZONE), |i| i.time(i.meeting.end.as_ref())),
    of("location", Edm::Complex(&edm::LOCATION), |i| location(i.meeting.location.as_deref())),
    of("recurrence", Edm::Complex(&edm::PATTERNED_RECURRENCE), |i| json!(i.meeting.recurrence)),
];

const REQUEST: &[Property<Invited>] = &[
    of("responseRequested", Edm::Boolean, |i| i.meeting.is_response_requested.into()),
    of("allowNewTimeProposals", Edm::Boolean, |i| i.meeting.allows_new_time_proposals.into()),
    of("meetingRequestType", Edm::Enum(&edm::MEETING_REQUEST_TYPE), |i| {
        if i.meeting.is_update { "fullUpdate" } else { "newMeetingRequest" }.into()
    }),
    of("previousLocation", Edm::Complex(&edm::LOCATION), |_| Value::Null), // iCalendar doesn't tell what was before
    of("previousStartDateTime", Edm::Complex(&edm::DATE_TIME_TIME_ZONE), |_| Value::Null),
    of("previousEndDateTime", Edm::Complex(&edm::DATE_TIME_TIME_ZONE), |_| Value::Null),
];

const RESPONSE: &[Property<Invited>] = &[
    of("responseType", Edm::Enum(&edm::RESPONSE_TYPE), |i| match i.meeting.message_type {
        MeetingMessageType::MeetingAccepted => "accepted".into(),
        MeetingMessageType::MeetingDeclined => "declined".into(),
        _ => "tentativelyAccepted".into(),
    }),
    of("proposedNewTime", Edm::Complex(&edm::TIME_SLOT), Invited::proposed),
];

const fn of(name: &'static str, edm: Edm, read: fn(&Invited) -> Value) -> Property<Invited> {
    Property::by_default(name, edm, read)
}

/// A type of messages about meetings.
struct Derived {
    name: &'static str,
    own: &'static [Property<Invited>],
}

/// That of a cancellation, which has nothing more, then those that do.
const DERIVED: [Derived; 3] = [
    Derived { name: "eventMessage", own: &[] },
    Derived { name: "eventMessageRequest", own: REQUEST },
    Derived { name: "eventMessageResponse", own: RESPONSE },
];

impl Derived {
    fn of(kind: MeetingMessageType) -> &'static Derived {
        match kind {
            MeetingMessageType::MeetingCancelled => &DERIVED[0],
            MeetingMessageType::MeetingRequest => &DERIVED[1],
            _ => &DERIVED[2],
        }
    }

    /// The type that a segment of a path casts to.
    fn cast(segment: &str) -> Option<&'static Derived> {
        let name = segment.get("microsoft.graph.".len()..).filter(|_| is_cast(segment))?;
        DERIVED.iter().find(|derived| derived.name.eq_ignore_ascii_case(name))
    }

    /// Its properties, those of the type above it first.
    fn properties(&self) -> impl Iterator<Item = &'static Property<Invited>> {
        EVENT_MESSAGE.iter().chain(self.own)
    }
}

fn is_cast(segment: &str) -> bool {
    segment.get(.."microsoft.graph.".len()).is_some_and(|start| start.eq_ignore_ascii_case("microsoft.graph."))
}

/// A type of messages about meetings, as it is described.
pub(crate) struct DerivedType {
    pub(crate) name: &'static str,
    /// What it is derived from.
    pub(crate) base: &'static str,
    /// What it has more than that.
    pub(crate) own: Vec<(&'static str, Edm)>,
}

/// All of them.
pub(crate) fn types() -> [DerivedType; 3] {
    let [plain, request, response] = &DERIVED;
    let own = |derived: &Derived| DerivedType { name: derived.name, base: plain.name, own: property::types(derived.own) };
    [DerivedType { name: plain.name, base: "message", own: property::types(EVENT_MESSAGE) }, own(request), own(response)]
}

/// Whether a path of `$expand` leads to the event of a message about a meeting.
pub(crate) fn is_event(path: &[String]) -> bool {
    matches!(path, [cast, event] if Derived::cast(cast).is_some() && event.eq_ignore_ascii_case("event"))
}

/// Which properties of such messages are asked for.
#[derive(Clone, Default)]
pub(crate) struct DerivedSelection {
    /// All, where nothing says otherwise.
    named: Option<Vec<&'static str>>,
}

impl DerivedSelection {
    /// What `$select` names by a cast (OData URL Conventions §5.1.3), and as it is written.
    ///
    /// # Errors
    /// For a property that the type doesn't have.
    pub(crate) fn of(items: &[SelectItem]) -> Result<(DerivedSelection, Vec<String>), ApiError> {
        let (mut named, mut written) = (Vec::new(), Vec::new());
        for item in items {
            let SelectItem::Property(path) = item else { continue };
            let [cast, name, ..] = path.segments() else { continue };
            let Some(derived) = Derived::cast(cast) else { continue };
            let found = derived.properties().find(|property| property.name.eq_ignore_ascii_case(name));
            let is_event = name.eq_ignore_ascii_case("event"); // which means nothing here without $expand
            match found {
                Some(property) => named.push(property.name),
                None if is_event => continue,
                None => return Err(ApiError::no_such_property(name, derived.name)),
            }
            written.push(path.to_string());
        }
        Ok((DerivedSelection { named: (!items.is_empty()).then_some(named) }, written))
    }
}

impl Invited {
    /// The type that is told of a message.
    pub(crate) fn odata_type(&self) -> String {
        format!("#microsoft.graph.{}", Derived::of(self.meeting.message_type).name)
    }

    /// Puts what is asked for into the JSON of the message.
    pub(crate) fn insert(&self, message: &mut Map<String, Value>, selection: &DerivedSelection) {
        let is_asked =
            |property: &&Property<Invited>| selection.named.as_ref().is_none_or(|named| named.contains(&property.name));
        let asked: Vec<_> = Derived::of(self.meeting.message_type).properties().filter(is_asked).collect();
        message.extend(object(&asked, self));
    }

    fn time(&self, at: Option<&EventTime>) -> Value {
        at.map_or(Value::Null, |at| shown(at, self.meeting.is_all_day, &self.zone))
    }

    fn proposed(&self) -> Value {
        match self.meeting.proposes_new_time {
            true => json!({"start": self.time(self.meeting.start.as_ref()), "end": self.time(self.meeting.end.as_ref())}),
            false => Value::Null,
        }
    }
}

/// A time on the client's clock; a day stays the day that it is, and so does a time on a clock that nobody knows.
fn shown(at: &EventTime, is_all_day: bool, wanted: &InZone) -> Value {
    let known = zone(&at.time_zone).filter(|_| !is_all_day).and_then(|zone| at.date_time.to_zoned(zone).ok());
    match known {
        Some(at) => dated(at.with_time_zone(wanted.zone.clone()).datetime(), &wanted.name),
        None => dated(at.date_time, &at.time_zone),
    }
}

fn dated(at: DateTime, zone: &str) -> Value {
    json!({"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S.0000000").to_string(), "timeZone": zone})
}

fn location(of: Option<&str>) -> Value {
    of.map_or(Value::Null, |name| json!({"displayName": name}))
}

fn event_type(kind: EventType) -> &'static str {
    match kind {
        EventType::SingleInstance => "singleInstance",
        EventType::Exception => "exception",
        EventType::SeriesMaster => "seriesMaster",
    }
}

/// What an event is read from: itself, and the message that tells of it.
pub(crate) struct Told {
    pub(crate) event: Event,
    pub(crate) record: MessageRecord,
    pub(crate) web_link: String,
    pub(crate) body: Value,
    pub(crate) zone: InZone,
    /// Whether the message came from elsewhere.
    pub(crate) has_travelled: bool,
    pub(crate) is_response: bool,
}

/// What no calendar has said yet, as Graph writes it.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// In Graph's order. What only a calendar knows is not told.
const EVENT: &[Property<Told>] = &[
    of_event("id", Edm::String, |t| ids::message(t.record.id).into()),
    of_event("createdDateTime", Edm::DateTimeOffset, |t| told_at(t.event.created, t.record.created_date_time)),
    of_event("lastModifiedDateTime", Edm::DateTimeOffset, |t| told_at(t.event.last_modified, t.record.last_modified_date_time)),
    of_event("changeKey", Edm::String, |t| change_key(&t.record).into()),
    of_event("categories", Edm::Collection(&Edm::String), |t| json!(t.record.categories)),
    of_event("originalStartTimeZone", Edm::String, |t| json!(t.event.start.as_ref().map(|at| &at.time_zone))),
    of_event("originalEndTimeZone", Edm::String, |t| json!(t.event.end.as_ref().map(|at| &at.time_zone))),
    of_event("iCalUId", Edm::String, |t| t.event.uid.as_str().into()),
    of_event("reminderMinutesBeforeStart", Edm::Int32, |t| json!(t.event.reminder_minutes)),
    of_event("isReminderOn", Edm::Boolean, |t| t.event.reminder_minutes.is_some().into()),
    of_event("hasAttachments", Edm::Boolean, |t| t.record.has_attachments.into()),
    of_event("subject", Edm::String, |t| json!(t.event.subject.as_ref().unwrap_or(&t.record.subject))),
    of_event("bodyPreview", Edm::String, |t| t.record.body_preview.as_str().into()),
    of_event("importance", Edm::Enum(&edm::IMPORTANCE), |t| t.event.importance.into()),
    of_event("sensitivity", Edm::Enum(&edm::SENSITIVITY), |t| t.event.sensitivity.into()),
    of_event("isAllDay", Edm::Boolean, |t| t.event.is_all_day.into()),
    of_event("isCancelled", Edm::Boolean, |t| t.event.is_cancelled.into()),
    of_event("isOrganizer", Edm::Boolean, |t| (t.has_travelled == t.is_response).into()),
    of_event("responseRequested", Edm::Boolean, |t| t.event.is_response_requested.into()),
    of_event("seriesMasterId", Edm::String, |_| Value::Null),
    of_event("showAs", Edm::Enum(&edm::FREE_BUSY_STATUS), |t| t.event.show_as.into()),
    of_event("type", Edm::Enum(&edm::EVENT_TYPE), |t| event_type(t.event.event_type).into()),
    of_event("webLink", Edm::String, |t| t.web_link.as_str().into()),
    of_event("onlineMeetingUrl", Edm::String, |_| Value::Null),
    of_event("responseStatus", Edm::Complex(&edm::RESPONSE_STATUS), |_| response("none")),
    of_event("body", Edm::Complex(&edm::ITEM_BODY), |t| t.body.clone()),
    of_event("start", Edm::Complex(&edm::DATE_TIME_TIME_ZONE), |t| t.time(t.event.start.as_ref())),
    of_event("end", Edm::Complex(&edm::DATE_TIME_TIME_ZONE), |t| t.time(t.event.end.as_ref())),
    of_event("location", Edm::Complex(&edm::LOCATION), |t| location(t.event.location.as_deref())),
    of_event("recurrence", Edm::Complex(&edm::PATTERNED_RECURRENCE), |t| json!(t.event.recurrence)),
    of_event("attendees", Edm::Collection(&Edm::Complex(&edm::ATTENDEE)), |t| t.event.attendees.iter().map(attendee).collect()),
    of_event("organizer", Edm::Complex(&edm::RECIPIENT), |t| t.event.organizer.as_ref().map_or(Value::Null, recipient)),
];

const fn of_event(name: &'static str, edm: Edm, read: fn(&Told) -> Value) -> Property<Told> {
    Property::by_default(name, edm, read)
}

/// The names of an event's properties, and their types.
pub(crate) fn event_types() -> Vec<(&'static str, Edm)> {
    property::types(EVENT)
}

impl Told {
    /// The event as JSON.
    pub(crate) fn render(&self) -> Value {
        let mut value = Map::new();
        value.insert("@odata.etag".to_owned(), etag(&self.record).into());
        value.extend(object(&EVENT.iter().collect::<Vec<_>>(), self));
        value.into()
    }

    fn time(&self, at: Option<&EventTime>) -> Value {
        at.map_or(Value::Null, |at| shown(at, self.event.is_all_day, &self.zone))
    }
}

/// What the calendar says, else what is known of the message.
fn told_at(said: Option<jiff::Timestamp>, of_message: Timestamp) -> Value {
    date(said.map_or(of_message, |at| Timestamp(at.as_microsecond())))
}

fn attendee(of: &Attendee) -> Value {
    let said = match of.status {
        PartStat::Accepted => "accepted",
        PartStat::Declined => "declined",
        PartStat::NeedsAction => "none",
        PartStat::Tentative => "tentativelyAccepted",
    };
    json!({"type": of.kind, "status": response(said), "emailAddress": email_address(&of.party)})
}

/// When somebody answered is told nowhere.
fn response(said: &str) -> Value {
    json!({"response": said, "time": NEVER})
}

fn recipient(of: &Party) -> Value {
    json!({"emailAddress": email_address(of)})
}

fn email_address(of: &Party) -> Value {
    let name = if of.name.is_empty() { &of.address } else { &of.name };
    json!({"name": name, "address": of.address})
}
