//! Latency distributions.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

const LONGEST_MICROS: u64 = 600_000_000;

/// A histogram of durations: microseconds, three significant digits, up to ten minutes.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Latencies(Histogram<u64>);

/// What a report says about a distribution, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct LatencySummary {
    pub(in crate::cli) count: u64,
    pub(in crate::cli) mean_ms: f64,
    pub(in crate::cli) p50_ms: f64,
    pub(in crate::cli) p90_ms: f64,
    pub(in crate::cli) p99_ms: f64,
    #[serde(rename = "p99_9Ms")]
    pub(in crate::cli) p99_9_ms: f64,
    pub(in crate::cli) max_ms: f64,
}

impl Latencies {
    pub(in crate::cli) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST_MICROS);
        self.0.saturating_record(micros.clamp(1, LONGEST_MICROS));
    }

    pub(in crate::cli) fn summary(&self) -> LatencySummary {
        if self.0.is_empty() {
            return LatencySummary::default();
        }
        let quantile = |quantile| millis(self.0.value_at_quantile(quantile));
        LatencySummary {
            count: self.0.len(),
            mean_ms: rounded(self.0.mean() / 1000.0),
            p50_ms: quantile(0.5),
            p90_ms: quantile(0.9),
            p99_ms: quantile(0.99),
            p99_9_ms: quantile(0.999),
            max_ms: millis(self.0.max()),
        }
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_MICROS, 3).expect("the bounds are in order"))
    }
}

fn millis(micros: u64) -> f64 {
    rounded(Duration::from_micros(micros).as_secs_f64() * 1000.0)
}

/// Three decimals: what the histogram knows.
pub(in crate::cli) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_in_milliseconds_and_an_empty_one_is_all_zero() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.summary(), LatencySummary::default());
        for millis in 1..=100 {
            latencies.record(Duration::from_millis(millis));
        }
        let summary = latencies.summary();
        assert_eq!(summary.count, 100);
        assert!((summary.p50_ms - 50.0).abs() < 0.1, "{summary:?}");
        assert!((summary.p99_ms - 99.0).abs() < 0.1, "{summary:?}");
    }
}
