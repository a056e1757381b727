//! The log: stderr, one line each, never a colour. No token, subject, body or address goes into it.

use tracing_subscriber::EnvFilter;

/// What is logged unless something else is asked for.
const DEFAULT: &str = "info";

/// Starts logging what `filter` lets through, such as `info` or `warn,graph=debug`; a panic is logged too.
///
/// # Errors
/// Where the filter can't be read, or logging was started before.
pub fn start(filter: Option<&str>) -> anyhow::Result<()> {
    let filter = filter.unwrap_or(DEFAULT);
    let filter = EnvFilter::try_new(filter).map_err(|error| anyhow::anyhow!("RESTANTE_LOG can't be read: {error}"))?;
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init()
        .map_err(anyhow::Error::from_boxed)?;
    // A panic's own text may quote what was being read, so only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic");
    }));
    Ok(())
}
