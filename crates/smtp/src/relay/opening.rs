//! From a route to a connection on which mail can go: each host in order, each of its addresses, TLS and proof as it must be.

use super::connection::{Broken, Connection, REPLY};
use super::route::{Routes, Target, TlsUse, later};
use super::sasl::{Proof, Proven, prove};
use super::tls::Tls;
use super::transaction::said;
use mailbox::{Outcome, Said};
use smtp_proto::Response;
use std::net::SocketAddr;

/// What it takes to be let in.
#[derive(Clone)]
pub(super) struct Opening {
    pub(super) own_name: String,
    pub(super) routes: Routes,
    pub(super) tls: Tls,
    pub(super) proof: Option<Proof>,
}

/// Why a host would not do: the next one may.
enum Unopened {
    Said(Said),
    /// TLS could not begin, and need not: the same host may be spoken to without.
    NoTls(String),
}

impl Opening {
    /// Opens a connection to the first host that takes one.
    ///
    /// # Errors
    /// What becomes of all that should go there now.
    pub(super) async fn open(&self, targets: &[Target]) -> Result<Connection, Outcome> {
        let mut last = None;
        for target in targets {
            let addresses = match self.routes.addresses(target).await {
                Ok(addresses) => addresses,
                Err(outcome) => {
                    last = Some(either(last, outcome));
                    continue;
                }
            };
            for address in addresses {
                match self.at(target, address).await {
                    Ok(connection) => return Ok(connection),
                    Err(said) => last = Some(Outcome::Later(said)),
                }
            }
        }
        Err(last.unwrap_or_else(|| later([4, 4, 4], "No host has an address".to_owned())))
    }

    async fn at(&self, target: &Target, address: SocketAddr) -> Result<Connection, Said> {
        let host = format!("{} ({address})", target.host);
        let unopened = match self.speak(target, address, &host, true).await {
            // RFC 7435 §3: where TLS is only offered, that it fails stops no mail.
            Err(Unopened::NoTls(cause)) if target.tls == TlsUse::Offered => {
                tracing::warn!(host, cause, "TLS could not begin; mail goes in plain text");
                self.speak(target, address, &host, false).await
            }
            opened => opened,
        };
        unopened.map_err(|unopened| match unopened {
            Unopened::Said(said) => said,
            // RFC 3463 §3.8 and RFC 7672: X.7.5, cryptographic failure
            Unopened::NoTls(cause) => Said { next_hop: host, status: [4, 7, 5], text: cause, is_reply: false },
        })
    }

    async fn speak(&self, target: &Target, address: SocketAddr, host: &str, may_tls: bool) -> Result<Connection, Unopened> {
        let broken = |broken: Broken| unreachable(host, &broken);
        let mut connection = Connection::to(host.to_owned(), address).await.map_err(broken)?;
        if target.tls == TlsUse::AtOnce {
            connection = self.begin_tls(connection, target).await?;
        }
        let greeting = connection.reply(REPLY).await.map_err(broken)?;
        welcome(host, &greeting)?;
        let hello = connection.hello(&self.own_name).await.map_err(broken)?;
        welcome(host, &hello)?;
        let wants_tls = matches!(target.tls, TlsUse::Offered | TlsUse::StartTls) && may_tls;
        if wants_tls && connection.may_start_tls() {
            let reply = connection.ask("STARTTLS").await.map_err(broken)?;
            if reply.code != 220 {
                return Err(Unopened::NoTls(said(host, &reply).text));
            }
            connection = self.begin_tls(connection, target).await?;
            let hello = connection.hello(&self.own_name).await.map_err(broken)?;
            welcome(host, &hello)?;
        }
        if target.tls == TlsUse::StartTls && !connection.is_tls {
            return Err(Unopened::NoTls("The host must speak TLS and does not offer it".to_owned()));
        }
        self.let_in(connection, host).await
    }

    async fn begin_tls(&self, connection: Connection, target: &Target) -> Result<Connection, Unopened> {
        // Whoever is shown a secret proves who he is first.
        let must_prove = target.must_prove || self.proof.is_some();
        let begin = |stream| self.tls.begin(stream, &target.host, must_prove);
        connection.within(begin).await.map_err(|broken| Unopened::NoTls(format!("TLS could not begin: {broken}")))
    }

    async fn let_in(&self, mut connection: Connection, host: &str) -> Result<Connection, Unopened> {
        let Some(proof) = &self.proof else { return Ok(connection) };
        let refused = |text: String, is_reply| Said { next_hop: host.to_owned(), status: [4, 7, 8], text, is_reply };
        // It is the operator's to mend, and no sender's: all mail waits.
        match prove(&mut connection, proof).await.map_err(|broken| unreachable(host, &broken))? {
            Proven::Yes => Ok(connection),
            Proven::No(reply) => {
                tracing::error!(host, reply = %said(host, &reply).text, "the smarthost does not let us in");
                Err(Unopened::Said(refused(said(host, &reply).text, true)))
            }
            Proven::Cannot(why) => {
                tracing::error!(host, why, "the smarthost can't be shown who we are");
                Err(Unopened::Said(refused(why.to_owned(), false)))
            }
        }
    }
}

fn unreachable(host: &str, broken: &Broken) -> Unopened {
    Unopened::Said(Said { next_hop: host.to_owned(), status: [4, 4, 1], text: broken.to_string(), is_reply: false })
}

/// What two hosts come to: that one of them does not exist ends nothing where the other may answer later (RFC 5321 §5.1).
fn either(before: Option<Outcome>, now: Outcome) -> Outcome {
    match (before, now) {
        (Some(before @ Outcome::Later(_)), Outcome::Never(_)) => before,
        (_, now) => now,
    }
}

/// RFC 5321 §3.1: whoever greets with anything but 220, or refuses hello, takes no mail now.
fn welcome(host: &str, reply: &Response<String>) -> Result<(), Unopened> {
    match reply.code / 100 {
        2 => Ok(()),
        _ => Err(Unopened::Said(said(host, reply))),
    }
}
