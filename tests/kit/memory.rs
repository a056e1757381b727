//! How much memory the server takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Looks at a process's anonymous memory while something is done: mappings of files are the page cache's.
pub struct MemoryWatch {
    process: u32,
    before: u64,
    peak: Arc<AtomicU64>,
    watching: JoinHandle<()>,
}

impl MemoryWatch {
    /// Begins to look.
    pub fn of(process: u32) -> MemoryWatch {
        let before = anonymous_octets(process);
        let peak = Arc::new(AtomicU64::new(before));
        let seen = peak.clone();
        let watching = tokio::spawn(async move {
            loop {
                seen.fetch_max(anonymous_octets(process), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        MemoryWatch { process, before, peak, watching }
    }

    /// Octets by which the process had grown at most.
    pub fn growth(self) -> u64 {
        self.watching.abort();
        let peak = self.peak.load(Ordering::Relaxed).max(anonymous_octets(self.process));
        peak.saturating_sub(self.before)
    }
}

/// `RssAnon` of a process in octets.
fn anonymous_octets(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("the kernel counts RssAnon");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("RssAnon is a number of kB");
    kilobytes * 1024
}
