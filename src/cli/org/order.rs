//! `cowork org pause`, `resume`, `freeze` and `unfreeze`.

use super::mandate;
use crate::cli::{
    ExitCode,
    database::open,
    output::{self, Output},
    settings::SettingArgs,
};
use anyhow::Context;
use clap::Args;
use cowork_domain::{ids::OrgId, org::OrgOrder};
use serde_json::json;

const EXIT_CODES: &str = "\
Exit codes:
  0  it is so, whether it was so before or not
  1  there is no such organisation, or it is in another state than this ends
  2  wrong usage or configuration";

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct OrderArgs {
    /// Id of the organisation.
    org: String,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: OrderArgs, order: OrgOrder) -> anyhow::Result<ExitCode> {
    let (database, _) = open(args.settings).await?;
    let obeyed = database.store.order_org(&OrgId::new(args.org.as_str()), order, &mandate()).await;
    database.close().await;
    let status = obeyed.with_context(|| format!("{} stays as it is", args.org))?;
    match args.output {
        Output::Json => output::print_json(&json!({ "orgId": args.org, "status": status }))?,
        Output::Table => output::print(&format!("{} is {}", args.org, status.as_str()))?,
    }
    Ok(ExitCode::Success)
}
