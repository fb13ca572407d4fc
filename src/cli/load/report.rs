//! The report of a run: one structure, printed as a table for people or as JSON for programs.

use super::{
    continuity::Integrity,
    errors::ErrorTally,
    latencies::{LatencySummary, rounded},
};
use comfy_table::{CellAlignment, Table, presets};
use cowork_domain::timestamp::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write, time::Duration};

/// What a scenario found out.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// How long was measured; rates refer to it.
    pub(super) measured: Duration,
    pub(super) figures: Figures,
    pub(super) integrity: Integrity,
    pub(super) errors: ErrorTally,
}

/// Named results in the order in which a person should read them.
#[derive(Debug, Default)]
pub(super) struct Figures(Vec<(&'static str, Figure)>);

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum Figure {
    Count(u64),
    Number(f64),
    Latency(LatencySummary),
}

impl Figures {
    pub(super) fn count(&mut self, name: &'static str, value: u64) {
        self.0.push((name, Figure::Count(value)));
    }

    pub(super) fn number(&mut self, name: &'static str, value: f64) {
        self.0.push((name, Figure::Number(rounded(value))));
    }

    /// Events per second of the measured time.
    pub(super) fn rate(&mut self, name: &'static str, events: u64, measured: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "counts of a run stay far below 2^52")]
        let rate = events as f64 / measured.as_secs_f64().max(f64::MIN_POSITIVE);
        self.number(name, rate);
    }

    pub(super) fn latency(&mut self, name: &'static str, summary: LatencySummary) {
        self.0.push((name, Figure::Latency(summary)));
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, figure) in &self.0 {
            map.serialize_entry(name, figure)?;
        }
        map.end()
    }
}

/// The whole report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    scenario: &'static str,
    parameters: Value,
    started_at: Timestamp,
    ended_at: Timestamp,
    measured_seconds: f64,
    figures: Figures,
    integrity: Integrity,
    errors: Errors,
    generator: Generator,
    passed: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Errors {
    attempts: u64,
    total: u64,
    ratio: f64,
    by_kind: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Generator {
    /// Of the whole run, set-up and drain included.
    cpu_seconds: f64,
    run_seconds: f64,
}

/// What the frame around a scenario knows about its run.
#[derive(Debug)]
pub(super) struct RunFacts {
    pub(super) scenario: &'static str,
    pub(super) parameters: Value,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Timestamp,
    pub(super) run: Duration,
    pub(super) generator_cpu: Duration,
    pub(super) max_error_ratio: f64,
}

impl Report {
    pub(super) fn new(facts: RunFacts, findings: Findings) -> Self {
        let Findings { measured, figures, integrity, errors } = findings;
        let ratio = errors.ratio();
        Self {
            scenario: facts.scenario,
            parameters: facts.parameters,
            started_at: facts.started_at,
            ended_at: facts.ended_at,
            measured_seconds: rounded(measured.as_secs_f64()),
            figures,
            integrity,
            passed: integrity.is_clean() && ratio <= facts.max_error_ratio,
            errors: Errors { attempts: errors.attempts(), total: errors.total(), ratio, by_kind: errors.by_kind().clone() },
            generator: Generator { cpu_seconds: rounded(facts.generator_cpu.as_secs_f64()), run_seconds: rounded(facts.run.as_secs_f64()) },
        }
    }

    /// Nothing was lost, doubled or swapped, and errors stayed within bounds.
    pub(super) fn passed(&self) -> bool {
        self.passed
    }

    /// For people.
    pub(super) fn table(&self) -> String {
        let mut numbers = table(&["figure", "value"]);
        let mut latencies = table(&["latency (ms)", "count", "mean", "p50", "p90", "p99", "p99.9", "max"]);
        for (name, figure) in &self.figures.0 {
            match figure {
                Figure::Count(count) => drop(numbers.add_row([(*name).to_owned(), count.to_string()])),
                Figure::Number(number) => drop(numbers.add_row([(*name).to_owned(), format!("{number:.3}")])),
                Figure::Latency(latency) => {
                    let LatencySummary { count, mean_ms, p50_ms, p90_ms, p99_ms, p99_9_ms, max_ms } = latency;
                    let mut row = vec![(*name).to_owned(), count.to_string()];
                    row.extend([mean_ms, p50_ms, p90_ms, p99_ms, p99_9_ms, max_ms].map(|millis| format!("{millis:.3}")));
                    latencies.add_row(row);
                }
            }
        }
        let Integrity { lost, duplicated, reordered } = self.integrity;
        let mut text =
            format!("{}: {}, measured {} s\n", self.scenario, if self.passed { "passed" } else { "FAILED" }, self.measured_seconds);
        for part in [numbers, latencies].iter().filter(|part| !part.is_empty()) {
            writeln!(text, "\n{part}").expect("writing to a string succeeds");
        }
        write!(
            text,
            "\nlost {lost}, duplicated {duplicated}, reordered {reordered}; errors {} of {}",
            self.errors.total, self.errors.attempts
        )
        .expect("writing to a string succeeds");
        for (kind, count) in &self.errors.by_kind {
            write!(text, "\n  {count} × {kind}").expect("writing to a string succeeds");
        }
        let Generator { cpu_seconds, run_seconds } = self.generator;
        write!(text, "\ngenerator: {cpu_seconds} CPU seconds in {run_seconds} s").expect("writing to a string succeeds");
        text
    }
}

fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(headings.iter().copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(findings: Findings) -> Report {
        let at = Timestamp::from_millis(0);
        let facts = RunFacts {
            scenario: "prompts",
            parameters: Value::Null,
            started_at: at,
            ended_at: at,
            run: Duration::from_secs(12),
            generator_cpu: Duration::from_millis(1500),
            max_error_ratio: 0.1,
        };
        Report::new(facts, findings)
    }

    fn ten_attempts_with_errors(count: u64) -> ErrorTally {
        let mut errors = ErrorTally::default();
        (0..10).for_each(|_| errors.attempt());
        errors.errors("429 quota.prompts_per_hour_exceeded", count);
        errors
    }

    #[test]
    fn a_run_fails_on_any_gap_and_on_too_many_errors() {
        assert!(report(Findings { errors: ten_attempts_with_errors(1), ..Findings::default() }).passed());
        assert!(!report(Findings { errors: ten_attempts_with_errors(2), ..Findings::default() }).passed());
        let lost = Integrity { lost: 1, ..Integrity::default() };
        assert!(!report(Findings { integrity: lost, ..Findings::default() }).passed());
    }

    #[test]
    fn both_forms_say_the_same() {
        let mut findings = Findings { measured: Duration::from_secs(10), errors: ten_attempts_with_errors(1), ..Findings::default() };
        findings.figures.rate("completedPerSecond", 25_000, findings.measured);
        findings.figures.latency("accepted", LatencySummary { count: 7, p99_ms: 4.25, ..LatencySummary::default() });
        let report = report(findings);

        let json = serde_json::to_value(&report).expect("serialisable");
        assert_eq!(json["figures"]["completedPerSecond"], 2500.0);
        assert_eq!(json["figures"]["accepted"]["p99Ms"], 4.25);
        assert_eq!(json["errors"]["byKind"]["429 quota.prompts_per_hour_exceeded"], 1);
        assert_eq!(json["generator"]["cpuSeconds"], 1.5);
        let table = report.table();
        for part in ["completedPerSecond", "2500.000", "4.250", "1 × 429 quota.prompts_per_hour_exceeded"] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
    }
}
