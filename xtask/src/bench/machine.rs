//! On what was measured: machine, commit, database.

use crate::steps::{output_of, program};
use anyhow::Context;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The state of the checkout.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) short: String,
    pub(super) dirty: bool,
}

pub(super) fn commit() -> anyhow::Result<Commit> {
    let short = output_of(&mut program("git", &["rev-parse", "--short", "HEAD"])).context("the commit is not known")?.trim().to_owned();
    let dirty = !output_of(&mut program("git", &["status", "--porcelain"]))?.trim().is_empty();
    Ok(Commit { short, dirty })
}

/// Processor, cores, memory, kernel.
pub(super) fn describe() -> anyhow::Result<Value> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let meminfo = fs::read_to_string("/proc/meminfo")?;
    let memory = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")).map_or("unknown", str::trim);
    Ok(json!({
        "cpu": model,
        "cores": std::thread::available_parallelism()?.get(),
        "memory": memory,
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease")?.trim(),
    }))
}

/// Version of PostgreSQL, and whether it really writes to disk.
pub(super) fn database(cowork: &Path, data: &Path) -> anyhow::Result<Value> {
    let version = match fs::read_dir(data)?.flatten().find_map(|entry| fs::read_to_string(entry.path().join("PG_VERSION")).ok()) {
        Some(version) => version.trim().to_owned(),
        None => doctor_version(cowork)?,
    };
    Ok(json!({ "postgresql": version, "fsync": if turns_fsync_off(data, 3) { "off" } else { "on" } }))
}

fn doctor_version(cowork: &Path) -> anyhow::Result<String> {
    // The doctor fails when its default port is taken, and prints all the same.
    let output = program(cowork, &["doctor", "--output", "json"]).output()?;
    let checks: Value = serde_json::from_slice(&output.stdout)?;
    let postgres = checks.as_array().into_iter().flatten().find(|check| check["name"] == "PostgreSQL");
    Ok(postgres.and_then(|check| check["found"].as_str()).unwrap_or("unknown").to_owned())
}

/// On is PostgreSQL's default: only its settings files or its command line can say otherwise.
fn turns_fsync_off(folder: &Path, depth: u32) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        match entry.file_name().to_str() {
            Some("postgresql.conf" | "postgresql.auto.conf") => fs::read_to_string(&path).is_ok_and(|text| {
                text.lines()
                    .map(|line| line.split('#').next().unwrap_or_default())
                    .any(|line| line.trim_start().starts_with("fsync") && line.contains("off"))
            }),
            Some("postmaster.opts") => fs::read_to_string(&path).is_ok_and(|text| text.contains("fsync=off")),
            _ => depth > 0 && path.is_dir() && turns_fsync_off(&path, depth - 1),
        }
    })
}
