//! iCalendar (RFC 5545) → the one event that a message is about.

use super::recurrence::{self, PatternedRecurrence};
use calcard::common::PartialDateTime;
use calcard::icalendar::timezone::TzResolver;
use calcard::icalendar::utils::strip_mailto_scheme;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarParameterName, ICalendarParameterValue,
    ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue,
};
use calcard::{Entry, Parser};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// People of an event that are told; an invitation has room for a hundred thousand.
const MOST_ATTENDEES: usize = 2000;
/// Characters of a place (Graph: location has no limit of its own; Exchange keeps so many).
const MOST_LOCATION: usize = 255;
/// What a date in UTC and one without a zone are in: the second is the reader's own time, of which nothing is known.
const UTC: &str = "UTC";

/// What a calendar asks for (RFC 5546 §1.4), as far as it is of a meeting in mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Cancel,
    Counter,
    Reply,
    Request,
}

/// Whether somebody comes (RFC 5545 §3.2.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartStat {
    /// Yes.
    Accepted,
    /// No.
    Declined,
    /// Not said.
    NeedsAction,
    /// Perhaps.
    Tentative,
}

/// What a calendar in a message says.
pub(super) struct Invitation {
    pub(super) method: Method,
    pub(super) event: Event,
    /// Of whoever answers, where it is an answer.
    pub(super) answer: Option<PartStat>,
}

/// A time of an event: on a clock of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventTime {
    /// On the clock there.
    pub date_time: DateTime,
    /// The name of the zone: IANA's where the calendar's own name leads to it, else as it is called there.
    pub time_zone: String,
}

/// Of what kind an event is (Graph: eventType).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EventType {
    /// It happens once.
    SingleInstance,
    /// One of a series that is otherwise than the others.
    Exception,
    /// It happens again and again.
    SeriesMaster,
}

/// Somebody whom an event names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// What he is called; may be empty.
    pub name: String,
    /// Where he is reached.
    pub address: String,
}

/// Somebody who is asked to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Who.
    pub party: Party,
    /// In Graph's word: required, optional or resource.
    pub kind: &'static str,
    /// Whether he comes.
    pub status: PartStat,
}

/// An event, as its calendar has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// UID (RFC 5545 §3.8.4.7)
    pub uid: String,
    /// SUMMARY
    pub subject: Option<String>,
    /// When it begins.
    pub start: Option<EventTime>,
    /// When it ends.
    pub end: Option<EventTime>,
    /// Whether it is of whole days.
    pub is_all_day: bool,
    /// LOCATION
    pub location: Option<String>,
    /// ORGANIZER
    pub organizer: Option<Party>,
    /// ATTENDEE, those that come first.
    pub attendees: Vec<Attendee>,
    /// Of what kind it is.
    pub event_type: EventType,
    /// When again, as far as Graph has words for it.
    pub recurrence: Option<PatternedRecurrence>,
    /// Whether it is called off.
    pub is_cancelled: bool,
    /// Whether somebody is asked to answer.
    pub is_response_requested: bool,
    /// Whether another time may be proposed.
    pub allows_new_time_proposals: bool,
    /// How often it was changed.
    pub sequence: i64,
    /// In Graph's words (freeBusyStatus).
    pub show_as: &'static str,
    /// In Graph's words.
    pub sensitivity: &'static str,
    /// In Graph's words.
    pub importance: &'static str,
    /// Minutes before it begins, when whoever comes is reminded.
    pub reminder_minutes: Option<i64>,
    /// CREATED
    pub created: Option<Timestamp>,
    /// LAST-MODIFIED, else DTSTAMP
    pub last_modified: Option<Timestamp>,
}

/// Reads a calendar of a part with this `method`. Nothing where it is none, or has no event, or asks for something else.
pub(super) fn read(text: &str, method: Option<&str>) -> Option<Invitation> {
    let Entry::ICalendar(calendar) = Parser::new(text).entry() else { return None };
    let root = calendar.components.first().filter(|one| one.component_type == ICalendarComponentType::VCalendar)?;
    let method = word(root, &ICalendarProperty::Method).or_else(|| method.map(str::to_ascii_uppercase))?;
    let method = match method.as_str() {
        "CANCEL" => Method::Cancel,
        "COUNTER" => Method::Counter,
        "REPLY" => Method::Reply,
        "REQUEST" => Method::Request,
        _ => return None,
    };
    let mut events = calendar.components.iter().filter(|one| one.component_type == ICalendarComponentType::VEvent);
    let first = events.clone().next()?;
    // A series comes with those of its instances that are otherwise.
    let master = events.find(|one| !one.has_property(&ICalendarProperty::RecurrenceId)).unwrap_or(first);
    let reader = Reader { calendar: &calendar, zones: calendar.build_tz_resolver(), of: master };
    let event = reader.event();
    let answer = event.attendees.first().map(|attendee| attendee.status).filter(|_| method == Method::Reply);
    Some(Invitation { method, event: Event { is_cancelled: event.is_cancelled || method == Method::Cancel, ..event }, answer })
}

