//! `GET /metrics`: what Prometheus collects. It tells how busy the server is and no more, and stands at an address of its own, since
//! who may see that is told by who reaches it.

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use mailbox::{Depth, Mail};
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use store::{Clock, ForwardState};

const WAITING: &str = "restante_queue_recipients";
const OVERDUE: &str = "restante_queue_overdue_seconds";
/// From what is at hand to what is given up.
const SECONDS: [f64; 12] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0, 14_400.0, 86_400.0, 432_000.0];

/// What is collected, and where the depth of the queue is read.
#[derive(Clone)]
struct Metrics {
    collected: PrometheusHandle,
    mail: Mail,
    clock: std::sync::Arc<dyn Clock>,
}

/// The route.
///
/// # Errors
/// Where something else in the process collects already.
pub(crate) fn routes(mail: Mail, clock: std::sync::Arc<dyn Clock>) -> anyhow::Result<Router> {
    let collected = collected()?;
    Ok(Router::new().route("/metrics", get(metrics)).with_state(Metrics { collected, mail, clock }))
}

/// The process collects once, however many servers are started in it.
fn collected() -> anyhow::Result<PrometheusHandle> {
    static COLLECTED: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(collected) = COLLECTED.get() {
        return Ok(collected.clone());
    }
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(mailbox::SECONDS.to_owned()), &SECONDS)?;
    let collected = builder.install_recorder().context("what happens can't be counted")?;
    describe_counter!(mailbox::OUTCOMES, "Recipients by what became of their mail, each time it was tried");
    describe_histogram!(mailbox::SECONDS, "Seconds from taking a message to its end, by recipient");
    describe_gauge!(WAITING, "Recipients whose mail waits");
    describe_gauge!(OVERDUE, "Seconds since what is due longest was due");
    Ok(COLLECTED.get_or_init(|| collected).clone())
}

async fn metrics(State(metrics): State<Metrics>) -> Response {
    match metrics.mail.queue_depth().await {
        Ok(depths) => depths_of(&depths, &*metrics.clock),
        Err(error) => {
            tracing::error!(%error, "the depth of the queue can't be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.collected.render()).into_response()
}

fn depths_of(depths: &[Depth], clock: &dyn Clock) {
    for state in [ForwardState::Due, ForwardState::Relay, ForwardState::Held] {
        let depth = depths.iter().find(|depth| depth.state == state);
        let count = depth.map_or(0, |depth| u32::try_from(depth.count).unwrap_or(u32::MAX));
        gauge!(WAITING, "state" => state.as_str()).set(f64::from(count));
        let overdue = depth.and_then(|depth| depth.first_due).map_or(0, |due| clock.now().seconds() - due.seconds());
        gauge!(OVERDUE, "state" => state.as_str()).set(f64::from(u32::try_from(overdue).unwrap_or(0)));
    }
}
