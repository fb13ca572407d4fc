//! `cowork token revoke`: take tokens back, on every node at once.

use super::{actor, open};
use crate::cli::{
    ExitCode,
    output::{self, Output},
    settings::SettingArgs,
};
use anyhow::{Context, bail};
use clap::Args;
use cowork_actors::Clock;
use cowork_domain::ids::{OrgId, TokenId, UserId};
use cowork_store::Store;
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  cowork token revoke --org acme tok_U1-vi_PFpK8XjLnq
  cowork token revoke --org acme --account kim

Exit codes:
  0  they are revoked; of an account that has none, too
  1  the organisation has no such token, or the database cannot be used
  2  wrong usage or configuration";

/// Revoke tokens, and end what is open with them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RevokeArgs {
    /// The organisation.
    #[arg(long, value_name = "ID")]
    org: String,
    /// Public parts of the tokens, tok_….
    #[arg(value_name = "TOKEN", required_unless_present = "account")]
    tokens: Vec<String>,
    /// All tokens of this account.
    #[arg(long, value_name = "ID", conflicts_with = "tokens")]
    account: Option<String>,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: RevokeArgs) -> anyhow::Result<ExitCode> {
    let RevokeArgs { org, tokens, account, output, settings } = args;
    let (database, _) = open(settings).await?;
    let org = OrgId::new(org);
    let revoked = match account {
        Some(account) => revoke_all(&database.store, &org, &UserId::new(account)).await,
        None => revoke(&database.store, &org, tokens).await,
    };
    database.close().await;
    let revoked = revoked?;
    match output {
        Output::Json => output::print_json(&json!({ "revoked": revoked }))?,
        Output::Table => {
            for token in &revoked {
                output::print(token.as_str())?;
            }
            eprintln!("{} revoked", revoked.len());
        }
    }
    Ok(ExitCode::Success)
}

async fn revoke(store: &Store, org: &OrgId, tokens: Vec<String>) -> anyhow::Result<Vec<TokenId>> {
    let mut revoked = Vec::with_capacity(tokens.len());
    for token in tokens {
        let token = TokenId::new(token);
        let row = store.revoke_api_token(org, &token, &actor(), Clock.now()).await;
        if row.with_context(|| format!("{token} cannot be revoked"))?.is_none() {
            bail!("{org} has no token {token}; cowork token list --org {org} shows those that it has ({} revoked)", revoked.len());
        }
        revoked.push(token);
    }
    Ok(revoked)
}

async fn revoke_all(store: &Store, org: &OrgId, account: &UserId) -> anyhow::Result<Vec<TokenId>> {
    let revoked = store.revoke_api_tokens_of(org, account, &actor(), "revoked_by_operator", Clock.now()).await;
    revoked.with_context(|| format!("the tokens of {account} cannot be revoked"))
}
