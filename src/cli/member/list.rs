//! `cowork member list`.

use super::table;
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
  cowork member list --org acme
  cowork member list --org acme --search kim --output json";

/// List the members of an organisation, last changed first.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListArgs {
    /// The organisation.
    #[arg(long, value_name = "ID")]
    org: String,
    /// Only those whose address, name or account holds this text, in any case.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    limit: u32,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: ListArgs) -> anyhow::Result<ExitCode> {
    let (database, _) = open(args.settings).await?;
    let listed = database.store.members(&OrgId::new(args.org), args.search.as_deref(), args.limit).await;
    database.close().await;
    let members = listed.context("the members cannot be read")?;
    match args.output {
        Output::Json => output::print_json(&json!({ "members": members }))?,
        Output::Table => output::print(&table(&members))?,
    }
    Ok(ExitCode::Success)
}
