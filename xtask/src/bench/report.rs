//! The report: a table beside the budgets for people, everything for programs.

use super::budgets::{ROWS, Run};
use super::machine::Commit;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Everything that was found out.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) machine: Value,
    pub(super) commit: Commit,
    pub(super) database: Value,
    pub(super) runs: Vec<Run>,
}

impl Report {
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("report.json"), serde_json::to_string_pretty(&self.as_json())? + "\n")?;
        fs::write(folder.join("REPORT.md"), self.as_markdown())?;
        Ok(())
    }

    fn as_json(&self) -> Value {
        let runs: Vec<Value> = self
            .runs
            .iter()
            .map(|run| json!({ "name": run.name, "command": run.command, "report": run.result, "serverBefore": run.before.as_json(), "serverAfter": run.after.as_json() }))
            .collect();
        let rows: Vec<Value> = ROWS
            .iter()
            .map(|row| {
                let measured = row.measured(&self.runs);
                json!({
                    "quantity": row.quantity,
                    "unit": row.unit,
                    "measured": measured,
                    "budget": row.budget.to_string(),
                    "holds": measured.map(|value| row.budget.holds(value)),
                    "upstream": row.upstream,
                    "timesBetter": measured.and_then(|value| row.ratio(value)),
                })
            })
            .collect();
        json!({ "machine": self.machine, "commit": self.commit.short, "dirty": self.commit.dirty, "database": self.database, "budgets": rows, "runs": runs })
    }

    fn as_markdown(&self) -> String {
        let mut page = String::new();
        self.append_head(&mut page)
            .and_then(|()| self.append_budgets(&mut page))
            .and_then(|()| self.append_runs(&mut page))
            .expect("a string takes any text");
        page
    }

    fn append_head(&self, page: &mut String) -> std::fmt::Result {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let machine = &self.machine;
        writeln!(page, "# Measured at {}{}\n", self.commit.short, if self.commit.dirty { " with uncommitted changes" } else { "" })?;
        writeln!(
            page,
            "- {}, {} cores, {}, Linux {}",
            word(&machine["cpu"]),
            machine["cores"],
            word(&machine["memory"]),
            word(&machine["kernel"])
        )?;
        writeln!(
            page,
            "- PostgreSQL {}, fsync {}, on the same machine",
            word(&self.database["postgresql"]),
            word(&self.database["fsync"])
        )?;
        writeln!(
            page,
            "- one node, where a row says nothing else; release build, signed headers, demo model at full speed; the load generator shares the machine"
        )?;
        writeln!(page, "- made by `cargo xtask bench`\n")
    }

    fn append_budgets(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "| quantity | measured | budget | | upstream | times better |\n|---|---|---|---|---|---|")?;
        for row in ROWS {
            let measured = row.measured(&self.runs);
            let verdict = measured.map_or("not measured", |value| if row.budget.holds(value) { "✓" } else { "✗" });
            let ratio = measured.and_then(|value| row.ratio(value));
            writeln!(
                page,
                "| {} | {} | {} {} | {verdict} | {} | {} |",
                row.quantity,
                measured.map_or_else(|| "–".to_owned(), |value| format!("{} {}", rounded(value), row.unit)),
                row.budget,
                row.unit,
                row.upstream.map_or_else(|| "–".to_owned(), |value| format!("{value} {}", row.unit)),
                ratio.map_or_else(|| "–".to_owned(), rounded),
            )?;
        }
        Ok(())
    }

    fn append_runs(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "\n| run | passed | errors | server CPU | generator CPU | server memory | peak |\n|---|---|---|---|---|---|---|")?;
        for run in &self.runs {
            writeln!(
                page,
                "| {} | {} | {} | {} s | {} s | {} MB | {} MB |",
                run.name,
                run.result["passed"].as_bool().map_or("–", |passed| if passed { "yes" } else { "no" }),
                run.result.pointer("/errors/total").map_or_else(|| "–".to_owned(), Value::to_string),
                rounded(run.after.cpu_seconds - run.before.cpu_seconds),
                run.result.pointer("/generator/cpuSeconds").and_then(Value::as_f64).map_or_else(|| "–".to_owned(), rounded),
                rounded(run.after.resident_megabytes()),
                rounded(run.after.peak_megabytes()),
            )?;
        }
        writeln!(page, "\n```sh")?;
        for run in self.runs.iter().filter(|run| !run.command.is_empty()) {
            writeln!(page, "{}", run.command)?;
        }
        writeln!(page, "```")
    }
}

/// Three digits that mean something.
fn rounded(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        large if large >= 100.0 => format!("{value:.0}"),
        medium if medium >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
