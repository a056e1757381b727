//! The way out: couriers take what is due by destination, and carry it to the hosts that take mail there.
//!
//! Promises: octets go as they are, but for the one conversion of [`crate::wire::form`]; what became of each recipient is
//! written before anything else is tried; a destination that is down holds up no other. Refuses: to decide when to try again,
//! when to give up, and whom to tell.

mod batch;
mod connection;
mod dkim;
mod lanes;
mod letter;
mod opening;
mod pace;
mod route;
mod sasl;
mod sts;
mod tls;
mod transaction;

pub use dkim::{DkimKey, DkimKeyError, Signers};
pub use route::TlsUse;
pub use sasl::Proof;
pub use sts::{MOST_POLICY, PolicyFetch, PolicyFetching, PolicyText};

use crate::dns::Dns;
use batch::Batch;
use connection::Connection;
use futures::stream::{StreamExt, TryStreamExt};
use lanes::{Lanes, Place};
use letter::Letter;
use mailbox::{Consignment, Mail, MailError, Outcome, Route, Said};
use opening::Opening;
use pace::Pace;
use route::{Routes, Target};
use rustls::RootCertStore;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tls::Tls;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{timeout, timeout_at};
use transaction::carry;

/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// After how long a destination is given back, so that others come to their turn.
const TURN: Duration = Duration::from_secs(5 * 60);
/// For opening a connection, whatever hosts and addresses are tried: a destination must be given back before its lease ends.
const OPENING: Duration = Duration::from_secs(10 * 60);
/// For one message with all of its recipients.
const CARRYING: Duration = Duration::from_secs(40 * 60);
/// Messages that go over one connection; servers close it after some number.
const MESSAGES: usize = 100;

/// What becomes of all of a consignment's recipients, when it is carried.
pub type Carrying<'c> = Pin<Box<dyn Future<Output = Outcome> + Send + 'c>>;

/// Another way out than SMTP, which takes all mail and has one outcome for all of a message's recipients.
pub trait Carrier: Send + Sync {
    /// Carries a message.
    fn carry<'c>(&'c self, consignment: &'c Consignment) -> Carrying<'c>;
}

/// How mail goes out.
pub struct CourierOptions {
    /// By what name we say hello (RFC 5321 §4.1.1.1).
    pub own_name: String,
    /// The one host that takes all mail; else each domain's own do.
    pub smarthost: Option<Smarthost>,
    /// Who takes all mail instead, by another way.
    pub carrier: Option<Arc<dyn Carrier>>,
    /// Where hosts that are found by MX listen: 25, save in tests.
    pub port: u16,
    /// Destinations that are gone to at once.
    pub destinations: usize,
    /// Connections to one destination at once.
    pub connections: usize,
    /// Messages that go to one destination in a minute; as many as there are, where nothing is said.
    pub per_minute: Option<u32>,
    /// Who may vouch for hosts that must prove who they are.
    pub roots: Arc<RootCertStore>,
    /// Who fetches MTA-STS policies; without it none are asked for.
    pub policies: Option<Arc<dyn PolicyFetch>>,
    /// What signs.
    pub signers: Signers,
}

/// A host that takes all mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smarthost {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When TLS begins.
    pub tls: TlsUse,
    /// Whether it must prove its name.
    pub must_prove: bool,
    /// Who we are to it.
    pub proof: Option<Proof>,
}

/// Carries mail out.
#[derive(Clone)]
pub struct Courier {
    mail: Mail,
    opening: Opening,
    smarthost: Option<Target>,
    carrier: Option<Arc<dyn Carrier>>,
    signers: Signers,
    destinations: usize,
    connections: usize,
    lanes: Arc<Lanes>,
    pace: Arc<Pace>,
}

impl Courier {
    /// A courier for all of this mail.
    ///
    /// # Errors
    /// Where TLS can't be set up.
    pub fn new(mail: Mail, dns: Dns, options: CourierOptions) -> Result<Courier, rustls::Error> {
        let CourierOptions {
            own_name,
            smarthost,
            carrier,
            port,
            destinations,
            connections,
            per_minute,
            roots,
            policies,
            signers,
        } = options;
        let proof = smarthost.as_ref().and_then(|one| one.proof.clone());
        let target = smarthost.map(|Smarthost { host, port, tls, must_prove, .. }| Target { host, port, tls, must_prove });
        let routes = Routes { dns, sts: sts::Sts::new(policies), port };
        let opening = Opening { own_name, routes, tls: Tls::new(roots)?, proof };
        Ok(Courier {
            mail,
            opening,
            smarthost: target,
            carrier,
            signers,
            destinations,
            connections,
            lanes: Arc::default(),
            pace: Arc::new(Pace::new(per_minute)),
        })
    }

