//! Days, instants and lengths of time (OData 4.01 ABNF `dateValue`, `dateTimeOffsetValue`, `durationValue`; Gregorian
//! calendar, years 1 to 9999). Told a text, they never ask a clock.

use std::fmt;

const DAY: i64 = 86_400;
const NANOSECONDS: u32 = 1_000_000_000;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1 January 1970.
    days: i64,
}

impl Date {
    /// Reads `2024-01-31`; nothing for another text or a day that the calendar doesn't have.
    pub fn parse(text: &str) -> Option<Date> {
        let mut rest = text;
        let date = Date::read(&mut rest)?;
        rest.is_empty().then_some(date)
    }

    /// The day so many days after 1 January 1970, where its year has four digits.
    pub fn from_unix_days(days: i64) -> Option<Date> {
        (FIRST_DAY..=LAST_DAY).contains(&days).then_some(Date { days })
    }

    /// Days since 1 January 1970.
    pub fn unix_days(self) -> i64 {
        self.days
    }

    /// When it begins, in UTC.
    pub fn midnight(self) -> DateTimeOffset {
        DateTimeOffset { seconds: self.days * DAY, nanoseconds: 0 }
    }

    fn read(rest: &mut &str) -> Option<Date> {
        let year = digits(rest, 4)?;
        eat(rest, '-')?;
        let month = digits(rest, 2)?;
        eat(rest, '-')?;
        let day = digits(rest, 2)?;
        let date = Date::from_unix_days(days_of(year, month, day)?)?;
        // A day that its month doesn't have counts on into the next.
        (date.civil() == (year, month, day)).then_some(date)
    }

    /// Year, month and day.
    fn civil(self) -> (i64, i64, i64) {
        let since = self.days + MARCH_OF_YEAR_0;
        let estimate = since * 400 / DAYS_OF_400_YEARS;
        let year = if days_before(estimate + 1) <= since { estimate + 1 } else { estimate };
        let year = if days_before(year) > since { year - 1 } else { year };
        let day_of_year = since - days_before(year);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - days_before_month(month) + 1;
        if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// An instant, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTimeOffset {
    seconds: i64,
    nanoseconds: u32,
}

impl DateTimeOffset {
    /// Reads `2024-01-31T10:20:30.123Z`. Seconds and zone may be missing; without a zone it is UTC, as Graph has it. Of a
    /// fraction nine digits count, and more than twelve are refused. Nothing for another text.
    pub fn parse(text: &str) -> Option<DateTimeOffset> {
        let mut rest = text;
        let date = Date::read(&mut rest)?;
        eat(&mut rest, 'T').or_else(|| eat(&mut rest, 't'))?;
        let hour = digits(&mut rest, 2).filter(|&h| h < 24)?;
        eat(&mut rest, ':')?;
        let minute = digits(&mut rest, 2).filter(|&m| m < 60)?;
        let (mut second, mut nanoseconds) = (0, 0);
        if eat(&mut rest, ':').is_some() {
            second = digits(&mut rest, 2).filter(|&s| s < 60)?;
            nanoseconds = fraction(&mut rest)?;
        }
        let zone = zone(rest)?;
        DateTimeOffset::from_unix(date.days * DAY + hour * 3600 + minute * 60 + second - zone, nanoseconds)
    }

    /// The instant so many seconds and nanoseconds after 1970 began in UTC, where its year has four digits.
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Option<DateTimeOffset> {
        Date::from_unix_days(seconds.div_euclid(DAY)).filter(|_| nanoseconds < NANOSECONDS)?;
        Some(DateTimeOffset { seconds, nanoseconds })
    }

    /// Whole seconds since 1970 began in UTC, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds since that second.
    pub fn subsec_nanoseconds(self) -> u32 {
        self.nanoseconds
    }
}

impl fmt::Display for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = Date { days: self.seconds.div_euclid(DAY) };
        let second = self.seconds.rem_euclid(DAY);
        write!(f, "{date}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)?;
        write_fraction(f, self.nanoseconds)?;
        f.write_str("Z")
    }
}

/// A length of time, to the nanosecond; it may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    nanoseconds: i128,
}

