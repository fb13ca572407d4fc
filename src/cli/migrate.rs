//! `cowork migrate`: bring the database up to date, as a step of its own.

use super::ExitCode;
use super::database::Database;
use super::output::{self, Output};
use super::settings::SettingArgs;
use anyhow::Context;
use clap::Args;
use cowork_store::Store;
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
    let database = Database::open(&loaded.config.storage).await?;
    let migrated = migrate(&database.store, args.status).await;
    database.close().await;
    let (report, exit) = migrated?;
    print_report(&report, args.output)?;
    Ok(exit)
}

async fn migrate(store: &Store, only_status: bool) -> anyhow::Result<(Value, ExitCode)> {
    if only_status {
        let status = store.migration_status().await.context("the state of the database cannot be read")?;
        let exit = if status.pending.is_empty() { ExitCode::Success } else { ExitCode::Failure };
        return Ok((json!({ "applied": status.applied, "pending": status.pending, "newer": status.newer }), exit));
    }
    let report = store.migrate().await.context("the database cannot be brought up to date")?;
    Ok((json!({ "applied": report.applied, "newer": report.newer }), ExitCode::Success))
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
