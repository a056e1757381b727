//! A page of a list that is rendered whole before it is cut: of folders, and of what a mailbox has few of.

use crate::error::ApiError;
use crate::page::{collection, json_answer};
use crate::request::Asked;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

/// The page that `$top` and `$skip` ask for, with the whole list's `$count`. Without `$top` it has `page` items, or all of them
/// where there is no such number.
pub(crate) fn small_page(
    asked: &Asked<'_>,
    context: String,
    listed: Vec<Value>,
    page: Option<i64>,
) -> Result<Response, ApiError> {
    let (top, skip) = (asked.top(page.unwrap_or(i64::MAX))?, asked.options.number("skip")?.unwrap_or(0));
    let with_count = asked.options.boolean("count")?.unwrap_or(false);
    let (count, end) = (i64::try_from(listed.len()).unwrap_or(i64::MAX), skip.saturating_add(top));
    let chosen = listed.into_iter().skip(index(skip)).take(index(top)).collect();
    let next = (end < count).then(|| asked.skip_link(end));
    Ok(json_answer(StatusCode::OK, &collection(context, with_count.then_some(count), next, chosen)))
}

/// A number from a query as a place in a list.
fn index(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
