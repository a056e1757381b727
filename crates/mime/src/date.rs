//! The Date field (RFC 5322 §3.3), obsolete forms included (§4.3).

use crate::comment::without_comments;
use mail_parser::DateTime;

/// Seconds since 1970-01-01T00:00:00Z.
pub type Seconds = i64;

/// Reading and writing the date-time of RFC 5322 §3.3.
pub struct Date;

impl Date {
    /// The instant that a field body names; nothing where it names none.
    ///
    /// Comments may stand anywhere; the seconds may be missing, and the zone, which then is UTC as one is that nobody
    /// knows (§4.3).
    pub fn parse(body: &[u8]) -> Option<Seconds> {
        let text = without_comments(&String::from_utf8_lossy(body));
        Fields::read(&text)?.instant()
    }

    /// The field body for an instant, in UTC.
    pub fn format(instant: Seconds) -> String {
        DateTime::from_timestamp(instant).to_rfc822()
    }
}

/// What a date-time is made of, as far as it was read.
#[derive(Default)]
struct Fields {
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
    time: Option<Seconds>,
    /// Seconds east of UTC.
    zone: Option<Seconds>,
}

impl Fields {
    /// Reads the words in any order, save that the day comes before the year: so the order of C's asctime is read too.
    fn read(text: &str) -> Option<Fields> {
        let joined = text.split(':').map(str::trim).collect::<Vec<_>>().join(":");
        let mut fields = Fields::default();
        for word in joined.split([' ', '\t', '\r', '\n', ',']).filter(|word| !word.is_empty()) {
            fields.word(word)?;
        }
        Some(fields)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        if word.starts_with(['+', '-']) {
            self.zone = self.zone.or_else(|| offset(word));
        } else if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.name(word);
        } else if let Some((hour, rest)) = word.split_once(':') {
            let zone = rest.find(['+', '-']).map(|at| rest.split_at(at));
            let (rest, zone) = zone.map_or((rest, None), |(rest, zone)| (rest, Some(zone)));
            self.time = Some(time(hour, rest)?);
            self.zone = self.zone.or_else(|| zone.and_then(offset));
        } else if word.contains('-') {
            word.split('-').try_for_each(|part| self.word(part))?; // 6-May-2021
        } else if self.day.is_none() && word.len() <= 2 {
            self.day = Some(word.parse().ok()?);
        } else if self.year.is_none() {
            self.year = Some(year(word)?);
        }
        Some(())
    }

    fn name(&mut self, word: &str) {
        const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let name = word.to_ascii_lowercase();
        let month = (1..).zip(MONTHS).find(|(_, month)| name.starts_with(month)).map(|(number, _)| number);
        if self.time.is_some() {
            self.zone = self.zone.or_else(|| zone(&name));
        }
        self.month = self.month.or(month); // anything else is the day of the week, which says nothing new
    }

    fn instant(&self) -> Option<Seconds> {
        let (day, month, year) = (self.day?, self.month?, self.year?);
        (1..=days_in(month, year)).contains(&day).then_some(())?;
        Some(days_since_1970(day, month, year) * 86_400 + self.time? - self.zone.unwrap_or(0))
    }
}

/// Two and three digits as §4.3 has them.
fn year(word: &str) -> Option<i64> {
    let number: i64 = word.parse().ok().filter(|n| (0..=9999).contains(n))?;
    Some(match (word.len(), number) {
        (0..=2, 0..=49) => 2000 + number,
        (0..=3, _) => 1900 + number,
        _ => number,
    })
}

fn time(hour: &str, rest: &str) -> Option<Seconds> {
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "0"));
    let number = |text: &str, most: i64| text.parse().ok().filter(|n| (0..=most).contains(n));
    Some(number(hour, 23)? * 3_600 + number(minute, 59)? * 60 + number(second, 60)?)
}

/// `+0530`; also `-600`, `+05:30` and `+2`, which are met.
fn offset(word: &str) -> Option<Seconds> {
    let digits = word[1..].replace(':', "");
    let number: i64 = digits.parse().ok().filter(|_| digits.len() <= 4)?;
    let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    let seconds = (hours < 24 && minutes < 60).then_some(hours * 3_600 + minutes * 60)?;
    Some(if word.starts_with('-') { -seconds } else { seconds })
}

/// The names of §4.3, and UTC. A military letter says nothing reliable and is UTC, as everything unknown.
fn zone(name: &str) -> Option<Seconds> {
    const HOURS: [(&str, i64); 11] = [
        ("gmt", 0),
        ("ut", 0),
        ("utc", 0),
        ("est", -5),
        ("edt", -4),
        ("cst", -6),
        ("cdt", -5),
        ("mst", -7),
        ("mdt", -6),
        ("pst", -8),
        ("pdt", -7),
    ];
    HOURS.iter().find(|(known, _)| *known == name).map(|(_, hours)| hours * 3_600)
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days of the Gregorian calendar: the year begins in March here, so that the leap day is its last.
fn days_since_1970(day: i64, month: i64, year: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(Date::parse(b" Thu, 6 May 2021 22:47:14 +0000"), Some(1_620_341_234));
        assert_eq!(Date::format(1_620_341_234), "Thu, 6 May 2021 22:47:14 +0000");
        for instant in (-3_000_000_000..30_000_000_000).step_by(86_399 * 97) {
            assert_eq!(Date::parse(Date::format(instant).as_bytes()), Some(instant));
        }
    }

    #[test]
    fn obsolete_and_odd_forms_are_read() {
        let same: [&[u8]; 13] = [
            b"Tue, 03 Mar 2026 10:11:00 -0500",
            b"Tue, 3 Mar 26 10:11 EST (comment)",
            b"(a)Tue(b),(c)3(d)Mar(e)26(f)10 : (g) 11(h)est",
            b"3 Mar 126 10:11 -500",
            b"3-Mar-2026 15:11:00",
            b"Tue Mar  3 15:11:00 2026",
            b"Tue Mar 3 10:11:00 EST 2026",
            b"tuesday, 3 march 2026 15:11:00 Z",
            b"3 Mar 2026 15:11 A",
            b"3 Mar 2026 15:11 +9999",
            b"3 Mar 2026 20:41:00 +05:30",
            b"3 Mar 2026 10:11:00-0500",
            b"3 Mar 2026 10:11:00 (EST) -0500",
        ];
        for text in same {
            assert_eq!(Date::parse(text), Some(1_772_550_660), "{:?}", String::from_utf8_lossy(text));
        }
        assert_eq!(Date::parse(b"Mon, 30 Jun 3609 15:33:50 +0600"), Some(51_737_477_630));
    }

    #[test]
    fn what_names_no_instant_is_none() {
        for text in [
            "",
            "yesterday",
            "30 Feb 2026 10:00:00 +0000",
            "3 Mar 2026",
            "3 Mar 2026 25:00",
            "Mar 2026 10:00",
            "1 2 3",
            "-",
            "2026-03-03T15:11:00Z",
        ] {
            assert_eq!(Date::parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
