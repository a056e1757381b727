//! The wiring: the only function that knows every room. It opens them from the lowest floor up, and closes them from the
//! doors down, so that what is below always outlives what leans on it.

use crate::app_certificate::AppCertificate;
use crate::certificate::{self, Certificates};
use crate::cli::ServeFlags;
use crate::config::{self, Config, IssuerConfig};
use crate::development::{self, DevFile};
use crate::key_fetch::KeyFetch;
use crate::listen::{Addresses, Listener};
use crate::notifier::Receivers;
use crate::protecting::protecting;
use crate::sockets::Sockets;
use crate::tenant::Tenant;
use crate::{banner, cors, couriers, health, mail_doors, metrics};
use anyhow::{Context, anyhow};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use graph::{BodyBudget, Graph, Notifier, Throttle};
use identity::{
    Admin, Fetch, Grants, Guesses, Identity, Issuers, Keys, Passwords, Registry, Seal, Secrets, SignIn, SignInRoutes,
    admin_routes, sign_in_routes,
};
use mailbox::{Mail, Options};
use smtp::{Courier, Dns};
use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use store::{Clock, Location, Store, StoreError, SystemClock, Timestamp};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// For the delivery and the indexing that run when the end comes. With the doors' six seconds and the last one of the process it stays
/// below ten.
const LAST_WORK: Duration = Duration::from_secs(2);
/// For telling other nodes that this one is gone.
const LAST_WORD: Duration = Duration::from_secs(1);

/// `restante serve`: serves until SIGTERM or SIGINT.
///
/// # Errors
/// Where the settings are wrong, the server can't be started, or a part of it ends of itself.
pub async fn run(flags: &ServeFlags) -> anyhow::Result<ExitCode> {
    let config = config::load(flags)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut running = start(config, Arc::new(SystemClock)).await?;
    // A reader that is gone must not stop the server, so a banner that nobody takes is only noted.
    if let Err(error) = std::io::stdout().write_all(running.banner().as_bytes()) {
        tracing::warn!(%error, "the banner could not be printed");
    }
    let broken = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        broken = running.broken() => Some(broken),
    };
    tracing::info!("stopping");
    running.stop().await;
    tracing::info!("stopped");
    broken.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// A server that runs. Dropped without [`Running::stop`], it breaks off.
pub struct Running {
    addresses: Addresses,
    banner: String,
    stop: watch::Sender<bool>,
    doors: JoinSet<()>,
    stop_work: watch::Sender<bool>,
    /// The delivery of mail, and the index of its texts.
    work: JoinSet<()>,
    mail: Mail,
}

