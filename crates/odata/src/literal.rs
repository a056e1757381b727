//! Literals (OData 4.01 ABNF `primitiveLiteral`), and the spellings of OData 2 and 3 that clients still send:
//! `datetimeoffset'…'`, `guid'…'`, `binary'…'` in base64, numbers with a suffix.

mod time;

pub use time::{Date, DateTimeOffset, Duration};

/// A value written in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// Octets, in base64 with the alphabet for URLs and no padding.
    Binary(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A day.
    Date(Date),
    /// An instant.
    DateTimeOffset(DateTimeOffset),
    /// A number that is no [`Literal::Int`], as written, without a suffix; `INF`, `-INF` and `NaN` too. `f64` can be
    /// parsed of it.
    Decimal(String),
    /// A length of time.
    Duration(Duration),
    /// A member of an enumeration whose type is named. One without its type is a [`Literal::String`].
    Enum {
        /// The type, with its namespace.
        type_name: String,
        /// The member.
        value: String,
    },
    /// A GUID, most significant octet first.
    Guid(u128),
    /// A whole number.
    Int(i64),
    /// `null`.
    Null,
    /// A text, without quotes.
    String(String),
}

impl Literal {
    /// The instant that a date or date and time stands for; a day stands for its beginning in UTC.
    pub fn instant(&self) -> Option<DateTimeOffset> {
        match self {
            Literal::Date(date) => Some(date.midnight()),
            Literal::DateTimeOffset(instant) => Some(*instant),
            _ => None,
        }
    }

    /// A literal that is a word. Case counts in none of those that have only one spelling in the standard, since clients
    /// write their own language's `True`.
    pub(crate) fn word(word: &str) -> Option<Literal> {
        match word {
            "INF" | "NaN" => Some(Literal::Decimal(word.to_owned())),
            _ if word.eq_ignore_ascii_case("true") => Some(Literal::Boolean(true)),
            _ if word.eq_ignore_ascii_case("false") => Some(Literal::Boolean(false)),
            _ if word.eq_ignore_ascii_case("null") => Some(Literal::Null),
            _ => None,
        }
    }

    /// A number or a date.
    pub(crate) fn bare(text: &str) -> Option<Literal> {
        if let Some(date) = Date::parse(text) {
            return Some(Literal::Date(date));
        }
        DateTimeOffset::parse(text).map(Literal::DateTimeOffset).or_else(|| number(text))
    }

    /// A literal that names its type before its quoted text; otherwise what should stand there.
    pub(crate) fn typed(type_name: &str, text: &str) -> Result<Literal, &'static str> {
        match type_name.to_ascii_lowercase().as_str() {
            "binary" => base64url(text).map(Literal::Binary).ok_or("base64 in quotes"),
            "datetime" | "datetimeoffset" => {
                let date = || Date::parse(text).map(Date::midnight);
                DateTimeOffset::parse(text).or_else(date).map(Literal::DateTimeOffset).ok_or("a date and time in quotes")
            }
            // OData 3 calls a length of time so.
            "duration" | "time" => Duration::parse(text).map(Literal::Duration).ok_or("a duration in quotes"),
            "guid" => Literal::guid(text).ok_or("a GUID in quotes"),
            _ if type_name.contains('.') => Ok(Literal::Enum { type_name: type_name.to_owned(), value: text.to_owned() }),
            _ => Err("the type of a literal, such as guid, or an enumeration with its namespace"),
        }
    }

    /// A GUID in its usual form of 8, 4, 4, 4 and 12 hexadecimal digits.
    pub(crate) fn guid(text: &str) -> Option<Literal> {
        let groups: Vec<&str> = text.split('-').collect();
        let digits = groups.concat();
        let shaped = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
        let hexadecimal = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let value = u128::from_str_radix(&digits, 16).ok().filter(|_| shaped && hexadecimal)?;
        Some(Literal::Guid(value))
    }
}

/// A number, with or without fraction and exponent. The suffixes of OData 2 (`5L`, `1.5d`) say what the property's type
/// says again.
fn number(text: &str) -> Option<Literal> {
    if text == "-INF" {
        return Some(Literal::Decimal(text.to_owned()));
    }
    let text = text.strip_suffix(['d', 'D', 'f', 'F', 'l', 'L', 'm', 'M']).unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let exponent_digits = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    if ![Some(whole), fraction, exponent_digits].into_iter().flatten().all(is_digits) {
        return None;
    }
    let int = (fraction.is_none() && exponent.is_none()).then(|| text.parse().ok()).flatten();
    Some(int.map_or_else(|| Literal::Decimal(text.to_owned()), Literal::Int))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Base64 of either alphabet, padded or not, in the form that OData 4 writes (RFC 4648 §5). A space is a `+` that was
/// sent as it is.
fn base64url(text: &str) -> Option<String> {
    let digits = text.trim_end_matches('=');
    let (padding, missing) = (text.len() - digits.len(), (4 - digits.len() % 4) % 4);
    let fits = missing < 3 && (padding == 0 || padding == missing);
    let digits: Option<String> = digits.chars().map(base64url_digit).collect();
    digits.filter(|_| fits)
}

fn base64url_digit(digit: char) -> Option<char> {
    match digit {
        '+' | ' ' => Some('-'),
        '/' => Some('_'),
        '-' | '_' => Some(digit),
        _ => digit.is_ascii_alphanumeric().then_some(digit),
    }
}
