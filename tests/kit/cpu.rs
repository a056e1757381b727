//! What processes have had of the processor.

use std::fs;
use std::time::Duration;

/// A hundredth of a second: what `/proc` counts in, whatever the kernel does (proc(5), `sysconf(_SC_CLK_TCK)` on Linux).
const TICK: Duration = Duration::from_millis(10);

/// The time that all threads of a process have had, those that have ended included.
pub fn of_process(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    ticks(&stat, [UTIME, STIME])
}

/// The time that a process, its children and those of them that have ended have had. Of the children, which have one thread, it
/// is exact.
pub(crate) fn of_family(parent: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    let living = children.split_whitespace().filter_map(|child| child.parse().ok()).map(of_thread);
    ticks(&stat, [CUTIME, CSTIME]) + of_thread(parent) + living.sum::<Duration>()
}

/// Places of times in `/proc/PID/stat`, counted behind the name.
const UTIME: usize = 11;
const STIME: usize = 12;
const CUTIME: usize = 13;
const CSTIME: usize = 14;

fn ticks(stat: &str, places: [usize; 2]) -> Duration {
    let behind = stat.rsplit_once(") ").map(|(_, behind)| behind).unwrap_or_default();
    let fields: Vec<&str> = behind.split(' ').collect();
    let count = places.iter().filter_map(|place| fields.get(*place)?.parse::<u32>().ok()).sum::<u32>();
    TICK * count
}

/// Nanoseconds on a core are the first number of `schedstat`.
fn of_thread(process: u32) -> Duration {
    let said = fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
    Duration::from_nanos(said.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_seen_in_both_ways() {
        let (process, began) = (std::process::id(), of_process(std::process::id()));
        let mut number = 1_u64;
        while of_process(process) < began + TICK * 5 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        }
        assert!(of_family(process) > Duration::ZERO && number != 0);
        assert_eq!(ticks("1 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 7 5 2 1 20", [UTIME, STIME]), TICK * 12);
        assert_eq!(ticks("1 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 7 5 2 1 20", [CUTIME, CSTIME]), TICK * 3);
    }
}