/// Reads one event.
struct Reader<'c> {
    calendar: &'c ICalendar,
    zones: TzResolver<&'c str>,
    of: &'c ICalendarComponent,
}

impl Reader<'_> {
    fn event(&self) -> Event {
        let start = self.entry(&ICalendarProperty::Dtstart);
        let is_date = start.is_some_and(is_date);
        let start = start.and_then(|entry| self.time(entry));
        let rule = self.entry(&ICalendarProperty::Rrule).and_then(rule);
        let attendees: Vec<(Attendee, bool)> =
            self.of.properties(&ICalendarProperty::Attendee).take(MOST_ATTENDEES).filter_map(attendee).collect();
        Event {
            uid: self.text(&ICalendarProperty::Uid).unwrap_or_default(),
            subject: self.text(&ICalendarProperty::Summary),
            end: self.end(start.as_ref(), is_date),
            is_all_day: is_date || self.says("X-MICROSOFT-CDO-ALLDAYEVENT", "TRUE"),
            location: self.text(&ICalendarProperty::Location).map(|text| text.chars().take(MOST_LOCATION).collect()),
            organizer: self.entry(&ICalendarProperty::Organizer).and_then(party),
            is_response_requested: attendees.iter().any(|(_, rsvp)| *rsvp),
            attendees: attendees.into_iter().map(|(attendee, _)| attendee).collect(),
            event_type: match (self.of.has_property(&ICalendarProperty::RecurrenceId), self.entry(&ICalendarProperty::Rrule)) {
                (true, _) => EventType::Exception,
                (false, Some(_)) => EventType::SeriesMaster,
                (false, None) => EventType::SingleInstance,
            },
            recurrence: start.as_ref().zip(rule).and_then(|(start, rule)| recurrence::of(rule, start)),
            is_cancelled: word(self.of, &ICalendarProperty::Status).is_some_and(|status| status == "CANCELLED"),
            allows_new_time_proposals: !self.says("X-MICROSOFT-DISALLOW-COUNTER", "TRUE"),
            sequence: self.integer(&ICalendarProperty::Sequence).unwrap_or_default(),
            show_as: self.show_as(),
            sensitivity: match word(self.of, &ICalendarProperty::Class).as_deref() {
                Some("PRIVATE") => "private",
                Some("CONFIDENTIAL") => "confidential",
                _ => "normal",
            },
            importance: match self.integer(&ICalendarProperty::Priority) {
                Some(1..=4) => "high", // RFC 5545 §3.8.1.9
                Some(6..=9) => "low",
                _ => "normal",
            },
            reminder_minutes: self.reminder_minutes(),
            created: self.moment(&ICalendarProperty::Created),
            last_modified: self.moment(&ICalendarProperty::LastModified).or_else(|| self.moment(&ICalendarProperty::Dtstamp)),
            start,
        }
    }

    fn entry(&self, property: &ICalendarProperty) -> Option<&ICalendarEntry> {
        self.of.property(property)
    }

    fn text(&self, property: &ICalendarProperty) -> Option<String> {
        let text = self.entry(property)?.values.first()?.as_text()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn integer(&self, property: &ICalendarProperty) -> Option<i64> {
        self.entry(property)?.values.first()?.as_integer()
    }

    /// Whether a property of somebody's own has a word.
    fn says(&self, name: &str, wanted: &str) -> bool {
        self.own(name).is_some_and(|said| said.eq_ignore_ascii_case(wanted))
    }

    fn own(&self, name: &str) -> Option<&str> {
        let is_it = |entry: &&ICalendarEntry| entry.name.as_str().eq_ignore_ascii_case(name);
        self.of.entries.iter().find(is_it)?.values.first()?.as_text()
    }

    /// DTEND, else DTSTART and DURATION, else the day or the moment itself (RFC 5545 §3.6.1).
    fn end(&self, start: Option<&EventTime>, is_date: bool) -> Option<EventTime> {
        if let Some(end) = self.entry(&ICalendarProperty::Dtend).and_then(|entry| self.time(entry)) {
            return Some(end);
        }
        let start = start?;
        let lasts = self.entry(&ICalendarProperty::Duration).and_then(|entry| entry.values.first());
        let seconds = match lasts {
            Some(ICalendarValue::Duration(duration)) => duration.as_seconds(),
            _ if is_date => 24 * 60 * 60,
            _ => 0,
        };
        let date_time = start.date_time.checked_add(SignedDuration::from_secs(seconds)).ok()?;
        Some(EventTime { date_time, ..start.clone() })
    }

    fn time(&self, entry: &ICalendarEntry) -> Option<EventTime> {
        let at = entry.values.first()?.as_partial_date_time()?;
        let zone = match entry.tz_id().filter(|_| at.hour.is_some() && at.tz_hour.is_none()) {
            Some(name) => self.zones.resolve(name).and_then(|zone| zone.name()).map_or_else(|| name.to_owned(), Into::into),
            None => UTC.to_owned(),
        };
        let time_zone = if zone == "Etc/UTC" { UTC.to_owned() } else { zone };
        Some(EventTime { date_time: date_time(at)?, time_zone })
    }

    /// A moment in UTC, as those must be that are not of the event itself.
    fn moment(&self, property: &ICalendarProperty) -> Option<Timestamp> {
        let at = date_time(self.entry(property)?.values.first()?.as_partial_date_time()?)?;
        Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
    }

    /// MS-OXCICAL §2.1.3.1.1.20.31, else whether it takes time at all.
    fn show_as(&self) -> &'static str {
        match self.own("X-MICROSOFT-CDO-INTENDEDSTATUS").or_else(|| self.own("X-MICROSOFT-CDO-BUSYSTATUS")) {
            Some(said) if said.eq_ignore_ascii_case("FREE") => "free",
            Some(said) if said.eq_ignore_ascii_case("TENTATIVE") => "tentative",
            Some(said) if said.eq_ignore_ascii_case("OOF") => "oof",
            Some(said) if said.eq_ignore_ascii_case("WORKINGELSEWHERE") => "workingElsewhere",
            Some(_) => "busy",
            None if word(self.of, &ICalendarProperty::Transp).is_some_and(|said| said == "TRANSPARENT") => "free",
            None => "busy",
        }
    }

    /// The first alarm that is given as so long before.
    fn reminder_minutes(&self) -> Option<i64> {
        let alarms = self.of.component_ids.iter().filter_map(|id| self.calendar.component_by_id(*id));
        let mut alarms = alarms.filter(|one| one.component_type == ICalendarComponentType::VAlarm);
        alarms.find_map(|alarm| match alarm.property(&ICalendarProperty::Trigger)?.values.first()? {
            ICalendarValue::Duration(before) => Some(-before.as_seconds() / 60).filter(|minutes| *minutes >= 0),
            _ => None,
        })
    }
}

