//! What a mailbox is set to, as Graph shows it and as clients set it (Graph: mailboxSettings).

use super::edm::{self, Edm};
use super::json::Members;
use super::language;
use super::property::Property;
use crate::error::{ApiError, ErrorCode};
use crate::{ids, zones};
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use mailbox::Settings;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use store::{AutomaticRepliesStatus, ExternalAudience, MailboxSettings, Timestamp};

/// In Graph's order.
pub(crate) const PROPERTIES: &[Property<Settings>] = &[
    of("archiveFolder", Edm::String, |s| ids::folder(s.archive).into()),
    of("automaticRepliesSetting", Edm::Complex(&edm::AUTOMATIC_REPLIES_SETTING), automatic_replies),
    of("dateFormat", Edm::String, |s| s.set.date_format.clone().into()),
    of("delegateMeetingMessageDeliveryOptions", Edm::Enum(&edm::DELEGATE_MEETING_MESSAGE_DELIVERY_OPTIONS), |s| {
        s.set.delegate_meeting_message_delivery_options.clone().into()
    }),
    of("language", Edm::Complex(&edm::LOCALE_INFO), |s| language(s.set.locale.as_deref())),
    of("timeFormat", Edm::String, |s| s.set.time_format.clone().into()),
    of("timeZone", Edm::String, |s| s.set.time_zone.clone().into()),
    of("userPurpose", Edm::Enum(&edm::USER_PURPOSE), |s| if s.is_shared { "shared" } else { "user" }.into()),
    of("workingHours", Edm::Complex(&edm::WORKING_HOURS), working_hours),
];

const fn of(name: &'static str, edm: Edm, read: fn(&Settings) -> Value) -> Property<Settings> {
    Property::by_default(name, edm, read)
}

/// The property of a name in any case.
pub(crate) fn named(name: &str) -> Option<&'static Property<Settings>> {
    PROPERTIES.iter().find(|one| one.name.eq_ignore_ascii_case(name))
}

/// A language by its locale (Graph: localeInfo).
pub(crate) fn language(locale: Option<&str>) -> Value {
    let known = locale.and_then(language::known);
    known.map_or(Value::Null, |(locale, name)| json!({"locale": locale, "displayName": name}))
}

/// A moment as a `dateTimeTimeZone`, in UTC.
pub(crate) fn moment(at: Option<Timestamp>) -> Value {
    let at = at.and_then(|at| jiff::Timestamp::from_microsecond(at.0).ok()).map(|at| TimeZone::UTC.to_datetime(at));
    at.map_or(Value::Null, |at| json!({"dateTime": format!("{}T{}", at.date(), time_text(at.time())), "timeZone": "UTC"}))
}

fn automatic_replies(settings: &Settings) -> Value {
    let set = &settings.set;
    json!({
        "status": set.automatic_replies_status.map(AutomaticRepliesStatus::as_str),
        "externalAudience": set.external_audience.map(ExternalAudience::as_str),
        "scheduledStartDateTime": moment(set.scheduled_start_date_time),
        "scheduledEndDateTime": moment(set.scheduled_end_date_time),
        "internalReplyMessage": set.internal_reply_message,
        "externalReplyMessage": set.external_reply_message,
    })
}

fn working_hours(settings: &Settings) -> Value {
    let set = &settings.set;
    let zone = set.working_hours_time_zone.as_deref().and_then(|zone| serde_json::from_str(zone).ok());
    json!({
        "daysOfWeek": set.days_of_week,
        "startTime": set.start_time,
        "endTime": set.end_time,
        "timeZone": zone.unwrap_or_else(|| json!({"name": set.time_zone})),
    })
}

