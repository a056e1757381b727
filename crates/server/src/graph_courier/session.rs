//! Messages too large for one request go by a session for whole messages. Microsoft's Graph has none: it rewrites what it gets by
//! sessions, so there the sender is told.

use super::{Answered, GraphCourier, later, never};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use identity::FetchAddress;
use mailbox::{Consignment, Outcome};
use serde_json::{Value, json};

/// Octets of one range.
const RANGE: usize = 4 * 1024 * 1024;

impl GraphCourier {
    /// Puts the octets there in ranges, and has them sent.
    ///
    /// # Errors
    /// What became of it before.
    pub(super) async fn by_session(&self, of: &Consignment, octets: &[u8], token: &str) -> Result<Answered, Outcome> {
        let address = self.begin(of, octets.len(), token).await?;
        let mut location = None;
        for (number, range) in octets.chunks(RANGE).enumerate() {
            let first = number * RANGE;
            let span = format!("bytes {first}-{}/{}", first + range.len() - 1, octets.len());
            let request = Request::put(&address).header(CONTENT_RANGE, span).body(Full::new(Bytes::copy_from_slice(range)));
            let answered = self.asked(request).await?;
            if !answered.status.is_success() {
                return Ok(answered);
            }
            location = answered.location;
        }
        let session = location.as_deref().and_then(|location| location.rsplit('/').next()).unwrap_or_default().to_owned();
        let request = self.sends(of, token, &format!("?uploadSession={session}"));
        self.asked(request.body(Full::default())).await
    }

    /// Begins a session; where to put the octets.
    async fn begin(&self, of: &Consignment, size: usize, token: &str) -> Result<String, Outcome> {
        let sender = super::percent(&of.sender());
        let address = format!("{}/users/{sender}/messages/createUploadSession", self.relay.service);
        let body = json!({"messageItem": {"size": size}}).to_string();
        let request = Request::post(address).header(AUTHORIZATION, format!("Bearer {token}"));
        let answered = self.asked(request.header(CONTENT_TYPE, "application/json").body(Full::new(body.into()))).await?;
        let url = || serde_json::from_slice::<Value>(&answered.body).ok()?["uploadUrl"].as_str().map(str::to_owned);
        // What goes there is mail: over https, as to the service itself. A server behind a proxy may not know that it is.
        let is_safe = |url: &String| FetchAddress::parse(url).is_some();
        let why = || "it tells no uploadUrl over https".to_owned();
        match answered.status {
            StatusCode::CREATED => url().filter(is_safe).ok_or_else(|| later([4, 3, 5], &self.relay.service, why())),
            StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS => Err(self.outcome(&answered).await),
            status if status.is_server_error() => Err(self.outcome(&answered).await),
            // RFC 3463 §3.4 X.3.4: message too big for system
            _ => Err(never([5, 3, 4], &self.relay.service, too_large(size))),
        }
    }
}

fn too_large(size: usize) -> String {
    format!(
        "The message has {size} octets; this Graph takes 4 MB in one request, base64 included, and no larger ones as they are"
    )
}
