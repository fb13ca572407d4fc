//! `cowork org list`.

use crate::cli::{
    ExitCode,
    database::open,
    output::{self, Output},
    settings::SettingArgs,
};
use anyhow::Context;
use clap::Args;
use cowork_domain::ids::OrgId;
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  cowork org list
  cowork org list --output json | jq -r '.orgs[] | select(.status != \"active\") | .orgId'
  cowork org list --after acme --limit 1000";

/// List the organisations by their ids.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListArgs {
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    limit: u32,
    /// Only those behind this id.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: ListArgs) -> anyhow::Result<ExitCode> {
    let (database, _) = open(args.settings).await?;
    let after = args.after.map(OrgId::new);
    let listed = database.store.orgs(after.as_ref(), args.limit).await;
    database.close().await;
    let orgs = listed.context("the organisations cannot be read")?;
    match args.output {
        Output::Json => output::print_json(&json!({ "orgs": orgs }))?,
        Output::Table => output::print(&super::table(&orgs))?,
    }
    Ok(ExitCode::Success)
}
