//! Lists of what `$search` finds (Graph: search-query-parameter), the latest sent first.

use super::message_list::{PAGE, listed_page};
use super::messages::READ;
use crate::error::ApiError;
use crate::request::Asked;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use encodify::base64::URL_SAFE_NO_PAD;
use identity::Seal;
use mailbox::FolderName;
use store::{SearchPosition, SearchQuery};

/// Says that a large mailbox is being indexed, and not all was looked through.
const INCOMPLETE: HeaderName = HeaderName::from_static("restante-search-incomplete");

/// `GET …/messages?$search=…`
pub(super) async fn search_messages(
    asked: &Asked<'_>,
    folder: Option<FolderName>,
    query: SearchQuery,
) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand", "top", "skip", "skiptoken", "count", "search"])?;
    let mailbox = asked.mailbox(READ).await?;
    let links = asked.graph.identity.links();
    let after = asked.options.get("skiptoken").map(|token| parse_token(links, token)).transpose()?;
    let page = (asked.options.number("skip")?.unwrap_or(0), asked.top(PAGE)?);
    let count = match asked.options.boolean("count")? {
        Some(true) => Some(mailbox.count_found(folder, query.clone()).await?),
        _ => None,
    };
    let found = mailbox.search(folder, query, after, page).await?;
    let next = found.next.map(|after| asked.token_link(&token(links, after)));
    let mut response = listed_page(asked, &mailbox, folder, found.records, (count, next)).await?;
    if !found.complete {
        response.headers_mut().insert(INCOMPLETE, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Begins what is sealed, so that no other token is taken for a place among what is found.
const SEALED: u8 = b'S';

fn token(links: &Seal, SearchPosition(place): SearchPosition) -> String {
    URL_SAFE_NO_PAD.encode(links.seal(&[&[SEALED], &place.to_be_bytes()[..]].concat()))
}

fn parse_token(links: &Seal, text: &str) -> Result<SearchPosition, ApiError> {
    let octets = URL_SAFE_NO_PAD.decode(text).ok();
    let place = octets.and_then(|octets| match links.open(&octets)?.split_first()? {
        (&SEALED, place) => Some(SearchPosition(i64::from_be_bytes(place.try_into().ok()?))),
        _ => None,
    });
    place.ok_or_else(ApiError::no_skip_token)
}
