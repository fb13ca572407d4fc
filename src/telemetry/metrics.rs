//! The metrics recorder. It has no listener of its own: the front door renders it (contract 00 §8).

use super::catalogue::{self, Kind, Unit};
use super::process;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Bucket bounds of durations in seconds: 0.1 ms to 10 s, about two steps per doubling where the budgets lie.
const SECONDS: [f64; 17] = [0.0001, 0.000_25, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.04, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Bucket bounds of sizes in rows and bytes.
const SIZES: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 10_000.0];

/// Renders the metrics of the process. Cheap to clone.
#[derive(Clone)]
pub struct MetricsHandle {
    prometheus: PrometheusHandle,
}

impl std::fmt::Debug for MetricsHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsHandle").finish_non_exhaustive()
    }
}

/// The recorder could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be recorded: {0}")]
pub struct InstallError(#[from] BuildError);

/// Installs the recorder for the process; works once.
pub fn install() -> Result<MetricsHandle, InstallError> {
    let prometheus = builder()?.install_recorder()?;
    describe();
    begin_counting();
    process::describe_start();
    Ok(MetricsHandle { prometheus })
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in catalogue::METRICS.iter().filter(|metric| metric.kind == Kind::Histogram) {
        let buckets: &[f64] = if metric.unit == Unit::Seconds { &SECONDS } else { &SIZES };
        builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)?;
    }
    // A duration that nobody has put into the catalogue yet must still come out as a histogram and not as a summary.
    builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
}

fn describe() {
    for metric in catalogue::METRICS {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.unit.as_metrics(), metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.unit.as_metrics(), metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.unit.as_metrics(), metric.help),
        }
    }
}

/// A counter that appears with its first event can't be told from one that was always at that: an alarm on its increase would
/// miss the first. Those with labels begin with each label's first event all the same.
fn begin_counting() {
    for metric in catalogue::METRICS.iter().filter(|metric| metric.kind == Kind::Counter && metric.labels.is_empty()) {
        metrics::counter!(metric.name).increment(0);
    }
}

impl MetricsHandle {
    /// The Prometheus text format, with fresh figures of the process itself.
    pub fn render(&self) -> String {
        process::refresh();
        // Without upkeep histograms keep every sample until they are rendered; a render is the only reader there is.
        self.prometheus.run_upkeep();
        self.prometheus.render()
    }

    /// Folds recorded samples together, so that a process whose metrics nobody reads doesn't grow. To be called now and then.
    pub fn upkeep(&self) {
        self.prometheus.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_histograms_with_the_budgets_in_their_buckets() {
        let recorder = builder().unwrap().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            metrics::histogram!("cowork_journal_commit_seconds").record(0.0004);
            metrics::histogram!("cowork_something_new_seconds").record(0.2);
            metrics::gauge!("cowork_journal_queue").set(3.0);
            process::refresh();
        });
        let text = handle.render();
        for line in [
            "# TYPE cowork_journal_commit_seconds histogram",
            "cowork_journal_commit_seconds_bucket{le=\"0.00025\"} 0",
            "cowork_journal_commit_seconds_bucket{le=\"0.0005\"} 1",
            "# TYPE cowork_something_new_seconds histogram",
            "# HELP cowork_journal_queue ",
            "# TYPE process_resident_memory_bytes gauge",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
