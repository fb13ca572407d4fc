//! `cowork org export`: what the database knows of an organisation's people and credentials, without a secret.

use crate::{
    cli::{ExitCode, database::open, output, settings::SettingArgs},
    http,
};
use anyhow::Context;
use clap::Args;
use cowork_domain::ids::OrgId;
use cowork_store::Store;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  cowork org export acme > acme.json
  cowork org export acme | jq -r '.members[] | select(.role == \"owner\") | .email'";

/// Export an organisation as JSON: members, custom roles, tokens without their secrets, and the size of the audit log.
///
/// The audit log itself is exported by its readers, over GET /api/admin/audit/export.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExportArgs {
    /// Id of the organisation.
    org: String,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let (database, _) = open(args.settings).await?;
    let exported = export(&database.store, &OrgId::new(args.org)).await;
    database.close().await;
    output::print_json(&exported?)?;
    Ok(ExitCode::Success)
}

async fn export(store: &Store, org: &OrgId) -> anyhow::Result<Value> {
    let unreadable = "the organisation cannot be read";
    let row = store.org(org).await.context(unreadable)?;
    let row = row.with_context(|| format!("there is no organisation {org}; cowork org list shows those that there are"))?;
    let members = store.members(org, None, u32::MAX).await.context(unreadable)?;
    let roles = store.custom_roles(org).await.context(unreadable)?;
    let tokens = store.api_tokens(org, u32::MAX).await.context(unreadable)?;
    let tokens: Vec<http::ApiToken> = tokens.into_iter().map(Into::into).collect();
    let audit_rows = store.count_audit(org).await.context(unreadable)?;
    Ok(json!({ "org": row, "members": members, "roles": roles, "tokens": tokens, "auditRows": audit_rows }))
}
