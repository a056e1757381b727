//! What is counted of mail, for whoever watches over it. Who collects it is the wiring's to say.

use metrics::{counter, histogram};
use store::{ForwardState, Timestamp};

/// Recipients by what became of their mail, each time it was tried: `outcome` is a [`ForwardState`], or `deferred`.
pub const OUTCOMES: &str = "restante_recipients_total";
/// Seconds from taking a message to its end, by recipient and outcome.
pub const SECONDS: &str = "restante_delivery_seconds";

/// Counts what became of one recipient.
pub(crate) fn count(state: ForwardState, created: Timestamp, now: Timestamp) {
    let outcome = if state.is_end() { state.as_str() } else { "deferred" };
    counter!(OUTCOMES, "outcome" => outcome).increment(1);
    if state.is_end() {
        let micros = u32::try_from((now.0 - created.0) / 1000).unwrap_or(u32::MAX);
        histogram!(SECONDS, "outcome" => outcome).record(f64::from(micros) / 1000.0);
    }
}
