//! Values of extended properties: always text on the wire, one spelling of each in the store.

use super::invalid_value;
use super::property_id::PropertyType;
use crate::error::ApiError;
use encodify::base64::STANDARD;
use mime::decode_base64;
use serde_json::Value;
use store::ExtendedValue;
use uuid::Uuid;

/// Octets that one value may have.
const MAX_OCTETS: usize = 64 * 1024;

impl PropertyType {
    /// Reads a value of this type: a string, as Graph has it, or JSON's own number or Boolean.
    ///
    /// # Errors
    /// For a text that is none.
    pub(crate) fn read(self, value: &Value) -> Result<ExtendedValue, ApiError> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Null | Value::Object(_) => return Err(invalid_value("a string")),
        };
        if text.len() > MAX_OCTETS {
            return Err(invalid_value(&format!("a value of at most {MAX_OCTETS} octets")));
        }
        self.parse(&text).ok_or_else(|| invalid_value(self.expected()))
    }

    /// A value by its text.
    pub(crate) fn parse(self, text: &str) -> Option<ExtendedValue> {
        match self {
            PropertyType::Binary => decode_base64(text.as_bytes()).ok().map(|octets| exact(STANDARD.encode(octets), None)),
            PropertyType::Boolean => {
                let value = match text.trim().to_ascii_lowercase().as_str() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return None,
                };
                Some(exact(value.to_string(), Some(i64::from(value))))
            }
            PropertyType::Clsid => Uuid::parse_str(text.trim()).ok().map(|id| exact(id.to_string(), None)),
            PropertyType::Double => {
                let value: f64 = text.trim().parse().ok().filter(|value: &f64| value.is_finite())?;
                Some(exact(value.to_string(), Some(in_order(value))))
            }
            PropertyType::Integer => whole(text, i64::from(i32::MIN), i64::from(i32::MAX)),
            PropertyType::Long => whole(text, i64::MIN, i64::MAX),
            PropertyType::Short => whole(text, i64::from(i16::MIN), i64::from(i16::MAX)),
            PropertyType::String => Some(ExtendedValue { text: text.to_owned(), folded: text.to_lowercase(), number: None }),
            PropertyType::SystemTime => {
                let at: jiff::Timestamp = text.trim().parse().ok()?;
                Some(exact(at.to_string(), Some(at.as_microsecond())))
            }
        }
    }

    fn expected(self) -> &'static str {
        match self {
            PropertyType::Binary => "base64",
            PropertyType::Boolean => "true or false",
            PropertyType::Clsid => "a GUID",
            PropertyType::Double => "a number",
            PropertyType::Integer => "a whole number of 32 bits",
            PropertyType::Long => "a whole number of 64 bits",
            PropertyType::Short => "a whole number of 16 bits",
            PropertyType::String => "a string",
            PropertyType::SystemTime => "a date and time with a zone",
        }
    }
}

/// A value that compares by its one spelling.
fn exact(text: String, number: Option<i64>) -> ExtendedValue {
    ExtendedValue { folded: text.clone(), text, number }
}

fn whole(text: &str, least: i64, most: i64) -> Option<ExtendedValue> {
    let value: i64 = text.trim().parse().ok().filter(|value| (least..=most).contains(value))?;
    Some(exact(value.to_string(), Some(value)))
}

/// A whole number that stands among others as the floating-point number does among its like (IEEE 754 §5.10).
fn in_order(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits().cast_signed(); // -0.0 is 0.0
    if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: PropertyType, given: &str) -> Option<String> {
        kind.parse(given).map(|value| value.text)
    }

    #[test]
    fn values_have_one_spelling() {
        for (kind, given, kept) in [
            (PropertyType::Binary, "_-8", None),
            (PropertyType::Binary, "/+8", Some("/+8=")),
            (PropertyType::Boolean, "True", Some("true")),
            (PropertyType::Boolean, "0", Some("false")),
            (PropertyType::Boolean, "yes", None),
            (PropertyType::Clsid, "{B9CF8971-7D55-4B73-9FFA-A584611B600B}", Some("b9cf8971-7d55-4b73-9ffa-a584611b600b")),
            (PropertyType::Double, "1.50", Some("1.5")),
            (PropertyType::Double, "NaN", None),
            (PropertyType::Integer, " 007 ", Some("7")),
            (PropertyType::Integer, "2147483648", None),
            (PropertyType::Integer, "1.5", None),
            (PropertyType::Long, "2147483648", Some("2147483648")),
            (PropertyType::Short, "40000", None),
            (PropertyType::String, " Green ", Some(" Green ")),
            (PropertyType::SystemTime, "2026-11-24T10:00:00+01:00", Some("2026-11-24T09:00:00Z")),
            (PropertyType::SystemTime, "2026-11-24", None),
        ] {
            assert_eq!(text(kind, given).as_deref(), kept, "{kind:?} {given}");
        }
        assert_eq!(PropertyType::String.parse("GRÜN").map(|value| value.folded).as_deref(), Some("grün"));
    }

    #[test]
    fn numbers_keep_their_order() {
        let ordered = ["-1e300", "-2.5", "-0.0", "1e-300", "3", "1e300"];
        let numbers: Vec<Option<i64>> =
            ordered.iter().map(|text| PropertyType::Double.parse(text).and_then(|value| value.number)).collect();
        assert!(numbers.is_sorted() && numbers[2] == Some(0), "{numbers:?}");
    }
}
