//! The octets of a message (Graph: outlook-get-mime-message): given as they are kept, whole or a range of them, with
//! their digest.

use super::messages::tagged;
use crate::body::Given;
use crate::error::{ApiError, ErrorCode};
use crate::page::empty_answer;
use crate::request::Asked;
use crate::schema::message::etag;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use encodify::base64::STANDARD;
use futures::stream;
use mailbox::Content;
use std::convert::Infallible;
use std::ops::Range;
use store::{Digest, MessageId};

/// RFC 9530 §3
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// Octets from this size on are digested beside the threads that answer requests.
const DIGESTED_APART: u64 = 256 * 1024;

/// `GET …/messages/{id}/$value`
pub(crate) async fn get_value(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let content = mailbox.content(mailbox.message(id).await?).await?;
    let etag = etag(&content.record);
    if asked.has_version(&content.record) {
        return Ok(tagged(empty_answer(StatusCode::NOT_MODIFIED), &etag));
    }
    let octets = content.octets();
    let size: u64 = octets.iter().map(|piece| piece.len() as u64).sum();
    let digest = digest(&content, &octets, size).await?;
    let mut response = match range(&asked.headers, size)? {
        None => of_octets(StatusCode::OK, octets, size),
        Some(range) => {
            let mut part = of_octets(StatusCode::PARTIAL_CONTENT, cut(&octets, &range), range.end - range.start);
            let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            insert(&mut part, header::CONTENT_RANGE, &content_range);
            part
        }
    };
    insert(&mut response, REPR_DIGEST, &format!("sha-256=:{}:", STANDARD.encode(digest.0)));
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(tagged(response, &etag))
}

/// `PUT …/messages/{id}/$value`: replaces the octets of a draft.
pub(crate) async fn put_value(asked: &Asked<'_>, id: MessageId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    match asked.body(&mailbox, body).await? {
        (Given::Mime(blob), _) => mailbox.replace_octets(id, blob, asked.protection()?).await?,
        (Given::Json(_), _) => return Err(ApiError::invalid_mime("the body is JSON, or there is none")),
    };
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

pub(super) fn of_octets(status: StatusCode, octets: Vec<Bytes>, size: u64) -> Response {
    let mut response = Response::new(Body::from_stream(stream::iter(octets.into_iter().map(Ok::<_, Infallible>))));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    response
}

fn insert(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

async fn digest(content: &Content, octets: &[Bytes], size: u64) -> Result<Digest, ApiError> {
    if content.is_whole() {
        return Ok(content.record.blob);
    }
    if size < DIGESTED_APART {
        return Ok(Digest::of_pieces(octets));
    }
    let octets = octets.to_vec();
    let digested = tokio::task::spawn_blocking(move || Digest::of_pieces(&octets)).await;
    digested.map_err(|_| ApiError::internal("a message could not be digested"))
}

/// The range that is asked for (RFC 9110 §14.1.2); nothing where there is none, or one that may be passed over.
fn range(headers: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, ApiError> {
    let Some(asked) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else { return Ok(None) };
    let Some((first, last)) = asked.trim().strip_prefix("bytes=").and_then(|one| one.split_once('-')) else {
        return Ok(None);
    };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..size,
        (Err(_), Ok(suffix)) if first.trim().is_empty() => size.saturating_sub(suffix)..size,
        _ => return Ok(None), // several ranges, or none that can be read
    };
    if range.start < range.end {
        return Ok(Some(range));
    }
    Err(ApiError::new(ErrorCode::InvalidRange, format!("The message has {size} octets.")))
}

/// The octets of a range.
fn cut(octets: &[Bytes], range: &Range<u64>) -> Vec<Bytes> {
    let mut at = 0;
    let mut pieces = Vec::new();
    for piece in octets {
        let end = at + piece.len() as u64;
        let within = range.start.max(at)..range.end.min(end);
        if within.start < within.end {
            // both ends lie within this piece, whose length is a usize
            let offset = |octet: u64| usize::try_from(octet - at).unwrap_or(piece.len());
            pieces.push(piece.slice(offset(within.start)..offset(within.end)));
        }
        at = end;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<Option<Range<u64>>, ErrorCode> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(value).expect("field"));
        range(&headers, 10).map_err(|error| error.code)
    }

    #[test]
    fn ranges_are_read_as_http_has_them() {
        assert_eq!(of("bytes=0-3"), Ok(Some(0..4)));
        assert_eq!(of("bytes=4-"), Ok(Some(4..10)));
        assert_eq!(of("bytes=-3"), Ok(Some(7..10)));
        assert_eq!(of("bytes=-30"), Ok(Some(0..10)));
        assert_eq!(of("bytes=8-99"), Ok(Some(8..10)));
        assert_eq!(of("bytes=10-"), Err(ErrorCode::InvalidRange));
        assert_eq!(of("bytes=-0"), Err(ErrorCode::InvalidRange));
        for passed_over in ["bytes=5-3", "bytes=0-1,3-4", "lines=1-2", "bytes=x-"] {
            assert_eq!(of(passed_over), Ok(None), "{passed_over}");
        }
    }

    #[test]
    fn a_cut_goes_over_pieces() {
        let octets = [Bytes::from_static(b"abc"), Bytes::from_static(b"defg"), Bytes::from_static(b"h")];
        for (start, end) in [(0, 8), (1, 2), (2, 4), (3, 7), (7, 8)] {
            let whole = octets.concat();
            assert_eq!(cut(&octets, &(start as u64..end as u64)).concat(), &whole[start..end]);
        }
    }
}
