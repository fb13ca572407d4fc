//! `cargo xtask gen`: everything in the checkout that a program can write better than a person.

use crate::postgres::Postgres;
use crate::steps::{self, cargo, output_of, program, root};
use anyhow::{Context, bail};
use clap::Args;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What `cowork reference` prints, and where it goes.
const PAGES: [(&str, &str); 7] = [
    ("authorization", "docs/authorization.md"),
    ("codes", "docs/codes.md"),
    ("cli", "docs/cli.md"),
    ("config", "docs/configuration.md"),
    ("config-schema", "docs/config.schema.json"),
    ("metrics", "docs/metrics.md"),
    ("openapi", "docs/api/openapi.json"),
];

/// Write the API description, the configuration schema, the metrics, the command-line pages and the query data.
#[derive(Debug, Args)]
pub(crate) struct GenArgs {
    /// Change nothing; fail when something in the checkout is out of date.
    #[arg(long)]
    check: bool,
    /// Leave out the query data in .sqlx, which need a database.
    #[arg(long)]
    no_sqlx: bool,
}

pub(crate) fn run(args: &GenArgs) -> anyhow::Result<()> {
    let cowork = steps::build_cowork(false)?;
    let mut fresh = BTreeMap::new();
    for (page, path) in PAGES {
        fresh.insert(path.to_owned(), output_of(&mut program(&cowork, &["reference", page]))?);
    }
    let mut stale = differences(&fresh)?;
    if !args.no_sqlx {
        let queries = query_data(&cowork)?;
        stale.extend(differences(&queries)?);
        stale.extend(leftovers(&queries)?);
        fresh.extend(queries);
    }
    if args.check {
        if stale.is_empty() {
            return Ok(());
        }
        bail!("out of date: {}; run `cargo xtask gen`", stale.join(", "));
    }
    for path in stale {
        let target = root().join(&path);
        if let Some(text) = fresh.get(&path) {
            fs::create_dir_all(target.parent().expect("every generated file lies in a folder"))?;
            fs::write(&target, text).with_context(|| format!("{path} cannot be written"))?;
            eprintln!("wrote {path}");
        } else {
            fs::remove_file(&target).with_context(|| format!("{path} cannot be removed"))?;
            eprintln!("removed {path}");
        }
    }
    Ok(())
}

/// The files whose text in the checkout is another one, or that are missing there.
fn differences(fresh: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let mut stale = Vec::new();
    for (path, text) in fresh {
        match fs::read_to_string(root().join(path)) {
            Ok(present) if present == *text => {}
            Ok(_) => stale.push(path.clone()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => stale.push(path.clone()),
            Err(error) => return Err(error).with_context(|| format!("{path} cannot be read")),
        }
    }
    Ok(stale)
}

/// Query data of queries that are gone.
fn leftovers(queries: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let folder = root().join(".sqlx");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    Ok(read_folder(&folder)?.into_keys().filter(|path| !queries.contains_key(path)).collect())
}

/// Checks every query against a database with the current schema; the compiler writes down what it learnt.
fn query_data(cowork: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let postgres = Postgres::start(cowork)?;
    steps::run(program(cowork, &["migrate"]).env("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", postgres.url()))?;
    let folder = tempfile::tempdir()?;
    // The compiler sees no reason to expand the queries again unless a file of the crate is newer than its last result.
    fs::File::options().append(true).open(root().join("crates/store/src/lib.rs"))?.set_modified(newer_than_any_build()?)?;
    steps::run(
        cargo(&["check", "--package", "cowork-store", "--all-targets"])
            .env("DATABASE_URL", postgres.url())
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", folder.path()),
    )?;
    read_folder(folder.path())
}

/// The time of a file that is written now.
fn newer_than_any_build() -> anyhow::Result<std::time::SystemTime> {
    Ok(tempfile::tempfile()?.metadata()?.modified()?)
}

/// The query files of a folder, under the names that they have in the checkout.
fn read_folder(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") {
            files.insert(format!(".sqlx/{name}"), fs::read_to_string(entry.path())?);
        }
    }
    Ok(files)
}