    /// Carries what is due, and what becomes due, until `stop`. What is under way then goes on until this is dropped.
    pub async fn relay_until(self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let (tell, told) = watch::channel(false);
        let mut under_way = JoinSet::new();
        while let Err(error) = self.mail.begin_relaying().await {
            tracing::error!(%error, "relaying could not begin");
            tokio::select! { () = &mut stop => return, () = tokio::time::sleep(AFTER_FAILURE) => {} }
        }
        loop {
            while under_way.try_join_next().is_some() {} // what is done takes room until it is looked at
            let free = self.lanes.free(self.destinations);
            let is_read = match self.mail.due_routes(free).await {
                Ok(routes) => {
                    for route in routes {
                        under_way.spawn(self.clone().go(route, self.lanes.place(), told.clone()));
                    }
                    true
                }
                Err(error) => {
                    tracing::error!(%error, "what is to be relayed could not be read");
                    false
                }
            };
            let is_full = self.lanes.free(self.destinations) == 0;
            tokio::select! {
                () = &mut stop => break,
                () = tokio::time::sleep(AFTER_FAILURE), if !is_read => {}
                Some(_) = under_way.join_next(), if is_read => {} // a panic in it was logged where it happened
                () = self.lanes.moved(), if is_read && is_full => {}
                waited = self.mail.until_relay(), if is_read && !is_full => if let Err(error) = waited {
                    tracing::error!(%error, "what is due to be relayed could not be read");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        let _ = tell.send(true); // nobody may be left to hear it
        while under_way.join_next().await.is_some() {}
    }

    async fn go(self, route: Route, place: Place, stop: watch::Receiver<bool>) {
        let gone = self.carry_all(&route, &place, &stop).await.unwrap_or_else(|error| {
            tracing::error!(%error, "what became of mail could not be written; it may go twice");
            Gone { was_reached: false, rest: Duration::ZERO }
        });
        // Nobody else goes there until it is given back, so that is tried until the store can write again.
        while let Err(error) = self.mail.return_route(&route, gone.was_reached, gone.rest).await {
            tracing::error!(%error, "a destination could not be given back");
            if *stop.borrow() {
                return; // the next start ends what this process has
            }
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }

    /// Carries what is due by a route.
    async fn carry_all(&self, route: &Route, place: &Place, stop: &watch::Receiver<bool>) -> Result<Gone, MailError> {
        let until = Instant::now() + TURN;
        if let Some(carrier) = &self.carrier {
            return self.carry_otherwise(&**carrier, (route, place), stop).await;
        }
        let targets = match place.wait(self.targets(route)).await {
            Ok(targets) => targets,
            Err(outcome) => return self.unreached(route, &outcome).await,
        };
        let mut idle = Vec::new();
        let mut outcome = None;
        let mut rest = Duration::ZERO;
        while !*stop.borrow() && Instant::now() < until && outcome.is_none() && rest.is_zero() {
            let consignments = self.mail.consignments(route).await?;
            if consignments.is_empty() {
                break;
            }
            let batch = Batch::of(consignments, until);
            let name = route.domain().unwrap_or_default();
            let carriers = (0..self.connections.min(batch.len()))
                .map(|_| self.carry_batch((&targets, name), &batch, (place, idle.pop()), stop));
            let carried = futures::future::join_all(carriers.collect::<Vec<_>>()).await;
            let carried = carried.into_iter().collect::<Result<Vec<_>, MailError>>()?;
            idle.extend(carried.into_iter().flatten());
            (outcome, rest) = (batch.outcome(), batch.rest());
        }
        futures::future::join_all(idle.into_iter().map(Connection::quit)).await;
        match outcome {
            Some(outcome) => self.unreached(route, &outcome).await,
            None => Ok(Gone { was_reached: true, rest }),
        }
    }

    /// Carries what is due by another way than SMTP, some at a time.
    async fn carry_otherwise(
        &self,
        carrier: &dyn Carrier,
        (route, place): (&Route, &Place),
        stop: &watch::Receiver<bool>,
    ) -> Result<Gone, MailError> {
        let until = Instant::now() + TURN;
        while !*stop.borrow() && Instant::now() < until {
            let consignments = self.mail.consignments(route).await?;
            if consignments.is_empty() {
                break;
            }
            let one = async |consignment: Consignment| {
                if !self.mail.is_there() {
                    return Ok(()); // it is looked at first whether it is still his to carry
                }
                let outcome = place.wait(carrier.carry(&consignment)).await;
                self.mail.settle_alike(&consignment, &outcome).await
            };
            let all = futures::stream::iter(consignments).map(one).buffer_unordered(self.connections);
            all.try_collect::<()>().await?;
        }
        Ok(Gone { was_reached: true, rest: Duration::ZERO })
    }

    async fn targets(&self, route: &Route) -> Result<Vec<Target>, Outcome> {
        match (&self.smarthost, route.domain()) {
            (Some(target), _) => Ok(vec![target.clone()]),
            (None, Some(domain)) => self.opening.routes.of(domain).await,
            (None, None) => Err(route::later([4, 4, 4], "There is no smarthost any more".to_owned())),
        }
    }

    /// One connection's share of a batch; another connection when it breaks. Answers the one that is left.
    async fn carry_batch(
        &self,
        (targets, name): (&[Target], &str),
        batch: &Batch,
        (place, mut open): (&Place, Option<Connection>),
        stop: &watch::Receiver<bool>,
    ) -> Result<Option<Connection>, MailError> {
        // Who was out of the store's reach looks first whether it is still his to carry.
        while !*stop.borrow() && !batch.is_over() && self.mail.is_there() {
            let Some(consignment) = batch.next() else { break };
            if let Err(rest) = self.pace.take(name, Instant::now()) {
                batch.pause(rest);
                break;
            }
            let mut connection = match open.take().filter(|one| one.messages < MESSAGES && consignment.is_usual()) {
                Some(connection) => connection,
                None => match place.wait(self.open(&required(targets, &consignment))).await {
                    Ok(connection) => connection,
                    Err(outcome) => {
                        self.mail.settle_alike(&consignment, &outcome).await?;
                        if consignment.is_usual() {
                            batch.end(outcome);
                        }
                        continue;
                    }
                },
            };
            match self.carry_one(&mut connection, &consignment, place).await? {
                After::Good => open = Some(connection).filter(|_| consignment.is_usual()),
                After::Broken => {}
                After::Unheard => batch.put_back(consignment),
            }
        }
        Ok(open)
    }

    /// Carries a message. What became of recipients is written before the next of them are tried.
    async fn carry_one(&self, connection: &mut Connection, of: &Consignment, place: &Place) -> Result<After, MailError> {
        let was_used = connection.messages > 0;
        let letter = Letter::of(of, &self.signers).await;
        let until = tokio::time::Instant::now() + CARRYING;
        let (all, mut left) = (of.forward_paths().len(), of.forward_paths());
        while !left.is_empty() {
            let Ok(carried) = place.wait(timeout_at(until, carry(connection, &letter, left))).await else {
                let text = format!("it was not through within {} minutes", CARRYING.as_secs() / 60);
                let late = route::later([4, 4, 2], text);
                self.mail.settle(of, left.iter().map(|path| (path.address.clone(), late.clone())).collect()).await?;
                return Ok(After::Broken);
            };
            if was_used && left.len() == all && carried.broken.is_some() && carried.is_unheard() {
                return Ok(After::Unheard);
            }
            left = carried.rest;
            self.mail.settle(of, carried.outcomes).await?;
            if carried.broken.is_some() {
                return Ok(After::Broken);
            }
        }
        Ok(After::Good)
    }

    async fn open(&self, targets: &[Target]) -> Result<Connection, Outcome> {
        let late = |_| route::later([4, 4, 1], format!("no host was ready within {} minutes", OPENING.as_secs() / 60));
        match timeout(OPENING, self.opening.open(targets)).await.map_err(late)? {
            Err(Outcome::Never(said)) if self.smarthost.is_some() => {
                tracing::error!(cause = said.text, "the smarthost is not known by its name; all mail waits");
                // The operator's to mend, and no sender's. RFC 3463 §3.4 X.3.5: system incorrectly configured
                Err(Outcome::Later(Said { status: [4, 3, 5], ..said }))
            }
            opened => opened,
        }
    }

    /// Nobody could be reached: whoever waits is told so when it is time, or at once where it is for good.
    async fn unreached(&self, route: &Route, outcome: &Outcome) -> Result<Gone, MailError> {
        match outcome {
            Outcome::Later(said) => {
                for consignment in self.mail.consignments(route).await? {
                    self.mail.settle_alike(&consignment, outcome).await?;
                }
                while self.mail.settle_waiting(route, said).await? {}
                Ok(Gone { was_reached: false, rest: Duration::ZERO })
            }
            Outcome::Never(_) | Outcome::Relayed { .. } => loop {
                let consignments = self.mail.consignments(route).await?;
                if consignments.is_empty() {
                    return Ok(Gone { was_reached: true, rest: Duration::ZERO });
                }
                for consignment in consignments {
                    self.mail.settle_alike(&consignment, outcome).await?;
                }
            },
        }
    }
}

/// What a connection is good for behind a message.
enum After {
    /// For the next one.
    Good,
    /// For nothing.
    Broken,
    /// For nothing, and the host had closed it before: of this message nothing was tried.
    Unheard,
}

/// How a way out ended.
struct Gone {
    /// Whether anybody was reached there.
    was_reached: bool,
    /// How long nothing more may go there.
    rest: Duration,
}

/// RFC 8689 §4.2.1: TLS, with a host that proves who it is.
fn required(targets: &[Target], consignment: &Consignment) -> Vec<Target> {
    let must = consignment.wishes().requires_tls;
    let required = |target: &Target| match must {
        true if target.tls != TlsUse::AtOnce => Target { tls: TlsUse::StartTls, must_prove: true, ..target.clone() },
        true => Target { must_prove: true, ..target.clone() },
        false => target.clone(),
    };
    targets.iter().map(required).collect()
}
