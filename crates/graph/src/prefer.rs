//! Preferences of a request (RFC 7240), in one header field or several, and which of them an answer honours.

use crate::error::{ApiError, ErrorCode};
use crate::schema::event_message::InZone;
use crate::zones::zone;
use axum::http::HeaderMap;
use jiff::tz::TimeZone;

/// The preferences of one request: name in lower case, and value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Preferences(Vec<(String, String)>);

/// The form in which texts are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyForm {
    AsStored,
    Html,
    Text,
}

impl Preferences {
    pub(crate) fn of(headers: &HeaderMap) -> Preferences {
        let fields = headers.get_all("prefer").into_iter().filter_map(|field| field.to_str().ok());
        Preferences(fields.flat_map(elements).collect())
    }

    /// The value of a preference; empty where it has none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// `outlook.body-content-type`
    pub(crate) fn body_form(&self) -> BodyForm {
        match self.get(BODY_CONTENT_TYPE) {
            Some(value) if value.eq_ignore_ascii_case("text") => BodyForm::Text,
            Some(value) if value.eq_ignore_ascii_case("html") => BodyForm::Html,
            _ => BodyForm::AsStored,
        }
    }

    /// `outlook.allow-unsafe-html`
    pub(crate) fn allows_unsafe_html(&self) -> bool {
        self.get(ALLOW_UNSAFE_HTML).is_some_and(|value| !value.eq_ignore_ascii_case("false"))
    }

    /// `odata.maxpagesize`: at least 1; one that is no such number is no preference that is honoured (RFC 7240 §2).
    pub(crate) fn max_page_size(&self) -> Option<i64> {
        self.get(MAX_PAGE_SIZE)?.trim().parse().ok().filter(|size| *size > 0)
    }

    /// `outlook.timezone`: a name of Windows or of IANA; UTC where none is given.
    ///
    /// # Errors
    /// For a name that is neither.
    pub(crate) fn time_zone(&self) -> Result<TimeZone, ApiError> {
        let Some(name) = self.get(TIMEZONE).filter(|name| !name.is_empty()) else { return Ok(TimeZone::UTC) };
        let unknown = || ApiError::new(ErrorCode::InvalidTimeZone, format!("The time zone '{name}' is unknown."));
        zone(name).ok_or_else(unknown)
    }

    /// The same for what is shown, with what the client calls it; UTC where it names none that there is.
    pub(crate) fn in_zone(&self) -> InZone {
        match (self.time_zone(), self.get(TIMEZONE)) {
            (Ok(zone), Some(name)) if !name.is_empty() => InZone { zone, name: name.to_owned() },
            _ => InZone::default(),
        }
    }

    /// `return=minimal`
    pub(crate) fn wants_minimal(&self) -> bool {
        self.get("return").is_some_and(|value| value.eq_ignore_ascii_case("minimal"))
    }

    /// The value of `Preference-Applied`: those that this server honours in every answer.
    pub(crate) fn applied(&self) -> Option<String> {
        let mut applied = Vec::new();
        match self.body_form() {
            BodyForm::AsStored => {}
            BodyForm::Html => applied.push(r#"outlook.body-content-type="html""#.to_owned()),
            BodyForm::Text => applied.push(r#"outlook.body-content-type="text""#.to_owned()),
        }
        if self.allows_unsafe_html() {
            applied.push(ALLOW_UNSAFE_HTML.to_owned());
        }
        if self.get(ID_TYPE).is_some_and(|value| value.eq_ignore_ascii_case("ImmutableId")) {
            applied.push(r#"IdType="ImmutableId""#.to_owned()); // every id here lives as long as what it names
        }
        if let Some(value) = self.get(SMIME) {
            applied.push(if value.is_empty() { SMIME.to_owned() } else { format!("{SMIME}=\"{value}\"") });
        }
        if let Some(zone) = self.get(TIMEZONE).filter(|_| self.time_zone().is_ok()) {
            applied.push(format!("{TIMEZONE}=\"{zone}\""));
        }
        (!applied.is_empty()).then(|| applied.join(", "))
    }
}

const BODY_CONTENT_TYPE: &str = "outlook.body-content-type";
const ALLOW_UNSAFE_HTML: &str = "outlook.allow-unsafe-html";
const TIMEZONE: &str = "outlook.timezone";
const SMIME: &str = "restante.smime";
const ID_TYPE: &str = "IdType";
const MAX_PAGE_SIZE: &str = "odata.maxpagesize";

/// The preferences of one field: separated by commas, each `name`, `name=value` or `name="value"`, parameters cut.
fn elements(field: &str) -> Vec<(String, String)> {
    split_outside_quotes(field, ',')
        .into_iter()
        .filter_map(|element| {
            let preference = split_outside_quotes(element, ';').into_iter().next()?;
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim();
            let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
            let name = name.trim().to_ascii_lowercase();
            (!name.is_empty()).then(|| (name, value.to_owned()))
        })
        .collect()
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(fields: &[&'static str]) -> Preferences {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("prefer", HeaderValue::from_static(field));
        }
        Preferences::of(&headers)
    }

    #[test]
    fn one_field_or_several_say_the_same() {
        let one =
            of(&["outlook.body-content-type=\"text\", IdType=\"ImmutableId\"; x=1,outlook.timezone=\"Pacific Standard Time\""]);
        let several = of(&["Outlook.Body-Content-Type=text", "idtype=ImmutableId", "outlook.timezone=Pacific Standard Time"]);
        assert_eq!(one, several);
        assert_eq!(one.body_form(), BodyForm::Text);
        assert_eq!(
            one.applied().as_deref(),
            Some("outlook.body-content-type=\"text\", IdType=\"ImmutableId\", outlook.timezone=\"Pacific Standard Time\"")
        );
        assert_eq!(of(&[]).applied(), None);
        assert_eq!(of(&["a=\"1,2;3\""]).get("A"), Some("1,2;3"));
    }

    #[test]
    fn zones_have_names_of_windows_and_of_iana() {
        for zone in ["Pacific Standard Time", "pacific standard time", "America/Los_Angeles"] {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", HeaderValue::from_str(&format!("outlook.timezone=\"{zone}\"")).expect("field"));
            let found = Preferences::of(&headers).time_zone().expect(zone);
            assert_eq!(found.iana_name(), Some("America/Los_Angeles"), "{zone}");
        }
        assert!(of(&["outlook.timezone=\"Nowhere\""]).time_zone().is_err());
        assert_eq!(
            of(&["outlook.timezone=\"UTC\""]).time_zone().expect("UTC").to_offset(jiff::Timestamp::UNIX_EPOCH).seconds(),
            0
        );
    }
}
