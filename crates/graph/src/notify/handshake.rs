//! The question to a URL whether it wants notifications (Graph: change-notifications-delivery-webhooks): it shows so by giving back
//! what it was told.

use super::{Answered, Post, PostError, Posted};
use crate::error::{ApiError, ErrorCode};
use axum::body::Bytes;
use axum::http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;
use store::Timestamp;

/// How long the answer may take (Graph).
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks a URL.
///
/// # Errors
/// Where it doesn't answer as it should, or is none that is posted to.
pub(crate) async fn validate(post: &dyn Post, url: &str, now: Timestamp) -> Result<(), ApiError> {
    let nanos = u32::try_from(now.0.rem_euclid(1_000_000) * 1000).unwrap_or(0);
    let time = uuid::Timestamp::from_unix(uuid::NoContext, now.seconds().unsigned_abs(), nanos);
    let request_id = uuid::Uuid::new_v7(time);
    let token = format!("Validation: Testing client application reachability for subscription Request-Id: {request_id}");
    let posted = Posted { content_type: "text/plain; charset=utf-8", body: Bytes::new(), patience: PATIENCE, reads_answer: true };
    match post.post(&with_token(url, &token), posted).await {
        Ok(answered) => check(&answered, &token),
        Err(PostError::Late) => Err(invalid("Subscription validation request timed out.")),
        Err(PostError::Refused(why)) => Err(invalid(&format!("Subscription validation request failed. {why}"))),
        Err(PostError::Failed(why)) => {
            tracing::info!(cause = why, "a receiver could not be asked");
            Err(invalid(FAILED))
        }
    }
}

const FAILED: &str =
    "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.";

/// What the URL's own query says stays (Graph).
fn with_token(url: &str, token: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}validationToken={}", utf8_percent_encode(token, NON_ALPHANUMERIC))
}

fn check(answered: &Answered, token: &str) -> Result<(), ApiError> {
    if answered.status != 200 {
        let status = StatusCode::from_u16(answered.status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
        let word: String = status.split_whitespace().collect();
        return Err(invalid(&format!("{FAILED} HTTP status code is '{word}'.")));
    }
    let media_type = answered.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("text/plain") {
        return Err(invalid("Subscription validation request failed. The response must have the content type 'text/plain'."));
    }
    if answered.body != token.as_bytes() {
        return Err(invalid(
            "Subscription validation request failed. The response body must be the validation token, decoded, and nothing else.",
        ));
    }
    Ok(())
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(ErrorCode::ValidationError, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, content_type: &str, body: &'static str) -> Answered {
        Answered { status, content_type: Some(content_type.to_owned()), body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn the_token_alone_as_plain_text_is_good() {
        for good in ["text/plain", "text/plain; charset=utf-8", "TEXT/Plain;charset=us-ascii"] {
            assert!(check(&answered(200, good, "a token"), "a token").is_ok(), "{good}");
        }
        let told = |answered: Answered| check(&answered, "a token").expect_err("it is refused").message;
        assert_eq!(told(answered(404, "text/plain", "a token")), format!("{FAILED} HTTP status code is 'NotFound'."));
        assert!(told(answered(202, "text/plain", "a token")).contains("'Accepted'"));
        assert!(told(answered(200, "text/html", "a token")).contains("'text/plain'"));
        for body in ["a+token", "\"a token\"", "", "a token\n"] {
            assert!(told(answered(200, "text/plain", body)).contains("nothing else"), "{body:?}");
        }
    }

    #[test]
    fn a_query_stays() {
        assert_eq!(with_token("https://a.example/b", "c d"), "https://a.example/b?validationToken=c%20d");
        assert_eq!(with_token("https://a.example/b?x=1", "c"), "https://a.example/b?x=1&validationToken=c");
    }
}