/// What a body sets. What it can't set, and what is no setting, is passed over: clients send back what they read.
///
/// # Errors
/// Graph's.
pub(crate) fn change(m: &Members<'_>) -> Result<MailboxSettings, ApiError> {
    let mut change = MailboxSettings {
        time_zone: m.text("timeZone")?.map(|name| zones::spelled(name).ok_or_else(ApiError::invalid_time_zone)).transpose()?,
        locale: m.object("language")?.map(|language| locale(&language)).transpose()?,
        date_format: m.text("dateFormat")?.map(|text| format_of(text, "dMy")).transpose()?,
        time_format: m.text("timeFormat")?.map(|text| format_of(text, "hHmst")).transpose()?,
        delegate_meeting_message_delivery_options: m
            .one_of("delegateMeetingMessageDeliveryOptions", &edm::DELEGATE_MEETING_MESSAGE_DELIVERY_OPTIONS)?,
        ..MailboxSettings::default()
    };
    if let Some(replies) = m.object("automaticRepliesSetting")? {
        change.automatic_replies_status = replies.word("status", &AutomaticRepliesStatus::WORDS)?;
        change.external_audience = replies.word("externalAudience", &ExternalAudience::WORDS)?;
        change.internal_reply_message = reply_message(&replies, "internalReplyMessage")?;
        change.external_reply_message = reply_message(&replies, "externalReplyMessage")?;
        change.scheduled_start_date_time = instant(&replies, "scheduledStartDateTime")?;
        change.scheduled_end_date_time = instant(&replies, "scheduledEndDateTime")?;
    }
    if let Some(hours) = m.object("workingHours")? {
        change.days_of_week = hours.get("daysOfWeek").map(|_| days_of_week(&hours)).transpose()?;
        change.start_time = time_of_day(&hours, "startTime")?;
        change.end_time = time_of_day(&hours, "endTime")?;
        change.working_hours_time_zone = hours.object("timeZone")?.map(|zone| working_zone(&zone)).transpose()?;
    }
    Ok(change)
}

/// A language is known by its locale; what it is called is told by us.
fn locale(language: &Members<'_>) -> Result<String, ApiError> {
    let Some(locale) = language.text("locale")? else { return Err(language.wrong("locale", "the name of a language")) };
    language::known(locale).map(|(locale, _)| locale.to_owned()).ok_or_else(|| ApiError::no_such_value(locale))
}

/// A short format of dates or times, as .NET has them: these letters, texts in quotation marks, and what is no letter.
fn format_of(text: &str, letters: &str) -> Result<String, ApiError> {
    let mut quote = None;
    let mut fits = (1..=MAX_FORMAT).contains(&text.chars().count());
    for character in text.chars() {
        match quote {
            Some(mark) if mark == character => quote = None,
            Some(_) => {}
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None => fits &= letters.contains(character) || !character.is_alphabetic(),
        }
        fits &= !character.is_control();
    }
    if fits && quote.is_none() && text.contains(|c: char| letters.contains(c)) {
        return Ok(text.to_owned());
    }
    Err(ApiError::no_such_value(text))
}

const MAX_FORMAT: usize = 80;

