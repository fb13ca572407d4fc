//! What the operating system knows about this process, read from `/proc` when the metrics are rendered. On other systems these
//! metrics are absent.

use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::{SysconfVar, sysconf};
use std::fs;

/// Records what doesn't change.
pub(super) fn describe_start() {
    metrics::gauge!("cowork_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// Records what does.
pub(super) fn refresh() {
    if let Some(pages) = resident_pages() {
        metrics::gauge!("process_resident_memory_bytes").set(pages * page_size());
    }
    if let Some(seconds) = cpu_seconds() {
        metrics::gauge!("process_cpu_seconds_total").set(seconds);
    }
    if let Some(count) = entries("/proc/self/fd") {
        metrics::gauge!("process_open_fds").set(count);
    }
    if let Some(count) = entries("/proc/self/task") {
        metrics::gauge!("process_threads").set(count);
    }
}

/// The second field of `statm`.
fn resident_pages() -> Option<f64> {
    fs::read_to_string("/proc/self/statm").ok()?.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn page_size() -> f64 {
    let bytes = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|bytes| u32::try_from(bytes).ok());
    f64::from(bytes.unwrap_or(4096))
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let seconds = |time: nix::sys::time::TimeVal| {
        let micros = u32::try_from(time.tv_usec()).unwrap_or(0);
        // Whole seconds fit a double exactly for longer than any process lives.
        u32::try_from(time.tv_sec()).map_or(0.0, f64::from) + f64::from(micros) / 1e6
    };
    Some(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn entries(directory: &str) -> Option<f64> {
    let count = fs::read_dir(directory).ok()?.count();
    u32::try_from(count).ok().map(f64::from)
}
