//! The way out for mail: a courier, as the settings have it.

use crate::config::{Config, DkimConfig};
use crate::graph_courier::GraphCourier;
use crate::key_fetch::{KeyFetch, roots};
use anyhow::Context;
use mailbox::Mail;
use smtp::{Carrier, Courier, CourierOptions, DkimKey, DkimKeyError, Dns, Signers};
use std::sync::Arc;

/// Makes the courier.
///
/// # Errors
/// Where a key or the authorities can't be read.
pub(crate) fn courier(mail: Mail, dns: Dns, config: &Config) -> anyhow::Result<Courier> {
    let relay = &config.relay;
    let key = |one: &DkimConfig| DkimKey::from_pem(&one.domain, &one.selector, &one.pem);
    let keys = relay.dkim.iter().map(key).collect::<Result<Vec<_>, DkimKeyError>>().context("a key of DKIM can't be used")?;
    let options = CourierOptions {
        own_name: relay.hello.clone(),
        smarthost: relay.smarthost.clone(),
        carrier: carrier(config)?,
        port: relay.port,
        destinations: relay.destinations,
        connections: relay.connections,
        per_minute: relay.per_minute,
        roots: Arc::new(roots(relay.ca.as_deref())?),
        policies: Some(Arc::new(KeyFetch::new(None)?)),
        signers: Signers::new(keys),
    };
    Ok(Courier::new(mail, dns, options)?)
}

/// The other Graph, where there is one.
fn carrier(config: &Config) -> anyhow::Result<Option<Arc<dyn Carrier>>> {
    let Some(graph) = &config.relay.graph else { return Ok(None) };
    Ok(Some(Arc::new(GraphCourier::new(graph.clone(), config.relay.ca.as_deref())?)))
}