/// Starts a server; it answers when this returns. In development mode `dev.json` is then written.
///
/// # Errors
/// Where another process serves the data directory, an address is taken, or the file system fails.
pub async fn start(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Running> {
    let said = &config.location.dir;
    let dir = data_dir(said).with_context(|| format!("the data directory {} can't be had", said.display()))?;
    let location = Location { dir: dir.clone(), ..config.location.clone() };
    let store = Store::serve(location.clone()).with_context(|| format!("the store {location} can't be opened"))?;
    let domain = config.domain.clone();
    store.write::<_, StoreError>(move |tx| tx.set_domain(&domain)).await?;
    let secrets = secrets(&store, &location, clock.now());
    let keys = Keys::of(&secrets).await?;
    let tenant = Tenant::of(&keys);
    let identity = Identity::new(&keys, &tenant.id.to_string(), clock.clone())?;
    let identity = Arc::new(identity.trusting(others(&config.issuers, &store, &clock)?));
    let mail = Mail::new(store.clone(), clock.clone(), mail_options(&config, &secrets).await?);
    mail.say_there().await?;

    let sockets = Sockets::bind(&config).await?;
    let addresses = sockets.addresses()?;
    let certificates = Certificates::open(&secrets, &config, addresses.https.ip(), &clock).await?;
    let (ca, operator) = (certificates.local.ca().to_owned(), certificates.operator.clone());
    let tls = certificate::tls(certificates)?;

    let mut banner = banner::production(addresses, &ca);
    let mut development = None;
    if config.development {
        let people = development::people(&tenant, &config.domain);
        development::move_in(&store, people.clone(), clock.now()).await?;
        let certificate = AppCertificate::open(&secrets).await?;
        let dev = DevFile::new(addresses, (&ca, &certificate.file), (&keys, &tenant, &identity), &people)?;
        let file = dir.join("dev.json");
        dev.write(&file)?;
        banner = banner::development(&dev, &file);
        development::register(&store, &tenant, certificate.public_key, clock.now()).await?;
        development = Some(development::with_passwords(&keys, people));
    } else {
        development::lock_up(&store, &tenant, clock.now()).await?;
    }

    let grants = Grants::new(store.clone(), clock.clone());
    let sign_in = SignIn {
        identity: identity.clone(),
        grants: if development.is_some() { grants } else { grants.with_consent() },
        domain: config.domain.clone(),
        guesses: if development.is_some() { Guesses::generous() } else { Guesses::default() },
        passwords: Passwords::default(),
        development,
        origin: Arc::new(graph::origin),
        forms: Seal::new(&keys, "sign-in forms"),
        clock: clock.clone(),
        new_id: random_id,
    };
    let max_message_octets = config.message_octets;
    let to_ask = identity.clone();
    let throttle = config.graph_limits.then(|| Throttle::new(clock.clone()));
    let body_budget = BodyBudget::default();
    let clock_of_registry = clock.clone();
    let dns = Dns::new(&config.name_servers)?;
    let post = Arc::new(Receivers::new(&config.notifications, config.development, dns.clone())?);
    let (stop, until) = watch::channel(false);
    let graph = Graph {
        mail: mail.clone(),
        identity: identity.clone(),
        clock,
        max_message_octets,
        body_budget,
        throttle,
        post,
        until: until.clone(),
    };
    let notifier = graph.notifier();
    let registry = Registry::new(store.clone(), clock_of_registry, tenant.client_id.to_string());
    let admin = Admin { identity: identity.clone(), registry, origin: Arc::new(graph::origin), new_id: random_id };
    let metrics = metrics::routes(mail.clone(), sign_in.clock.clone())?;
    let mut router = router(store, sign_in, graph, admin);
    if config.development {
        router = metrics.clone().merge(router);
    }
    let (trusted, hosts) = (Arc::new(config.trusted_proxies.clone()), Arc::new(config.hosts.clone()));
    let mut doors = JoinSet::new();
    let Sockets { http, https, smtp, submissions, lmtp, metrics: for_metrics } = sockets;
    doors.spawn(Listener::new(http, None, trusted.clone(), hosts.clone()).serve(router.clone(), until.clone()));
    doors.spawn(Listener::new(https, Some(tls.clone()), trusted, hosts.clone()).serve(router, until.clone()));
    let behind = mail_doors::Behind { mail: &mail, identity: &identity, config: &config, tls: &tls, dns: &dns };
    doors.spawn(behind.smtp(smtp).serve(until.clone()));
    for (socket, is_tls_at_once) in submissions {
        doors.spawn(behind.submissions(socket, is_tls_at_once).serve(until.clone()));
    }
    if let Some(socket) = lmtp {
        doors.spawn(mail_doors::lmtp(socket, &mail, &config).serve(until.clone()));
    }
    if let Some(socket) = for_metrics {
        doors.spawn(Listener::new(socket, None, Arc::default(), hosts).serve(metrics, until.clone()));
    }
    if let Some(operator) = operator {
        doors.spawn(operator.watch(until));
    }
    let (stop_work, told) = watch::channel(false);
    let courier = couriers::courier(mail.clone(), dns, &config)?;
    let work = work(mail.clone(), courier, notifier, told);
    tokio::spawn(async move { to_ask.fetch_keys().await }); // nobody waits for it, and an issuer that is down stops nothing
    tracing::info!(http = %addresses.http, https = %addresses.https, smtp = %addresses.smtp, development = config.development, "listening");
    Ok(Running { addresses, banner, stop, doors, stop_work, work, mail })
}

impl Running {
    /// Where HTTP is reached.
    pub fn http(&self) -> SocketAddr {
        self.addresses.http
    }

    /// Where HTTPS is reached.
    pub fn https(&self) -> SocketAddr {
        self.addresses.https
    }

    /// What to tell the person who started it.
    pub fn banner(&self) -> &str {
        &self.banner
    }

    /// Waits until a part of the server ends that should not: a server that takes mail and delivers none must not go on.
    pub async fn broken(&mut self) -> anyhow::Error {
        tokio::select! {
            _ = self.doors.join_next() => anyhow!("a listener ended of itself"),
            _ = self.work.join_next() => anyhow!("the delivery of mail or the index of its texts ended of itself"),
        }
    }

    /// Takes no more connections, lets running requests, the running delivery and indexing end, and cuts off what would not: nine
    /// seconds at most.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true); // nobody may be left to hear it
        while self.doors.join_next().await.is_some() {}
        let _ = self.stop_work.send(true);
        if timeout(LAST_WORK, async { while self.work.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("a delivery or indexing that would not end is cut off; it is taken up at the next start");
        }
        self.work.shutdown().await;
        if timeout(LAST_WORD, self.mail.say_gone()).await.is_err() {
            tracing::warn!("other nodes could not be told that this one is gone");
        }
    }
}

async fn mail_options(config: &Config, secrets: &Secrets) -> anyhow::Result<Options> {
    Ok(Options {
        domain: config.domain.clone(),
        max_message_octets: config.message_octets,
        query_work: config.query_work,
        relaying: config.relay.relaying.clone(),
        protecting: protecting(&config.smime, config.development.then_some(secrets)).await?,
        notifying: config.notifications.notifying.clone(),
    })
}

/// The other issuers that are trusted, each with a client of its own.
fn others(issuers: &[IssuerConfig], store: &Store, clock: &Arc<dyn Clock>) -> anyhow::Result<Issuers> {
    let with_client = |one: &IssuerConfig| {
        let fetch: Arc<dyn Fetch> = Arc::new(KeyFetch::new(one.ca.as_deref())?);
        Ok((one.trusted.clone(), fetch))
    };
    let trusted = issuers.iter().map(with_client).collect::<anyhow::Result<_>>()?;
    Ok(Issuers::new(trusted, store.clone(), clock.clone()))
}

/// What is done when nobody asks for it, until it is told to stop.
fn work(mail: Mail, courier: Courier, notifier: Notifier, told: watch::Receiver<bool>) -> JoinSet<()> {
    let mut work = JoinSet::new();
    let relay_told = told.clone();
    work.spawn(async move { courier.relay_until(told_to_stop(relay_told)).await });
    let (notify_told, watch_told, to_watch) = (told.clone(), told.clone(), mail.clone());
    work.spawn(async move { notifier.notify_until(told_to_stop(notify_told)).await });
    work.spawn(async move { to_watch.watch_changes_until(told_to_stop(watch_told)).await });
    let (to_index, to_finish, to_note, to_forget) = (mail.clone(), mail.clone(), mail.clone(), mail.clone());
    let (to_be, be_told) = (mail.clone(), told.clone());
    work.spawn(async move { to_be.be_there_until(told_to_stop(be_told)).await });
    let (to_warn, warn_told) = (mail.clone(), told.clone());
    work.spawn(async move { to_warn.warn_of_ends_until(told_to_stop(warn_told)).await });
    let (index_told, finish_told, note_told, forget_told) = (told.clone(), told.clone(), told.clone(), told.clone());
    work.spawn(async move { to_forget.forget_until(told_to_stop(forget_told)).await });
    work.spawn(async move { to_note.note_uses_until(told_to_stop(note_told)).await });
    work.spawn(async move { mail.deliver_until(told_to_stop(told)).await });
    work.spawn(async move { to_index.index_until(told_to_stop(index_told)).await });
    work.spawn(async move { to_finish.finish_folders_until(told_to_stop(finish_told)).await });
    work
}

/// Where a server of this store has its secrets, or a command beside it.
pub(crate) fn secrets(store: &Store, location: &Location, now: Timestamp) -> Secrets {
    match location.rows.are_shared() {
        true => Secrets::Store { store: store.clone(), dir: location.dir.clone(), now },
        false => Secrets::Files(location.dir.clone()),
    }
}

/// Waits until `stop` says so, or nobody is left to say it.
async fn told_to_stop(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|&told| told).await;
}

/// The data directory's whole path. It holds mail: where it is made here, it is its owner's alone, and its own name is
/// synced, since nothing within it outlives that.
fn data_dir(path: &Path) -> std::io::Result<std::path::PathBuf> {
    let is_new = !path.exists();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let whole = fs::canonicalize(path)?;
    if let Some(holder) = whole.parent().filter(|_| is_new) {
        File::open(holder)?.sync_all()?;
    }
    Ok(whole)
}

/// Everything that is answered: health and sign-in here, all other paths by Graph.
fn router(store: Store, sign_in: SignIn, graph: Graph, admin: Admin) -> Router {
    // Graph counts octets itself while they stream, and answers in its own words.
    let graph = graph::routes(graph).layer(DefaultBodyLimit::disable());
    let SignInRoutes { services, pages } = sign_in_routes(sign_in);
    health::routes(store)
        .merge(admin_routes(admin))
        .merge(pages)
        .merge(services.layer(cors::any_origin()))
        .fallback_service(graph.layer(cors::any_origin()))
}

#[allow(clippy::disallowed_methods, reason = "it finds a line in the log and names nothing that is stored")]
fn random_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests;
