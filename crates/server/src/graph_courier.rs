//! The way out by another Graph: each message is posted to its `sendMail`, so that programs that send by SMTP reach a tenant that takes
//! no SMTP any more. What is too large for one request goes by a session for whole messages, which other servers like this one have.

mod session;
mod token;

use crate::config::GraphRelay;
use crate::key_fetch::https_client;
use bytes::Bytes;
use encodify::base64::STANDARD;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use mailbox::{Consignment, Outcome, Said};
use smtp::{Carrier, Carrying};
use std::path::Path;
use std::time::Duration;
use token::Tokens;
use tokio::time::timeout;

/// Octets that Graph takes in one request, base64 included (Graph: outlook-send-mail-from-other-user lists 4 MB).
const ONE_REQUEST: usize = 4 * 1024 * 1024;
/// For one request and its answer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Octets of an answer that are read.
const MOST: usize = 64 * 1024;

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Carries mail to another Graph.
pub(crate) struct GraphCourier {
    http: Http,
    relay: GraphRelay,
    tokens: Tokens,
}

/// An answer, all of it.
struct Answered {
    status: StatusCode,
    location: Option<String>,
    retry_after: Option<String>,
    body: Bytes,
}

/// Why there is no answer.
type NoAnswer = String;

impl GraphCourier {
    /// Trusts the authorities in a PEM file and no others, or else those of the system.
    ///
    /// # Errors
    /// Where these can't be read.
    pub(crate) fn new(relay: GraphRelay, ca: Option<&Path>) -> anyhow::Result<GraphCourier> {
        Ok(GraphCourier { http: https_client(ca)?, tokens: Tokens::default(), relay })
    }

    async fn send(&self, consignment: &Consignment) -> Outcome {
        let octets = match posted(consignment) {
            Ok(octets) => octets,
            Err(why) => return never([5, 6, 0], &self.relay.service, why),
        };
        let token = match self.tokens.get(self).await {
            Ok(token) => token,
            Err(cause) => return later([4, 7, 8], &self.relay.service, cause),
        };
        let sent = match STANDARD.encoded_len(octets.len()) <= ONE_REQUEST {
            true => self.in_one_request(consignment, &octets, &token).await,
            false => self.by_session(consignment, &octets, &token).await,
        };
        match sent {
            Ok(answered) => self.outcome(&answered).await,
            Err(outcome) => outcome,
        }
    }

    async fn in_one_request(&self, of: &Consignment, octets: &[u8], token: &str) -> Result<Answered, Outcome> {
        let body = Bytes::from(STANDARD.encode(octets));
        let request = self.sends(of, token, "");
        self.asked(request.header(CONTENT_TYPE, "text/plain").body(Full::new(body))).await
    }

    /// A request that sends: with a key by which one that comes again is known, where the other side knows of that.
    fn sends(&self, of: &Consignment, token: &str, query: &str) -> hyper::http::request::Builder {
        let sender = percent(&of.sender());
        let request =
            Request::builder().method(Method::POST).uri(format!("{}/users/{sender}/sendMail{query}", self.relay.service));
        request.header(AUTHORIZATION, format!("Bearer {token}")).header("idempotency-key", of.key())
    }

    async fn asked(&self, request: hyper::http::Result<Request<Full<Bytes>>>) -> Result<Answered, Outcome> {
        let failed = |cause: String| later([4, 4, 1], &self.relay.service, cause);
        let request = request.map_err(|error| failed(error.to_string()))?;
        self.answered(request).await.map_err(failed)
    }

    async fn answered(&self, request: Request<Full<Bytes>>) -> Result<Answered, NoAnswer> {
        let asking = async {
            let response = self.http.request(request).await.map_err(|error| match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            })?;
            whole(response).await
        };
        timeout(PATIENCE, asking).await.map_err(|_| format!("no whole answer within {} seconds", PATIENCE.as_secs()))?
    }

    /// What an answer to a send comes to.
    async fn outcome(&self, answered: &Answered) -> Outcome {
        let text = told(answered);
        let said = |status| Said { next_hop: self.relay.service.clone(), status, text, is_reply: false };
        match answered.status.as_u16() {
            200..=299 => Outcome::Relayed { said: said([2, 0, 0]), passes_reports: false },
            401 => {
                self.tokens.forget().await;
                Outcome::Later(said([4, 7, 8]))
            }
            408 | 409 | 423 | 429 | 500..=599 => Outcome::Later(said([4, 4, 0])),
            413 => Outcome::Never(said([5, 3, 4])),
            _ => Outcome::Never(said([5, 0, 0])),
        }
    }
}

impl Carrier for GraphCourier {
    fn carry<'c>(&'c self, consignment: &'c Consignment) -> Carrying<'c> {
        Box::pin(self.send(consignment))
    }
}

/// The octets that are posted: those of the client, behind what lacks, and behind a Bcc of whomever the header doesn't name. Graph sends
/// to all whom the header names, and to nobody else.
///
/// # Errors
/// Whom the header names, though the message isn't for him.
fn posted(consignment: &Consignment) -> Result<Vec<u8>, String> {
    let named = consignment.named_recipients();
    let is_for = |address: &String| consignment.forward_paths().iter().any(|path| path.address.eq_ignore_ascii_case(address));
    if let Some(other) = named.iter().find(|address| !is_for(address)) {
        return Err(format!("Its header names {other}, to whom it would go as well, though it is not for him here"));
    }
    let paths = consignment.forward_paths().iter().map(|path| &path.address);
    let hidden: Vec<String> = paths.filter(|path| !named.iter().any(|one| one.eq_ignore_ascii_case(path))).cloned().collect();
    Ok(consignment.octets_with_bcc(&hidden))
}

async fn whole(response: Response<hyper::body::Incoming>) -> Result<Answered, NoAnswer> {
    let field = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (status, location, retry_after) = (response.status(), field(hyper::header::LOCATION), field(RETRY_AFTER));
    let body = Limited::new(response.into_body(), MOST).collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Answered { status, location, retry_after, body })
}

/// An answer in a sentence: Graph's code and message (Graph: errors), where it has them.
fn told(answered: &Answered) -> String {
    let status = answered.status.as_u16();
    let error = serde_json::from_slice::<serde_json::Value>(&answered.body).ok();
    let text = |name: &str| error.as_ref().and_then(|error| error["error"][name].as_str()).unwrap_or_default().to_owned();
    let wait = answered.retry_after.as_ref().map(|seconds| format!(" (again after {seconds} seconds)")).unwrap_or_default();
    format!("HTTP {status} {} {}{wait}", text("code"), text("message")).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn never(status: [u8; 3], service: &str, text: String) -> Outcome {
    Outcome::Never(Said { next_hop: service.to_owned(), status, text, is_reply: false })
}

fn later(status: [u8; 3], service: &str, text: String) -> Outcome {
    Outcome::Later(Said { next_hop: service.to_owned(), status, text, is_reply: false })
}

/// An address as a segment of a path.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, octet| {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'@' => out.push(char::from(octet)),
            _ => out += &format!("%{octet:02X}"),
        }
        out
    })
}
