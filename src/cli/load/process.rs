//! What processes cost: our own, and the server's where it runs on this machine.

use anyhow::Context;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use std::{fs, time::Duration};

/// The kernel reports times in /proc in this unit, on every architecture that Rust's Linux targets run on.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time that this process has used so far.
pub(in crate::cli) fn own_cpu() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Duration::ZERO };
    let total = usage.user_time() + usage.system_time();
    let micros = u64::try_from(total.tv_usec()).unwrap_or(0);
    Duration::from_secs(u64::try_from(total.tv_sec()).unwrap_or(0)) + Duration::from_micros(micros)
}

/// Raises the limit of open files as far as it goes: every stream is one.
pub(in crate::cli) fn raise_file_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // If it fails, opening the streams says so better than we could.
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).ok();
    }
}

/// A reading of another process.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProcessReading {
    pub(super) cpu_seconds: f64,
    pub(super) resident_bytes: u64,
}

/// Reads `/proc/PID`; children (a private PostgreSQL) are not in it.
pub(super) fn read_process(pid: u32) -> anyhow::Result<ProcessReading> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} cannot be read from /proc; --server-pid needs a process on this machine, and Linux"))?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("process {pid} ended"))?;
    parse_reading(&stat, &status).with_context(|| format!("/proc/{pid} is not understood"))
}

fn parse_reading(stat: &str, status: &str) -> Option<ProcessReading> {
    // The second field is the name in parentheses, which may hold spaces and parentheses itself.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(ProcessReading { cpu_seconds: (user + system) / TICKS_PER_SECOND, resident_bytes: kibibytes * 1024 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_an_odd_name_is_read_right() {
        let stat = "42 (co) work) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 8 0 100 1000000 500";
        let reading = parse_reading(stat, "Name:\tcowork\nVmRSS:\t   2048 kB\n").expect("understood");
        assert!((reading.cpu_seconds - 2.0).abs() < 1e-9, "{reading:?}");
        assert_eq!(reading.resident_bytes, 2 * 1024 * 1024);
    }
}
