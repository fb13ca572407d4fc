//! Memory and processor time of a process, from `/proc`.

use anyhow::Context;
use nix::unistd::{SysconfVar, sysconf};
use serde_json::{Value, json};
use std::fs;

/// What a process uses at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    resident_kibibytes: u32,
    peak_kibibytes: u32,
    /// Since its start.
    pub(super) cpu_seconds: f64,
}

impl Usage {
    pub(super) fn of(pid: u32) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the process cannot be looked at")?;
        let kibibytes = |name: &str| -> anyhow::Result<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("{name} is missing"))?;
            Ok(line.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse()?)
        };
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The second field is the program's name and may hold anything; the fields after its closing bracket are plain.
        let fields: Vec<&str> = stat.rsplit_once(')').map(|(_, rest)| rest.split_ascii_whitespace().collect()).unwrap_or_default();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u32>().ok()).map_or(0.0, f64::from);
        let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().and_then(|ticks| u32::try_from(ticks).ok()).map_or(100.0, f64::from);
        Ok(Self {
            resident_kibibytes: kibibytes("VmRSS")?,
            peak_kibibytes: kibibytes("VmHWM")?,
            cpu_seconds: (ticks(11) + ticks(12)) / per_second,
        })
    }

    pub(super) fn resident_megabytes(self) -> f64 {
        f64::from(self.resident_kibibytes) * 1024.0 / 1e6
    }

    pub(super) fn peak_megabytes(self) -> f64 {
        f64::from(self.peak_kibibytes) * 1024.0 / 1e6
    }

    pub(super) fn as_json(self) -> Value {
        json!({ "residentMegabytes": self.resident_megabytes(), "peakMegabytes": self.peak_megabytes(), "cpuSeconds": self.cpu_seconds })
    }
}
