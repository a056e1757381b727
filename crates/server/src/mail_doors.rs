//! The doors by which mail comes in from other servers, and from people here who send by SMTP.

use crate::config::Config;
use identity::Identity;
use mailbox::Mail;
use rustls::ServerConfig;
use smtp::{Checks, Dns, Door, Limits, Listener, Protocol, Submission};
use std::sync::Arc;
use tokio::net::TcpListener;

/// What the doors of SMTP have in common.
pub(crate) struct Behind<'s> {
    pub(crate) mail: &'s Mail,
    pub(crate) identity: &'s Arc<Identity>,
    pub(crate) config: &'s Config,
    pub(crate) tls: &'s Arc<ServerConfig>,
    pub(crate) dns: &'s Dns,
}

impl Behind<'_> {
    /// Takes mail from any server, for people here and nobody else. TLS begins where the client wants it. In development mode
    /// people submit theirs here too.
    pub(crate) fn smtp(&self, socket: TcpListener) -> Listener {
        let submission = self.config.development.then(|| self.submission(false));
        let checks = self.config.checks_origin.then(|| Checks { dns: self.dns.clone(), refuses: self.config.refuses_dmarc });
        Listener::new(socket, Door { submission, checks, ..self.door() })
    }

    /// Takes mail from people here who prove who they are, once TLS is on.
    pub(crate) fn submissions(&self, socket: TcpListener, is_tls_at_once: bool) -> Listener {
        let submission = Some(self.submission(true));
        Listener::new(socket, Door { submission, is_tls_at_once, ..self.door() })
    }

    fn submission(&self, is_alone: bool) -> Submission {
        Submission {
            identity: self.identity.clone(),
            is_alone,
            is_plain_allowed: self.config.development,
            save_to_sent_items: self.config.submission.save_to_sent_items,
        }
    }

    fn door(&self) -> Door {
        let limits = Limits { spares_loopback: self.config.development, ..Limits::default() };
        Door { tls: Some(self.tls.clone()), limits, ..door(self.mail, self.config, Protocol::Smtp) }
    }
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
        submission: None,
        checks: None,
        limits: Limits::default(),
    }
}
