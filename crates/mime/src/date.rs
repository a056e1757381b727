//! The Date field (RFC 5322 §3.3).

use mail_parser::{DateTime, HeaderForm, HeaderValue};

/// Seconds since 1970-01-01T00:00:00Z.
pub type Seconds = i64;

/// Reading and writing the date-time of RFC 5322 §3.3.
pub struct Date;

impl Date {
    /// The instant that a field body names; nothing where it names none.
    pub fn parse(body: &[u8]) -> Option<Seconds> {
        let parsed = HeaderForm::Date.parse(body);
        match parsed.value() {
            HeaderValue::DateTime(date) if date.is_valid() => Some(date.to_timestamp()),
            _ => None,
        }
    }

    /// The field body for an instant, in UTC.
    pub fn format(instant: Seconds) -> String {
        DateTime::from_timestamp(instant).to_rfc822()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(Date::parse(b" Thu, 6 May 2021 22:47:14 +0000"), Some(1_620_341_234));
        assert_eq!(Date::format(1_620_341_234), "Thu, 6 May 2021 22:47:14 +0000");
        assert_eq!(Date::parse(b" yesterday"), None);
        assert_eq!(Date::parse(b""), None);
    }
}
