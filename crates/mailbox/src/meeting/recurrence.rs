//! Rules of RFC 5545 → Graph's patternedRecurrence, as far as that has words for them.

use super::calendar::{EventTime, date_time};
use calcard::icalendar::{ICalendarFrequency, ICalendarRecurrenceRule, ICalendarWeekday};
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

/// When something happens again (Graph: patternedRecurrence).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatternedRecurrence {
    /// On which days.
    pub pattern: RecurrencePattern,
    /// From when until when.
    pub range: RecurrenceRange,
}

/// On which days (Graph: recurrencePattern).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecurrencePattern {
    /// In Graph's words (recurrencePatternType).
    #[serde(rename = "type")]
    pub kind: String,
    /// Days, weeks, months or years between.
    pub interval: u16,
    /// Of the year, from 1; 0 where it has no part in it.
    pub month: i8,
    /// From 1; 0 where it has no part in it.
    pub day_of_month: i8,
    /// Which days.
    pub days_of_week: Vec<String>,
    /// With which a week begins.
    pub first_day_of_week: String,
    /// Which of the month's (weekIndex).
    pub index: String,
}

/// From when until when (Graph: recurrenceRange).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecurrenceRange {
    /// In Graph's words (recurrenceRangeType).
    #[serde(rename = "type")]
    pub kind: String,
    /// The first day.
    pub start_date: String,
    /// The last day; Graph's first of all where there is none.
    pub end_date: String,
    /// On whose clock.
    pub recurrence_time_zone: String,
    /// How often; 0 where it isn't said so.
    pub number_of_occurrences: u32,
}

/// What Graph writes for a date that isn't there.
const NO_DATE: &str = "0001-01-01";
const INDEXES: [(i32, &str); 5] = [(1, "first"), (2, "second"), (3, "third"), (4, "fourth"), (-1, "last")];

/// A rule in Graph's words; nothing where it has none for it.
pub(super) fn of(rule: &ICalendarRecurrenceRule, start: &EventTime) -> Option<PatternedRecurrence> {
    let is_finer = !(rule.bysecond.is_empty() && rule.byminute.is_empty() && rule.byhour.is_empty());
    if is_finer || !rule.byyearday.is_empty() || !rule.byweekno.is_empty() || rule.bymonth.len() > 1 {
        return None;
    }
    Some(PatternedRecurrence { pattern: pattern(rule, start.date_time.date())?, range: range(rule, start) })
}

fn pattern(rule: &ICalendarRecurrenceRule, start: Date) -> Option<RecurrencePattern> {
    let days_of_week: Vec<String> = rule.byday.iter().map(|day| day_name(day.weekday).to_owned()).collect();
    let plain = RecurrencePattern {
        kind: String::new(),
        interval: rule.interval.unwrap_or(1).max(1),
        month: 0,
        day_of_month: 0,
        days_of_week: Vec::new(),
        first_day_of_week: day_name(rule.wkst.unwrap_or(ICalendarWeekday::Monday)).to_owned(), // RFC 5545 §3.3.10
        index: "first".to_owned(),
    };
    let month = rule.bymonth.first().map_or(start.month(), |month| i8::try_from(month.month()).unwrap_or_default());
    match rule.freq {
        ICalendarFrequency::Daily if days_of_week.is_empty() => Some(RecurrencePattern { kind: "daily".to_owned(), ..plain }),
        ICalendarFrequency::Daily if plain.interval > 1 => None,
        ICalendarFrequency::Daily | ICalendarFrequency::Weekly => {
            let own = || vec![weekday_name(start.weekday()).to_owned()];
            let days_of_week = if days_of_week.is_empty() { own() } else { days_of_week };
            Some(RecurrencePattern { kind: "weekly".to_owned(), days_of_week, ..plain })
        }
        ICalendarFrequency::Monthly => of_month(rule, start, RecurrencePattern { days_of_week, ..plain }, "Monthly"),
        ICalendarFrequency::Yearly => of_month(rule, start, RecurrencePattern { days_of_week, month, ..plain }, "Yearly"),
        _ => None,
    }
}

/// A day of a month by its number, or by its week.
fn of_month(rule: &ICalendarRecurrenceRule, start: Date, pattern: RecurrencePattern, each: &str) -> Option<RecurrencePattern> {
    if pattern.days_of_week.is_empty() {
        let day_of_month = match rule.bymonthday.as_slice() {
            [] => start.day(),
            [day] if *day > 0 => *day,
            _ => return None,
        };
        return Some(RecurrencePattern { kind: format!("absolute{each}"), day_of_month, ..pattern });
    }
    let mut weeks = rule.byday.iter().map(|day| day.ordwk.map(i32::from));
    let week = weeks.next()?.or_else(|| rule.bysetpos.first().copied())?;
    let is_one_week = rule.byday.iter().all(|day| day.ordwk.is_none() || rule.byday.len() == 1);
    let index = INDEXES.iter().find(|(number, _)| *number == week).filter(|_| is_one_week && rule.bymonthday.is_empty())?.1;
    Some(RecurrencePattern { kind: format!("relative{each}"), index: index.to_owned(), ..pattern })
}

fn range(rule: &ICalendarRecurrenceRule, start: &EventTime) -> RecurrenceRange {
    let until = rule.until.as_ref().and_then(date_time).map(|until| until.date().to_string());
    let kind = match (&until, rule.count) {
        (Some(_), _) => "endDate",
        (None, Some(_)) => "numbered",
        (None, None) => "noEnd",
    };
    RecurrenceRange {
        kind: kind.to_owned(),
        start_date: start.date_time.date().to_string(),
        end_date: until.unwrap_or_else(|| NO_DATE.to_owned()),
        recurrence_time_zone: start.time_zone.clone(),
        number_of_occurrences: rule.count.unwrap_or_default(),
    }
}

fn day_name(day: ICalendarWeekday) -> &'static str {
    match day {
        ICalendarWeekday::Sunday => "sunday",
        ICalendarWeekday::Monday => "monday",
        ICalendarWeekday::Tuesday => "tuesday",
        ICalendarWeekday::Wednesday => "wednesday",
        ICalendarWeekday::Thursday => "thursday",
        ICalendarWeekday::Friday => "friday",
        ICalendarWeekday::Saturday => "saturday",
    }
}

fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "sunday",
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
    }
}