impl Duration {
    /// Reads `-P1DT2H3M4.5S`, as XML Schema's `dayTimeDuration`; nothing for another text, or for more than 2⁶³ seconds.
    pub fn parse(text: &str) -> Option<Duration> {
        let (sign, length) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let length = length.strip_prefix('P')?;
        let (date, time) = length.split_once('T').unwrap_or((length, "0S"));
        let (days, rest) = amount(date, 'D')?;
        let (hours, time) = amount(time, 'H')?;
        let (minutes, time) = amount(time, 'M')?;
        // Something stands behind `P` and behind `T`.
        if !rest.is_empty() || length.is_empty() || length.ends_with('T') {
            return None;
        }
        let (seconds, nanoseconds) = if time.is_empty() { (0, 0) } else { seconds(time)? };
        let parts = [(days, DAY), (hours, 3600), (minutes, 60), (seconds, 1)];
        let sum = parts.iter().try_fold(0_i64, |sum, (count, unit)| sum.checked_add(count.checked_mul(*unit)?))?;
        Some(Duration { nanoseconds: sign * (i128::from(sum) * i128::from(NANOSECONDS) + i128::from(nanoseconds)) })
    }

    /// All of it in nanoseconds.
    pub fn nanoseconds(self) -> i128 {
        self.nanoseconds
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.nanoseconds.unsigned_abs();
        let sign = if self.nanoseconds < 0 { "-" } else { "" };
        write!(f, "{sign}PT{}", length / u128::from(NANOSECONDS))?;
        let rest = length % u128::from(NANOSECONDS);
        write_fraction(f, u32::try_from(rest).map_err(|_| fmt::Error)?)?;
        f.write_str("S")
    }
}

/// A whole number before a unit and what follows it; 0 where another unit stands or none.
fn amount(text: &str, unit: char) -> Option<(i64, &str)> {
    match text.split_once(unit) {
        Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => Some((number.parse().ok()?, rest)),
        _ => Some((0, text)),
    }
}

/// Seconds with their fraction and their unit, and nothing behind it.
fn seconds(text: &str) -> Option<(i64, u32)> {
    let length = text.find(|c: char| !c.is_ascii_digit())?;
    let (whole, mut rest) = text.split_at(length);
    let nanoseconds = fraction(&mut rest)?;
    (rest == "S").then_some(())?;
    Some((whole.parse().ok()?, nanoseconds))
}

/// The zone at the end of an instant, in seconds east of UTC.
fn zone(text: &str) -> Option<i64> {
    if text.is_empty() || text.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    let mut rest = text;
    let sign = if eat(&mut rest, '-').is_some() { -1 } else { eat(&mut rest, '+').map(|()| 1)? };
    let hours = digits(&mut rest, 2).filter(|&h| h < 24)?;
    eat(&mut rest, ':')?;
    let minutes = digits(&mut rest, 2).filter(|&m| m < 60)?;
    rest.is_empty().then_some(sign * (hours * 3600 + minutes * 60))
}

/// The fraction of a second where one stands, in nanoseconds.
fn fraction(rest: &mut &str) -> Option<u32> {
    if eat(rest, '.').is_none() {
        return Some(0);
    }
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(length);
    *rest = behind;
    (1..=12).contains(&length).then(|| format!("{digits:0<9}")[..9].parse().ok()).flatten()
}

fn write_fraction(f: &mut fmt::Formatter<'_>, nanoseconds: u32) -> fmt::Result {
    match nanoseconds {
        0 => Ok(()),
        _ => write!(f, ".{}", format!("{nanoseconds:09}").trim_end_matches('0')),
    }
}

fn digits(rest: &mut &str, count: usize) -> Option<i64> {
    let digits = rest.get(..count).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
    *rest = &rest[count..];
    digits.parse().ok()
}

fn eat(rest: &mut &str, character: char) -> Option<()> {
    *rest = rest.strip_prefix(character)?;
    Some(())
}

// Years that begin in March have their leap day at their end, which makes the sums below short.

/// Days from 1 March of year 0 to 1 January 1970.
const MARCH_OF_YEAR_0: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;
/// 1 January of year 1, 31 December of year 9999.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

/// Days since 1970 of a day that its month may not have; nothing for a month that there is not.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        3..=12 => (year, month - 3),
        _ => return None,
    };
    Some(days_before(year) + days_before_month(month) + day - 1 - MARCH_OF_YEAR_0)
}

/// Days from 1 March of year 0 to 1 March of a year.
fn days_before(year: i64) -> i64 {
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)
}

/// Days from 1 March to the beginning of a month counted from March.
fn days_before_month(month: i64) -> i64 {
    (153 * month + 2) / 5
}
