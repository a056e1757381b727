//! The doors by which mail comes in from other servers.

use crate::config::Config;
use mailbox::Mail;
use rustls::ServerConfig;
use smtp::{Door, Limits, Listener, Protocol};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Takes mail from any server, for people here and nobody else. TLS begins where the client wants it.
pub(crate) fn smtp(socket: TcpListener, mail: &Mail, config: &Config, tls: Arc<ServerConfig>) -> Listener {
    let limits = Limits { spares_loopback: config.development, ..Limits::default() };
    Listener::new(socket, Door { tls: Some(tls), limits, ..door(mail, config, Protocol::Smtp) })
}

/// Takes mail from the server that stands in front of this one, which has many connections and one address.
pub(crate) fn lmtp(socket: TcpListener, mail: &Mail, config: &Config) -> Listener {
    let limits = Limits { connections_of_peer: Limits::default().connections, ..Limits::default() };
    Listener::new(socket, Door { limits, ..door(mail, config, Protocol::Lmtp) })
}

fn door(mail: &Mail, config: &Config, protocol: Protocol) -> Door {
    Door {
        mail: mail.clone(),
        host: config.domain.clone(),
        protocol,
        max_octets: config.message_octets,
        tls: None,
        is_tls_at_once: false,
        limits: Limits::default(),
    }
}
