//! `cowork org show`.

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

/// Show one organisation.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Id of the organisation.
    org: String,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: ShowArgs) -> anyhow::Result<ExitCode> {
    let (database, _) = open(args.settings).await?;
    let found = database.store.org(&OrgId::new(args.org.as_str())).await;
    database.close().await;
    let org = found.context("the organisation cannot be read")?;
    let org = org.with_context(|| format!("there is no organisation {}; cowork org list shows those that there are", args.org))?;
    match args.output {
        Output::Json => output::print_json(&json!({ "org": org }))?,
        Output::Table => output::print(&super::table(&[org]))?,
    }
    Ok(ExitCode::Success)
}
