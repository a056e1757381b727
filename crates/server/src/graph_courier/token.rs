//! Tokens of the app that sends (RFC 6749 §4.4), each as long as it is good.

use super::GraphCourier;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::CONTENT_TYPE;
use serde::Deserialize;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Before its end a token is taken for ended: what is sent with it takes its time.
const MARGIN: Duration = Duration::from_secs(120);

/// The token that is good now.
#[derive(Default)]
pub(super) struct Tokens {
    known: Mutex<Option<(String, Instant)>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl Tokens {
    /// A token, asked for where none is good.
    ///
    /// # Errors
    /// Why there is none, for the log and the sender.
    pub(super) async fn get(&self, courier: &GraphCourier) -> Result<String, String> {
        let mut known = self.known.lock().await; // who comes meanwhile waits for the same one
        if let Some((token, until)) = known.as_ref().filter(|(_, until)| *until > Instant::now()) {
            let _ = until;
            return Ok(token.clone());
        }
        let granted = ask(courier).await?;
        let until = Instant::now() + Duration::from_secs(granted.expires_in).saturating_sub(MARGIN);
        *known = Some((granted.access_token.clone(), until));
        Ok(granted.access_token)
    }

    /// The token was refused.
    pub(super) async fn forget(&self) {
        *self.known.lock().await = None;
    }
}

async fn ask(courier: &GraphCourier) -> Result<Granted, String> {
    let relay = &courier.relay;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &relay.client_id),
        ("client_secret", &relay.secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", super::percent(value))).collect();
    let address = format!("{}/{}/oauth2/v2.0/token", relay.authority, relay.tenant);
    let request = Request::post(&address).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.body(Full::new(Bytes::from(form.join("&")))).map_err(|error| error.to_string())?;
    let answered = courier.answered(request).await.map_err(|cause| format!("{address}: {cause}"))?;
    if !answered.status.is_success() {
        // What it says of the app's own fault is for the operator; no secret is in it.
        let cause = String::from_utf8_lossy(&answered.body).into_owned();
        tracing::error!(address, status = answered.status.as_u16(), cause, "the app gets no token for sending");
        return Err(format!("the app gets no token for sending: HTTP {}", answered.status.as_u16()));
    }
    serde_json::from_slice(&answered.body).map_err(|error| format!("{address}: {error}"))
}
