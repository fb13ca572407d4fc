//! The measured time of a run, and what the processes used in it.

use super::{
    options::CommonArgs,
    process::{own_cpu, read_process},
    report::Figures,
};
use std::time::{Duration, Instant};

/// From the end of the warm-up to the last intended start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) begin: Instant,
    pub(super) end: Instant,
}

/// CPU and memory over a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    generator_cores: f64,
    server: Option<ServerUsage>,
}

#[derive(Debug, Clone, Copy)]
struct ServerUsage {
    cores: f64,
    resident_bytes: u64,
}

impl Window {
    /// Warm-up starts now.
    pub(super) fn after_warmup(common: &CommonArgs) -> Self {
        let begin = Instant::now() + common.warmup;
        Self { begin, end: begin + common.duration }
    }

    pub(super) fn contains(&self, at: Instant) -> bool {
        self.begin <= at && at < self.end
    }

    pub(super) fn length(&self) -> Duration {
        self.end - self.begin
    }

    /// Waits for the end of the window and reports what was used in it.
    pub(super) async fn observe(self, server_pid: Option<u32>) -> anyhow::Result<Usage> {
        tokio::time::sleep_until(self.begin.into()).await;
        let begin = Instant::now();
        let (own_before, server_before) = (own_cpu(), server_pid.map(read_process).transpose()?);
        tokio::time::sleep_until(self.end.into()).await;
        let (own_after, server_after) = (own_cpu(), server_pid.map(read_process).transpose()?);
        let seconds = begin.elapsed().as_secs_f64().max(f64::MIN_POSITIVE);
        let server = server_before.zip(server_after).map(|(before, after)| ServerUsage {
            cores: (after.cpu_seconds - before.cpu_seconds) / seconds,
            resident_bytes: after.resident_bytes,
        });
        Ok(Usage { generator_cores: own_after.saturating_sub(own_before).as_secs_f64() / seconds, server })
    }
}

impl Usage {
    pub(super) fn add_to(&self, figures: &mut Figures) {
        figures.number("generatorCores", self.generator_cores);
        if let Some(server) = self.server {
            figures.number("serverCores", server.cores);
            figures.count("serverResidentBytes", server.resident_bytes);
        }
    }
}
