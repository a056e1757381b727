//! Parameters of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2231).

use mail_parser::{HeaderForm, HeaderValue};

/// A parameter of an unfolded field body, decoded. `name` is in lower case.
pub(crate) fn parameter(body: &str, name: &str) -> Option<String> {
    match HeaderForm::ContentType.parse(body.as_bytes()).value() {
        HeaderValue::ContentType(value) => value.attribute(name).map(str::to_owned),
        _ => None,
    }
}