fn reply_message(replies: &Members<'_>, name: &str) -> Result<Option<String>, ApiError> {
    match replies.text(name)? {
        Some(text) if text.len() > MAX_REPLY => {
            let message = format!("The value of the member '{}' has more than {MAX_REPLY} octets.", replies.path_of(name));
            Err(ApiError::new(ErrorCode::ErrorInvalidProperty, message))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// In octets.
const MAX_REPLY: usize = 128 * 1024;

/// A `dateTimeTimeZone`: a local time and its zone, UTC where none is named (Graph: dateTimeTimeZone).
fn instant(m: &Members<'_>, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let Some(at) = m.object(name)? else { return Ok(None) };
    let text = at.text("dateTime")?.unwrap_or_default().trim();
    let zone = match at.text("timeZone")?.filter(|zone| !zone.is_empty()) {
        Some(zone) => zones::zone(zone).ok_or_else(ApiError::invalid_time_zone)?,
        None => TimeZone::UTC,
    };
    // Scripts send what their languages make of a moment, which has its offset.
    let moment = text.parse::<jiff::Timestamp>();
    let read = moment.or_else(|_| text.parse::<DateTime>().and_then(|local| zone.to_timestamp(local)));
    let read = read.map_err(|_| at.wrong("dateTime", "a date and a time"))?;
    Ok(Some(Timestamp(read.as_microsecond())))
}

/// Each day once.
fn days_of_week(hours: &Members<'_>) -> Result<Vec<String>, ApiError> {
    let mut days: Vec<String> = Vec::new();
    for day in hours.list("daysOfWeek", day_of_week)? {
        if !days.contains(&day) {
            days.push(day);
        }
    }
    Ok(days)
}

fn day_of_week(value: &Value, path: &str) -> Result<String, ApiError> {
    let text = value.as_str().ok_or_else(|| ApiError::unreadable_member(path, "a string"))?;
    let known = edm::DAY_OF_WEEK.members.iter().find(|(day, _)| day.eq_ignore_ascii_case(text));
    known.map(|(day, _)| (*day).to_owned()).ok_or_else(|| ApiError::no_such_value(text))
}

/// A time of a day, with all the digits that Graph shows.
fn time_of_day(m: &Members<'_>, name: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = m.text(name)? else { return Ok(None) };
    let has_minutes = text.as_bytes().get(2) == Some(&b':');
    let read = text.parse::<Time>().ok().filter(|_| has_minutes);
    // Graph: user-update-mailboxsettings has these words.
    let unreadable = || {
        let message = format!("Cannot convert the literal '{text}' to the expected type 'Edm.TimeOfDay'.");
        ApiError::new(ErrorCode::RequestBodyRead, message)
    };
    read.map(time_text).map(Some).ok_or_else(unreadable)
}

fn time_text(time: Time) -> String {
    format!("{:02}:{:02}:{:02}.{:07}", time.hour(), time.minute(), time.second(), time.subsec_nanosecond() / 100)
}

/// The zone of working hours: a name, or rules of somebody's own (Graph: timeZoneBase, customTimeZone).
fn working_zone(zone: &Members<'_>) -> Result<String, ApiError> {
    let is_custom = zone.text("@odata.type")?.is_some_and(|kind| kind.trim_start_matches('#') == CUSTOM.trim_start_matches('#'));
    if !is_custom && zone.get("bias").is_none() {
        let Some(name) = zone.text("name")? else { return Err(zone.wrong("name", "the name of a time zone")) };
        return Ok(json!({"name": zones::spelled(name).ok_or_else(ApiError::invalid_time_zone)?}).to_string());
    }
    let bias = required(zone, "bias", A_BIAS)?;
    let name = zone.text("name")?.unwrap_or("Customized Time Zone");
    if name.chars().count() > MAX_ZONE {
        return Err(zone.wrong("name", &format!("a name of at most {MAX_ZONE} characters")));
    }
    let mut custom = json!({"@odata.type": CUSTOM, "bias": bias, "name": name});
    if let Some(standard) = zone.object("standardOffset")? {
        custom["standardOffset"] = offset(&standard)?;
    }
    if let Some(daylight) = zone.object("daylightOffset")? {
        custom["daylightOffset"] = offset(&daylight)?;
        custom["daylightOffset"]["daylightBias"] = required(&daylight, "daylightBias", A_BIAS)?.into();
    }
    Ok(custom.to_string())
}

/// When a zone's clocks change: at a time of the first to fourth, or last, such day of a month (Graph: standardTimeZoneOffset).
fn offset(m: &Members<'_>) -> Result<Value, ApiError> {
    Ok(json!({
        "time": time_of_day(m, "time")?.ok_or_else(|| m.wrong("time", "a time of a day"))?,
        "dayOccurrence": required(m, "dayOccurrence", 1..=5)?,
        "dayOfWeek": m.one_of("dayOfWeek", &edm::DAY_OF_WEEK)?.ok_or_else(|| m.wrong("dayOfWeek", "a day of the week"))?,
        "month": required(m, "month", 1..=12)?,
        "year": m.number("year", 0..=9999)?.unwrap_or(0),
    }))
}

fn required(m: &Members<'_>, name: &str, range: RangeInclusive<i64>) -> Result<i64, ApiError> {
    m.number(name, range)?.ok_or_else(|| m.wrong(name, "a number"))
}

const MAX_ZONE: usize = 255;
const CUSTOM: &str = "#microsoft.graph.customTimeZone";
/// Minutes: no place on earth is further from UTC than fourteen hours.
const A_BIAS: RangeInclusive<i64> = -840..=840;
