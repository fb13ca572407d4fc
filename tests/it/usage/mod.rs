//! `/api/usage` (contract 03 §4).

mod quotas;
mod readers;
mod recorded;

use serde_json::Value;
use std::collections::BTreeMap;

/// A quota's line of a summary.
fn quota<'a>(summary: &'a Value, key: &str) -> &'a Value {
    let quotas = summary["quotas"].as_array().unwrap_or_else(|| panic!("no quotas: {summary}"));
    quotas.iter().find(|quota| quota["quotaKey"] == key).unwrap_or_else(|| panic!("no quota {key}: {summary}"))
}

/// Quantities by type, as a summary has them.
fn totals(summary: &Value) -> BTreeMap<&str, i64> {
    let totals = summary["totals"].as_array().unwrap_or_else(|| panic!("no totals: {summary}"));
    let line = |total: &'_ Value| total["quantity"].as_i64().expect("a number");
    totals.iter().map(|total| (total["eventType"].as_str().expect("text"), line(total))).collect()
}
