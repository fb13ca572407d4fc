//! `cowork migrate`: bring the database up to date, as a step of its own.

use super::ExitCode;
use super::output::{self, Output};
use super::settings::SettingArgs;
use crate::config::storage::StorageConfig;
use anyhow::Context;
use clap::Args;
use cowork_store::{PrivatePostgres, PrivatePostgresOptions, Store, StoreOptions};
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  OPEN_COWORK_CLOUD_CONTROL_PLANE_URL=postgres://cowork@db/cowork cowork migrate
  cowork migrate --status --output json";

/// Bring the database up to date; without a database URL that of the private server, which must not be running.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MigrateArgs {
    /// Only say what would be done; exit code 1 when migrations are pending.
    #[arg(long)]
    status: bool,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: MigrateArgs) -> anyhow::Result<ExitCode> {
    let loaded = args.settings.load()?;
    let storage = &loaded.config.storage;
    let Some(url) = &storage.database_url else {
        storage.make_data_dir().with_context(|| format!("the data directory {} cannot be made", storage.data_dir.display()))?;
        let options = PrivatePostgresOptions { data_dir: storage.postgres_dir(), pg_bin: storage.postgres_programs.clone() };
        let server = PrivatePostgres::start(options).await.context("the private PostgreSQL does not start")?;
        let result = migrate(storage, server.url(), args.status, args.output).await;
        server.stop().await;
        return result;
    };
    migrate(storage, url.expose(), args.status, args.output).await
}

async fn migrate(storage: &StorageConfig, url: &str, only_status: bool, output: Output) -> anyhow::Result<ExitCode> {
    let options = StoreOptions {
        url: url.to_owned(),
        max_connections: 2,
        connect_timeout: storage.pool.connect_timeout,
        statement_timeout: storage.pool.statement_timeout,
    };
    let store = Store::connect(options).await.context("the database cannot be used")?;
    let (report, exit) = if only_status {
        let status = store.migration_status().await.context("the state of the database cannot be read")?;
        let exit = if status.pending.is_empty() { ExitCode::Success } else { ExitCode::Failure };
        (json!({ "applied": status.applied, "pending": status.pending, "newer": status.newer }), exit)
    } else {
        let report = store.migrate().await.context("the database cannot be brought up to date")?;
        (json!({ "applied": report.applied, "newer": report.newer }), ExitCode::Success)
    };
    store.close().await;
    print_report(&report, output)?;
    Ok(exit)
}

fn print_report(report: &Value, output: Output) -> anyhow::Result<()> {
    if output == Output::Json {
        return output::print_json(report);
    }
    let mut table = output::table(&["STATE", "MIGRATIONS"]);
    for (state, versions) in report.as_object().into_iter().flatten() {
        let versions: Vec<String> = versions.as_array().into_iter().flatten().map(Value::to_string).collect();
        table.add_row([state.clone(), if versions.is_empty() { "none".to_owned() } else { versions.join(" ") }]);
    }
    output::print(&table.trim_fmt())
}
