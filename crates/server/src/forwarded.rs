//! How a request came to the proxy that handed it on (RFC 7239, and the `X-Forwarded-` fields of before it), so that links
//! lead to where the client came from. Only a proxy that is trusted is believed: anybody else could send a client astray.

use graph::Scheme;
use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Uri};
use identity::Source;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The networks whose hosts are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(pub Vec<Network>);

/// A network by its first address and the length of its prefix, in bits (RFC 4632 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl FromStr for Network {
    type Err = ();

    /// `10.0.0.0/8`, or one address.
    fn from_str(text: &str) -> Result<Network, ()> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(drop)?;
        let bits = bits(address).1;
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(drop)?;
        if prefix <= bits { Ok(Network { address, prefix }) } else { Err(()) }
    }
}

impl Network {
    pub(crate) fn holds(self, address: IpAddr) -> bool {
        let ((ours, width), (theirs, other)) = (bits(self.address), bits(address.to_canonical()));
        let shift = u32::from(width - self.prefix);
        width == other && (ours ^ theirs).checked_shr(shift).unwrap_or(0) == 0
    }
}

/// An address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

impl TrustedProxies {
    /// Whatever runs on this machine.
    pub fn loopback() -> TrustedProxies {
        let v4 = Network { address: IpAddr::V4(Ipv4Addr::LOCALHOST), prefix: 8 };
        TrustedProxies(vec![v4, Network { address: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 }])
    }

    fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// Lets a request say of itself what its proxy says of it, where that proxy is trusted.
    pub(crate) fn apply(&self, peer: SocketAddr, request: &mut Parts) {
        request.extensions.insert(Source(peer.ip()));
        if !self.hold(peer.ip()) {
            return;
        }
        let Hop { from, scheme, host, port } = self.told(&request.headers);
        if let Some(from) = from {
            request.extensions.insert(Source(from));
        }
        if let Some(scheme) = scheme {
            request.extensions.insert(scheme);
        }
        let scheme = request.extensions.get::<Scheme>().copied().unwrap_or(Scheme::Http);
        let asked = || request.headers.get(HOST)?.to_str().ok().map(str::to_owned);
        let host = match (host, port) {
            (None, None) => return,
            (host, port) => host.or_else(asked).map(|host| with_port(host, port, scheme)),
        };
        let host = host.filter(|host| !host.contains('@')).and_then(|host| host.parse::<Authority>().ok());
        if let Some(host) = host {
            name(request, host);
        }
    }

    /// What the trusted proxies say. Most know one spelling, and hand on what a client said in the other: where there are both and
    /// they name two clients, neither is believed.
    fn told(&self, headers: &HeaderMap) -> Hop {
        match (self.first_hop(of_forwarded(headers)), self.first_hop(of_x_forwarded(headers))) {
            (Some(hop), None) | (None, Some(hop)) => hop,
            (Some(hop), Some(other)) if hop.from == other.from => hop,
            _ => Hop::default(),
        }
    }

    /// What the outermost of the trusted proxies says. Each one adds its element behind those that came with the request,
    /// and those may be anybody's: so from the last to the first, as long as each came from a proxy that is trusted too.
    fn first_hop(&self, mut hops: Vec<Hop>) -> Option<Hop> {
        let mut hop = hops.pop()?;
        while hop.from.is_some_and(|from| self.hold(from))
            && let Some(before) = hops.pop()
        {
            hop = before;
        }
        Some(hop)
    }
}

/// What one proxy says of the request that it got.
#[derive(Debug, Default, Clone)]
struct Hop {
    from: Option<IpAddr>,
    scheme: Option<Scheme>,
    host: Option<String>,
    port: Option<u16>,
}

/// The hops of a request as RFC 7239 has them, the nearest proxy's last.
fn of_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    list(headers, "forwarded").iter().map(|element| of_element(element)).collect()
}

/// The same in the spelling of before it.
fn of_x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let [from, scheme, host, port] =
        ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"].map(|name| list(headers, name));
    let count = [&from, &scheme, &host, &port].map(Vec::len).into_iter().max().unwrap_or(0);
    // Proxies that set a field anew leave one value where others have more: the last is the nearest proxy's.
    let at = |values: &[String], back: usize| values.iter().rev().nth(back).or(values.first()).cloned();
    let hop = |back: usize| Hop {
        from: at(&from, back).and_then(|text| address(&text)),
        scheme: at(&scheme, back).and_then(|text| scheme_of(&text)),
        host: at(&host, back),
        port: at(&port, back).and_then(|text| text.parse().ok()),
    };
    (0..count).rev().map(hop).collect()
}

/// `for=…;proto=…;host=…` (RFC 7239 §4)
fn of_element(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(element, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.from = address(&value),
            "proto" => hop.scheme = scheme_of(&value),
            "host" => hop.host = Some(value),
            _ => {} // RFC 7239 §5.5: others may be there, and say nothing to us
        }
    }
    hop
}

/// The values of a field that is a list, all its lines together (RFC 9110 §5.6.1).
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| split(line, ',')).map(str::to_owned).collect()
}

/// The parts that are not empty, without white space; what stands in quotes separates nothing.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(|c: char| {
        let is_quote = c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        quoted ^= is_quote;
        c == separator && !quoted
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// RFC 9110 §5.6.4
fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else { return value.to_owned() };
    let mut escaped = false;
    let kept = inside.chars().filter(|&c| {
        escaped = c == '\\' && !escaped;
        !escaped
    });
    kept.collect()
}

fn scheme_of(text: &str) -> Option<Scheme> {
    match text.to_ascii_lowercase().as_str() {
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        _ => None,
    }
}

/// An address with or without a port, one of version 6 in brackets (RFC 7239 §6); a hidden one is none.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.trim_start_matches('[').trim_end_matches(']').parse().ok();
    text.parse::<SocketAddr>().map(|at| at.ip()).ok().or_else(bare)
}

/// The host with the port, unless it has one, or the scheme's own would be meant anyway.
fn with_port(host: String, port: Option<u16>, scheme: Scheme) -> String {
    let own = if scheme == Scheme::Https { 443 } else { 80 };
    let has_port = host.parse::<Authority>().is_ok_and(|host| host.port().is_some());
    match port {
        Some(port) if port != own && !has_port => format!("{host}:{port}"),
        _ => host,
    }
}

/// Gives a request another host.
fn name(request: &mut Parts, host: Authority) {
    let Ok(field) = host.as_str().parse() else { return };
    request.headers.insert(HOST, field);
    if request.uri.authority().is_some() {
        let mut uri = std::mem::take(&mut request.uri).into_parts();
        uri.authority = Some(host);
        request.uri = Uri::from_parts(uri).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
