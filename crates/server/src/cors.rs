//! What pages of other origins may ask of this server from a browser (the Fetch standard's CORS protocol).

use axum::http::Method;
use axum::http::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, HeaderName, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use std::time::Duration;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

/// For how long a browser need not ask again. None keeps it for longer than two hours.
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);
const METHODS: [Method; 6] = [Method::DELETE, Method::GET, Method::HEAD, Method::PATCH, Method::POST, Method::PUT];
/// Fields of answers that a page's script may read beside those that every script may.
const READ: [&str; 8] = [
    "client-request-id",
    "internet-message-id",
    "odata-version",
    "preference-applied",
    "repr-digest",
    "request-id",
    "restante-delivery",
    "restante-smime-status",
];

/// Any page may ask, since nothing is answered for a cookie: what a page may see is what its own token opens. No answer says
/// that credentials may come along, so browsers send none.
pub(crate) fn any_origin() -> CorsLayer {
    let read = READ.map(HeaderName::from_static).into_iter();
    let read = read.chain([ACCEPT_RANGES, CONTENT_RANGE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE]);
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(METHODS)
        .allow_headers(AllowHeaders::mirror_request()) // "*" would leave Authorization out
        .expose_headers(read.collect::<Vec<_>>())
        .max_age(REMEMBERED)
}