/// A word of a property, in upper case.
fn word(of: &ICalendarComponent, property: &ICalendarProperty) -> Option<String> {
    Some(of.property(property)?.values.first()?.as_text()?.trim().to_ascii_uppercase())
}

fn is_date(entry: &ICalendarEntry) -> bool {
    entry.values.first().and_then(ICalendarValue::as_partial_date_time).is_some_and(|at| at.hour.is_none())
}

fn rule(entry: &ICalendarEntry) -> Option<&ICalendarRecurrenceRule> {
    match entry.values.first()? {
        ICalendarValue::RecurrenceRule(rule) => Some(rule),
        _ => None,
    }
}

/// A date and time on some clock, if there is such a one; midnight where it is a date.
pub(super) fn date_time(at: &PartialDateTime) -> Option<DateTime> {
    let small = |part: Option<u8>| i8::try_from(part.unwrap_or_default()).ok();
    let date = Date::new(i16::try_from(at.year?).ok()?, small(Some(at.month?))?, small(Some(at.day?))?).ok()?;
    let second = small(at.second)?.min(59); // RFC 5545 §3.3.12: a leap second is the one before where there is none
    DateTime::new(date.year(), date.month(), date.day(), small(at.hour)?, small(at.minute)?, second, 0).ok()
}

/// Who a property names: by its address, and what it says that he is called.
fn party(entry: &ICalendarEntry) -> Option<Party> {
    let given = entry.parameter(&ICalendarParameterName::Email).and_then(|email| email.as_text());
    let address = strip_mailto_scheme(entry.calendar_address().filter(|text| text.contains('@')).or(given)?.trim());
    let name = entry.parameter(&ICalendarParameterName::Cn).and_then(|name| name.as_text()).unwrap_or_default();
    Some(Party { name: name.to_owned(), address: address.to_owned() })
}

/// Who is asked to come, and whether for an answer.
fn attendee(entry: &ICalendarEntry) -> Option<(Attendee, bool)> {
    let word = |name: &ICalendarParameterName| {
        let value = entry.parameter(name).and_then(|value| value.as_text());
        value.map(str::to_ascii_uppercase).unwrap_or_default()
    };
    let kind = match (word(&ICalendarParameterName::Cutype).as_str(), word(&ICalendarParameterName::Role).as_str()) {
        ("RESOURCE" | "ROOM", _) => "resource",
        (_, "OPT-PARTICIPANT" | "NON-PARTICIPANT") => "optional",
        _ => "required",
    };
    let status = match word(&ICalendarParameterName::Partstat).as_str() {
        "ACCEPTED" => PartStat::Accepted,
        "DECLINED" => PartStat::Declined,
        "TENTATIVE" => PartStat::Tentative,
        _ => PartStat::NeedsAction,
    };
    let rsvp = matches!(entry.parameter(&ICalendarParameterName::Rsvp), Some(ICalendarParameterValue::Bool(true)));
    Some((Attendee { party: party(entry)?, kind, status }, rsvp))
}
