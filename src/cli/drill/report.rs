//! The report of a drill: one structure, printed as tables for people or as JSON for programs.

use super::{
    faults::FaultKind,
    history::RoundRecord,
    judge::{Kind, Measures, Verdict, Violation},
    machine::Machine,
};
use crate::cli::{
    load::latencies::{LatencySummary, rounded},
    output,
};
use comfy_table::CellAlignment;
use cowork_domain::timestamp::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write, time::Duration};

/// So many violations of a kind are told in full.
const EXAMPLES: usize = 20;
/// And so many in the table.
const TABLE_EXAMPLES: usize = 3;

/// What the frame around the rounds knows.
pub(super) struct RunFacts {
    pub(super) planned: Vec<FaultKind>,
    pub(super) seed: u64,
    pub(super) options: Value,
    pub(super) machine: Machine,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Timestamp,
    pub(super) took: Duration,
    pub(super) faults: Vec<FaultReport>,
}

/// The whole report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    drill: &'static str,
    passed: bool,
    seed: u64,
    options: Value,
    machine: Machine,
    started_at: Timestamp,
    ended_at: Timestamp,
    seconds: f64,
    faults: Vec<FaultReport>,
    /// Because the cluster was lost before.
    not_drilled: Vec<FaultKind>,
}

/// All rounds of a fault.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FaultReport {
    fault: FaultKind,
    /// Every kind, also those that never happened.
    violations: BTreeMap<Kind, usize>,
    examples: Vec<Violation>,
    measures: Measures,
    rounds: Vec<RoundRecord>,
}

impl FaultReport {
    pub(super) fn new(fault: FaultKind, rounds: Vec<RoundRecord>, verdict: Verdict) -> Self {
        let Verdict { violations: found, measures } = verdict;
        let mut violations: BTreeMap<Kind, usize> = Kind::ALL.into_iter().map(|kind| (kind, 0)).collect();
        let mut examples = Vec::new();
        for violation in found {
            let count = violations.entry(violation.kind).or_default();
            *count += 1;
            if *count <= EXAMPLES {
                examples.push(violation);
            }
        }
        Self { fault, violations, examples, measures, rounds }
    }

    /// The drill of this fault broke off.
    pub(super) fn of_failure(fault: FaultKind, error: &anyhow::Error) -> Self {
        let violation = Violation { kind: Kind::InvalidRound, what: format!("the drill broke off: {error:#}") };
        Self::new(fault, Vec::new(), Verdict { violations: vec![violation], measures: Measures::default() })
    }

    fn total(&self) -> usize {
        self.violations.values().sum()
    }
}

impl Report {
    pub(super) fn new(facts: RunFacts) -> Self {
        let RunFacts { planned, seed, options, machine, started_at, ended_at, took, faults } = facts;
        let not_drilled: Vec<FaultKind> =
            planned.into_iter().filter(|planned| !faults.iter().any(|report| report.fault == *planned)).collect();
        let passed = not_drilled.is_empty() && faults.iter().all(|report| report.total() == 0);
        Self {
            drill: "failover",
            passed,
            seed,
            options,
            machine,
            started_at,
            ended_at,
            seconds: rounded(took.as_secs_f64()),
            faults,
            not_drilled,
        }
    }

    /// Every promise was kept, and every fault took place.
    pub(super) fn passed(&self) -> bool {
        self.passed
    }

    /// For people.
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        let verdict = if self.passed { "passed" } else { "FAILED" };
        writeln!(text, "failover: {verdict} in {:.0} s, seed {}\n{}\n", self.seconds, self.seed, self.machine.in_words()).expect(WRITES);
        writeln!(text, "{}\n\n{}", self.counts(), self.times()).expect(WRITES);
        for report in self.faults.iter().filter(|report| report.total() > 0) {
            writeln!(text, "\n{}:", report.fault.as_str()).expect(WRITES);
            for (kind, count) in report.violations.iter().filter(|(_, count)| **count > 0) {
                writeln!(text, "  {count} × {kind}").expect(WRITES);
                for example in report.examples.iter().filter(|example| example.kind == *kind).take(TABLE_EXAMPLES) {
                    writeln!(text, "      {}", example.what).expect(WRITES);
                }
            }
        }
        if !self.not_drilled.is_empty() {
            let names: Vec<&str> = self.not_drilled.iter().map(|fault| fault.as_str()).collect();
            writeln!(text, "\nnot drilled: {}", names.join(", ")).expect(WRITES);
        }
        text
    }

    fn counts(&self) -> comfy_table::Table {
        let header =
            ["fault", "rounds", "requests", "retried", "prompts", "given up", "events", "streams", "reconnects", "frames", "violations"];
        let mut table = numbers(&header);
        for FaultReport { fault, measures, rounds, .. } in &self.faults {
            let violations = self.faults.iter().find(|report| report.fault == *fault).map_or(0, FaultReport::total);
            let counts = [
                rounds.len() as u64,
                measures.requests,
                measures.retried,
                measures.prompts_acknowledged,
                measures.prompts_given_up,
                measures.events,
                measures.streams,
                measures.reconnects,
                measures.frames,
                violations as u64,
            ];
            table.add_row(std::iter::once(fault.as_str().to_owned()).chain(counts.map(|count| count.to_string())));
        }
        table
    }

    fn times(&self) -> comfy_table::Table {
        let header = [
            "milliseconds",
            "resumed",
            "p50",
            "p99",
            "max",
            "all resumed p50",
            "max",
            "settled p50",
            "max",
            "request p50",
            "p99",
            "max",
            "silence",
        ];
        let mut table = numbers(&header);
        for FaultReport { fault, measures, .. } in &self.faults {
            let Measures { resume, all_resumed, settled, request, .. } = measures;
            let LatencySummary { count, p50_ms, p99_ms, max_ms, .. } = resume;
            let times = [
                *p50_ms,
                *p99_ms,
                *max_ms,
                all_resumed.p50_ms,
                all_resumed.max_ms,
                settled.p50_ms,
                settled.max_ms,
                request.p50_ms,
                request.p99_ms,
                request.max_ms,
                measures.longest_silence_ms,
            ];
            let row = [fault.as_str().to_owned(), count.to_string()].into_iter().chain(times.map(|millis| format!("{millis:.0}")));
            table.add_row(row);
        }
        table
    }
}

const WRITES: &str = "writing to a string succeeds";

fn numbers(header: &[&str]) -> comfy_table::Table {
    let mut table = output::table(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
