//! Dates of KQL (MS-KQL §2.2.5, and its names of intervals): each is a span of time, since `received:2024-01-15` is a day.
//! A date without a zone is of UTC, as Graph's are.

use jiff::civil::{self, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use store::{Bounds, Timestamp};

/// The span of a date, of a time, or of a name such as `yesterday`, in microseconds.
pub(super) fn interval(text: &str, now: Timestamp) -> Option<Bounds> {
    let text = text.trim();
    let midnight = |(day, length): (civil::Date, Span)| (day.to_datetime(civil::Time::midnight()), length);
    let days = named(text, now).or_else(|| day(text).map(|day| (day, 1.day()))).map(midnight);
    let (from, length) = days.or_else(|| instant(text).map(|at| (at, 1.second())))?;
    Some(Bounds { from: microsecond(from)?, to: microsecond(from.checked_add(length).ok()?)? })
}

/// The first day of a named interval, and how long it is. A week begins with Sunday, as in the English of KQL's names.
fn named(text: &str, now: Timestamp) -> Option<(civil::Date, Span)> {
    let today = jiff::Timestamp::from_microsecond(now.0).ok()?.to_zoned(TimeZone::UTC).date();
    let sunday = today.checked_sub(i64::from(today.weekday().to_sunday_zero_offset()).days()).ok()?;
    let (month, year) = (today.first_of_month(), today.first_of_year());
    let (from, back, length) = match text.to_ascii_lowercase().as_str() {
        "today" => (today, 0.days(), 1.day()),
        "yesterday" => (today, 1.day(), 1.day()),
        "this week" => (sunday, 0.days(), 7.days()),
        "last week" => (sunday, 7.days(), 7.days()),
        "this month" => (month, 0.days(), 1.month()),
        "last month" => (month, 1.month(), 1.month()),
        "this year" => (year, 0.days(), 1.year()),
        "last year" => (year, 1.year(), 1.year()),
        _ => return None,
    };
    Some((from.checked_sub(back).ok()?, length))
}

/// `2024-01-15`, or `01/15/2024` as Graph's page has it.
fn day(text: &str) -> Option<civil::Date> {
    let american = || {
        let mut figures = text.split('/');
        let (month, day, year) = (figures.next()?.parse().ok()?, figures.next()?.parse().ok()?, figures.next()?.parse().ok()?);
        let whole = figures.next().is_none() && year >= 1000;
        whole.then(|| civil::Date::new(year, month, day).ok()).flatten()
    };
    let is_day = text.len() == "2024-01-15".len() && !text.contains('T');
    if is_day && text.contains('-') { text.parse().ok() } else { american() }
}

/// A time with or without a zone, in UTC.
fn instant(text: &str) -> Option<DateTime> {
    let zoned = text.parse::<jiff::Timestamp>().ok().map(|at| at.to_zoned(TimeZone::UTC).datetime());
    zoned.or_else(|| text.contains(['T', 't', ' ']).then(|| text.parse().ok()).flatten())
}

fn microsecond(at: DateTime) -> Option<i64> {
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1_000_000;

    /// Days since 1970 of a span's ends, on Wednesday, 25 November 2026.
    fn days(text: &str) -> Option<(i64, i64)> {
        let now = "2026-11-25T12:00:00Z".parse::<jiff::Timestamp>().expect("a time").as_microsecond();
        let bounds = interval(text, Timestamp(now))?;
        assert_eq!((bounds.from % DAY, bounds.to % DAY), (0, 0), "{text}");
        Some((bounds.from / DAY, bounds.to / DAY))
    }

    #[test]
    fn a_date_is_a_day() {
        for text in ["2024-01-15", "01/15/2024", "1/15/2024"] {
            assert_eq!(days(text), Some((19_737, 19_738)), "{text}");
        }
        for text in ["15/01/2024", "2024-13-01", "1/15/24", "1/15", "soon", "", "2024"] {
            assert_eq!(days(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_spans() {
        let today = 20_782;
        assert_eq!(days("today"), Some((today, today + 1)));
        assert_eq!(days("Yesterday"), Some((today - 1, today)));
        assert_eq!(days("this week"), Some((today - 3, today + 4)));
        assert_eq!(days("last week"), Some((today - 10, today - 3)));
        assert_eq!(days("this month"), Some((today - 24, today + 6)));
        assert_eq!(days("last month"), Some((today - 55, today - 24)));
        assert_eq!(days("this year"), days("2026-01-01").map(|(from, _)| (from, from + 365)));
        assert_eq!(days("last year"), days("2025-01-01").map(|(from, _)| (from, from + 365)));
    }

    #[test]
    fn a_time_is_a_second() {
        for text in ["2024-01-15T10:00:00Z", "2024-01-15T11:00:00+01:00", "2024-01-15T10:00:00", "2024-01-15 10:00"] {
            let bounds = interval(text, Timestamp(0)).expect(text);
            assert_eq!((bounds.from, bounds.to - bounds.from), (1_705_312_800_000_000, 1_000_000), "{text}");
        }
    }
}
