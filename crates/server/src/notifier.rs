//! Posts to URLs that apps name. Anybody who may subscribe may name one, so this server must not be made to call its neighbours: the
//! host is looked up once, each of its addresses is judged, and the connection goes to one that was. Nothing is followed that sends on.

use crate::config::NotificationsConfig;
use crate::forwarded::Network;
use crate::key_fetch::client_config;
use bytes::Bytes;
use graph::{Answered, Post, PostError, Posted, Posting};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use smtp::Dns;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Octets of an answer that are read.
const MOST: usize = 4 * 1024;
/// Octets of an answer's header that are kept while it comes.
const HEADER: usize = 16 * 1024;

/// Posts to receivers of notifications.
pub(crate) struct Receivers {
    tls: Arc<ClientConfig>,
    /// Networks that may be called though they aren't public.
    allowed: Vec<Network>,
    /// Whether this machine may be called, and without TLS.
    development: bool,
    /// Names are asked for without a thread for each: as many as apps like may wait for servers that don't answer.
    dns: Dns,
}

/// Where a URL leads.
struct Reached {
    host: String,
    port: u16,
    is_tls: bool,
    path: String,
    authority: String,
}

impl Receivers {
    /// Trusts the authorities that the settings name and no others, or else those of the system.
    ///
    /// # Errors
    /// Where these can't be read.
    pub(crate) fn new(config: &NotificationsConfig, development: bool, dns: Dns) -> anyhow::Result<Receivers> {
        let tls = Arc::new(client_config(config.ca.as_deref())?);
        Ok(Receivers { tls, allowed: config.allowed_networks.clone(), development, dns })
    }

    async fn exchange(&self, url: &str, posted: Posted) -> Result<Answered, PostError> {
        let to = Reached::parse(url)?;
        let stream = TcpStream::connect(&*self.addresses(&to).await?).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        if !to.is_tls {
            return asked(stream, &to, posted).await;
        }
        let name = ServerName::try_from(to.host.clone()).map_err(failed)?;
        let stream = TlsConnector::from(self.tls.clone()).connect(name, stream).await.map_err(failed)?;
        asked(stream, &to, posted).await
    }

    /// The addresses of a host, all of which may be called.
    async fn addresses(&self, to: &Reached) -> Result<Vec<SocketAddr>, PostError> {
        // Whether a name that isn't public is known here is nobody's business.
        let found: Vec<IpAddr> = match to.host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.dns.addresses(&to.host).await.map_err(|error| unreachable(&to.host, &error))?,
        };
        let found: Vec<SocketAddr> = found.into_iter().map(|address| (address, to.port).into()).collect();
        if found.is_empty() {
            return Err(unreachable(&to.host, &"it has no address"));
        }
        let is_this_machine = found.iter().all(|one| one.ip().to_canonical().is_loopback());
        let may_be_plain = self.development && is_this_machine;
        if !to.is_tls && !may_be_plain {
            return Err(PostError::Refused("The notification URL must begin with 'https://'."));
        }
        match found.iter().all(|one| self.may_call(one.ip())) {
            true => Ok(found),
            false => Err(unreachable(&to.host, &"not all of its addresses may be called")),
        }
    }

    fn may_call(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address)
            || self.development && address.is_loopback()
            || self.allowed.iter().any(|network| network.holds(address))
    }
}

impl Post for Receivers {
    fn post<'p>(&'p self, url: &'p str, posted: Posted) -> Posting<'p> {
        Box::pin(async move {
            let patience = posted.patience;
            timeout(patience, self.exchange(url, posted)).await.map_err(|_| PostError::Late)?
        })
    }
}

impl Reached {
    fn parse(url: &str) -> Result<Reached, PostError> {
        let uri: Uri = url.parse().map_err(|_| PostError::Refused("The notification URL is none."))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(PostError::Refused("The notification URL must begin with 'https://'.")),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or(PostError::Refused("The notification URL names no host."))?;
        Ok(Reached {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            is_tls,
            path: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            authority: authority.to_string(),
        })
    }
}

/// A host that can't be called, for whatever reason: the reason is for the log.
fn unreachable(host: &str, why: &dyn std::fmt::Display) -> PostError {
    tracing::info!(receiver.host = host, cause = %why, "a receiver is not called");
    PostError::Refused("The notification URL must lead to public addresses.")
}

/// One request and its answer, on a connection of its own.
async fn asked<S>(stream: S, to: &Reached, posted: Posted) -> Result<Answered, PostError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    let (mut sender, connection) = http.max_buf_size(HEADER).handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let reads_answer = posted.reads_answer;
    let request = Request::post(&to.path)
        .header(HOST, &to.authority)
        .header(USER_AGENT, concat!("Restante/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, posted.content_type)
        .header(CONNECTION, "close")
        .body(Full::<Bytes>::new(posted.body))
        .map_err(failed)?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(failed)?;
        read(answer, reads_answer).await
    };
    let mut connection = std::pin::pin!(connection);
    let mut exchange = std::pin::pin!(exchange);
    // The connection is driven as long as the answer is waited for, and ends with it.
    tokio::select! {
        biased;
        answered = &mut exchange => answered,
        ended = &mut connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(failed(error)),
        },
    }
}

/// The answer, and of its body as much as anybody wants to know.
async fn read(answer: Response<hyper::body::Incoming>, reads_answer: bool) -> Result<Answered, PostError> {
    let status = answer.status().as_u16();
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (mut octets, mut body) = (Vec::new(), answer.into_body());
    while reads_answer
        && octets.len() < MOST
        && let Some(frame) = body.frame().await
    {
        match frame {
            Ok(frame) => octets.extend(frame.into_data().unwrap_or_default()),
            // What was taken is taken, however its answer ends; a token that was cut is none.
            Err(_) => break,
        }
    }
    octets.truncate(MOST);
    Ok(Answered { status, content_type, body: octets.into() })
}

fn failed(why: impl std::fmt::Display) -> PostError {
    PostError::Failed(why.to_string())
}

/// Whether an address, in its canonical form, is one of the internet (IANA's registries of special-purpose addresses, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240 // reserved, broadcast
        || (a, b & 0xc0) == (100, 64) // shared (RFC 6598)
        || (a, b & 0xfe) == (198, 18) // benchmarking (RFC 2544)
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99); // 6to4 relays
    !is_special
}

/// Of global unicast (RFC 4291 §2.4), but for those that stand for an address of IPv4 or for none.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_special = a == 0x2002 // 6to4
        || a == 0x2001 && b < 0x0200 // protocol assignments: Teredo and others
        || (a, b) == (0x2001, 0x0db8) // documentation
        || a == 0x3fff && b < 0x1000; // documentation (RFC 9637)
    a & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests;
