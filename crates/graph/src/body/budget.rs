//! What JSON bodies cost in memory, and how much all of them may cost at a time. A body that is read becomes a tree, whose
//! files are decoded beside it; its text alone stands in a file from 256 KiB on.

use crate::error::{ApiError, ErrorCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all large JSON bodies may weigh that are worked on at a time, in octets.
const TOGETHER: usize = 128 * 1024 * 1024;
/// What one may weigh that is not counted, in octets.
const SMALL: usize = 1024 * 1024;
/// Octets of one permit.
const UNIT: usize = 64 * 1024;
/// What a value of a tree takes beside its text, in octets.
const OF_VALUE: usize = 128;
/// Values that a body may have: ten times what the largest list of recipients has.
const MOST_VALUES: usize = 250_000;
/// How long a body may wait until others are done.
const PATIENCE: Duration = Duration::from_secs(60);

/// The memory that large JSON bodies share.
#[derive(Debug, Clone)]
pub struct BodyBudget(Arc<Semaphore>);

/// A share of it, for as long as a request is worked on.
pub(crate) type Share = OwnedSemaphorePermit;

impl Default for BodyBudget {
    fn default() -> Self {
        BodyBudget(Arc::new(Semaphore::new(TOGETHER / UNIT)))
    }
}

impl BodyBudget {
    /// Waits until there is room for a body of this weight; nothing where it is too small to count. One that weighs more
    /// than there is takes all of it.
    ///
    /// # Errors
    /// `ServiceNotAvailable` where others take too long.
    pub(crate) async fn share(&self, weight: usize) -> Result<Option<Share>, ApiError> {
        if weight <= SMALL {
            return Ok(None);
        }
        let units = u32::try_from(weight.min(TOGETHER).div_ceil(UNIT)).unwrap_or(u32::MAX);
        let waiting = self.0.clone().acquire_many_owned(units);
        let busy = |cause: &str| {
            ApiError::new(ErrorCode::ServiceNotAvailable, "The service has too many large requests. Try again.").because(cause)
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await.map_err(|_| busy("no memory for another JSON body"))?;
        waited.map(Some).map_err(|error| busy(&error.to_string()))
    }
}

/// What a JSON text costs in octets once it is read: its text again, and what its values take.
///
/// # Errors
/// `BadRequest` for one with too many values: a short text of many makes a tree many times as large.
pub(crate) fn weight(text: &[u8]) -> Result<usize, ApiError> {
    let values = values(text);
    if values > MOST_VALUES {
        let message = format!("The request has more than {MOST_VALUES} values.");
        return Err(ApiError::bad_request(message));
    }
    Ok(text.len() + values * OF_VALUE)
}

/// How many values a text has at most: each but the first stands behind a bracket, a colon or a comma.
fn values(text: &[u8]) -> usize {
    let (mut values, mut at) = (1, 0);
    while let Some(&octet) = text.get(at) {
        at += 1;
        match octet {
            b'[' | b'{' | b':' | b',' => values += 1,
            b'"' => at += string(&text[at..]),
            _ => {}
        }
        if values > MOST_VALUES {
            break;
        }
    }
    values
}

/// How many octets of a string stand behind its opening quote, with the closing one.
fn string(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = text[at..].iter().position(|octet| matches!(octet, b'"' | b'\\')) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at = text.len().min(at + 2);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_of_strings() {
        for (text, expected) in [
            ("", 1),
            ("null", 1),
            (r#"{"a": [1, 2], "b": {}}"#, 8),
            (r#"{"a": "[{,:\"[[[\\"}"#, 3),
            (r#""unended [[[\"#, 1),
            (r#"["a","b"]"#, 3),
        ] {
            assert_eq!(values(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_tree_of_many_small_values_is_told_from_a_large_file() {
        let file = format!(r#"{{"contentBytes": "{}"}}"#, "A".repeat(4_000_000));
        assert!(weight(file.as_bytes()).is_ok_and(|weight| weight < file.len() + 1000));
        let many = format!("[{}0]", "0,".repeat(MOST_VALUES));
        assert_eq!(weight(many.as_bytes()).map_err(|error| error.code), Err(ErrorCode::BadRequest));
    }

    #[tokio::test(start_paused = true)]
    async fn large_bodies_wait_for_each_other_and_small_ones_do_not() {
        let budget = BodyBudget::default();
        let first = budget.share(TOGETHER * 2).await.expect("room");
        assert!(first.is_some());
        assert!(budget.share(SMALL).await.expect("small").is_none());
        let refused = budget.share(SMALL + 1).await.map_err(|error| error.code);
        assert_eq!(refused.err(), Some(ErrorCode::ServiceNotAvailable), "after a while");
        drop(first);
        let halves = [budget.share(TOGETHER / 2).await.expect("room"), budget.share(TOGETHER / 2).await.expect("room")];
        assert!(halves.iter().all(Option::is_some));
    }
}
