//! `cowork secrets shred`.

use crate::cli::{
    ExitCode,
    database::open,
    output::{self, Output},
    settings::SettingArgs,
};
use anyhow::{Context, bail};
use clap::Args;
use cowork_actors::Clock;
use cowork_domain::ids::OrgId;
use cowork_store::{Mandate, Shredded, Store};
use serde_json::json;

/// Destroy the data keys of an organisation: what was sealed to them is unreadable from then on, for everybody, and its provider keys
/// are disabled. A backup of the database from before still has them, until it is deleted.
#[derive(Debug, Args)]
pub(super) struct ShredArgs {
    /// Id of the organisation.
    #[arg(long)]
    org: String,
    /// Yes, for ever.
    #[arg(long)]
    yes: bool,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: ShredArgs) -> anyhow::Result<ExitCode> {
    if !args.yes {
        bail!("this can't be undone: add --yes to destroy the keys of {}", args.org.escape_default());
    }
    let (database, _) = open(args.settings).await?;
    let org = OrgId::new(args.org.as_str());
    let shredded = shred(&database.store, &org).await;
    database.close().await;
    let shredded = shredded?;
    match args.output {
        Output::Json => output::print_json(&json!({ "org": org, "shredded": shredded }))?,
        Output::Table => {
            let Shredded { data_keys, secrets } = shredded;
            output::print(&format!("{data_keys} data keys are gone, and {secrets} provider keys are disabled"))?;
        }
    }
    Ok(ExitCode::Success)
}

async fn shred(store: &Store, org: &OrgId) -> anyhow::Result<Shredded> {
    let known = store.org(org).await.context("the organisation cannot be read")?;
    known.with_context(|| format!("there is no organisation {org}; cowork org list shows those that there are"))?;
    let by = Mandate::operator("cli", Clock.nonce(), Clock.now());
    store.shred_org_keys(org, &by).await.context("the keys can't be destroyed")
}
