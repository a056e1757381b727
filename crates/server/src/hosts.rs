//! The names of this server. Links in answers, the endpoints of sign-in among them, lead to the host that a request names,
//! so in production it must name one of ours: a client that believes a wrong one sends its mail and its tokens there.

use graph::OwnHosts;
use std::net::IpAddr;
use std::sync::Arc;

/// Graph, as its clients have it built in; the names of sign-in are identity's.
const GRAPH: &str = "graph.microsoft.com";

/// By what this server may be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    /// In lower case, without a dot at the end.
    pub(crate) names: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
    /// Whether every other name is taken too.
    pub(crate) any: bool,
}

impl Hosts {
    /// Development mode: every name is taken, and Microsoft's have a certificate.
    pub(crate) fn of_development(self) -> Hosts {
        let mut names = self.names;
        for name in identity::MICROSOFT_AUTHORITIES.into_iter().chain([GRAPH]) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Hosts { names, any: true, ..self }
    }

    /// Which hosts a request may name that comes to this address of ours; nothing where it may name any.
    pub(crate) fn rule(self: &Arc<Hosts>, asked_at: IpAddr) -> Option<OwnHosts> {
        let hosts = self.clone();
        (!self.any).then(|| OwnHosts(Arc::new(move |host| hosts.have(host, asked_at))))
    }

    /// Whether this is one of ours: an address must be the one that the client has reached, or loopback.
    fn have(&self, host: &str, asked_at: IpAddr) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            let address = address.to_canonical();
            return address.is_loopback() || address == asked_at.to_canonical() || self.addresses.contains(&address);
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        name.eq_ignore_ascii_case("localhost") || self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_ours_by_its_name_or_by_the_address_that_was_reached() {
        let hosts = Hosts {
            names: vec!["mail.example".to_owned()],
            addresses: vec!["203.0.113.5".parse().expect("address")],
            any: false,
        };
        let rule = Arc::new(hosts).rule("10.0.0.1".parse().expect("address")).expect("a rule").0;
        for ours in
            ["mail.example", "MAIL.example.", "localhost", "127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:10.0.0.1]", "203.0.113.5"]
        {
            assert!(rule(ours), "{ours}");
        }
        for other in
            ["evil.example", "a.mail.example", "mail.example.evil.example", "10.0.0.2", "[fd00::1]", "", ".", "localhost.."]
        {
            assert!(!rule(other), "{other}");
        }
    }

    #[test]
    fn development_mode_takes_every_name_and_is_microsofts_too() {
        let hosts = Hosts { names: vec![GRAPH.to_owned()], ..Hosts::default() }.of_development();
        assert_eq!(hosts.names.iter().filter(|name| *name == GRAPH).count(), 1);
        assert!(hosts.names.iter().any(|name| name == "login.microsoftonline.com"));
        assert!(Arc::new(hosts).rule("127.0.0.1".parse().expect("address")).is_none());
    }
}
