//! What a drill was held on: without it, times say little.

use serde::Serialize;
use std::fs;

/// This machine.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Machine {
    /// Cores that this process may use.
    cores: usize,
    processor: Option<String>,
    memory_mib: Option<u64>,
    kernel: Option<String>,
    /// Of the last minute, when the drill ended; everything on the machine counts.
    load_average: Option<String>,
    /// Of this program, which is also that of the nodes.
    version: &'static str,
    /// Not optimised: times are many times those of a release.
    debug_build: bool,
}

impl Machine {
    pub(super) fn read() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        let field = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_start_matches([':', ' ', '\t']).trim().to_owned())
        };
        let memory = read("/proc/meminfo").and_then(|text| field(&text, "MemTotal")?.split(' ').next()?.parse::<u64>().ok());
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: read("/proc/cpuinfo").and_then(|text| field(&text, "model name")),
            memory_mib: memory.map(|kibibytes| kibibytes / 1024),
            kernel: read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()),
            load_average: read("/proc/loadavg").and_then(|text| text.split(' ').next().map(str::to_owned)),
            version: env!("CARGO_PKG_VERSION"),
            debug_build: cfg!(debug_assertions),
        }
    }

    /// In a few words.
    pub(super) fn in_words(&self) -> String {
        let cores = format!("{} cores", self.cores);
        let memory = self.memory_mib.map(|mebibytes| format!("{} GiB", mebibytes / 1024));
        let build = self.debug_build.then(|| "debug build".to_owned());
        let words = [Some(cores), self.processor.clone(), memory, self.kernel.clone(), build];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
