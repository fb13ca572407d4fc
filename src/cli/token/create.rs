//! `cowork token create`: a token that acts as an account.

use super::{actor, open};
use crate::{
    cli::{
        ExitCode,
        output::{self, Output},
        settings::SettingArgs,
    },
    config::parse_span,
    http,
    identity::ApiToken,
};
use anyhow::{Context, bail};
use clap::Args;
use cowork_actors::Clock;
use cowork_domain::{
    ids::{OrgId, UserId},
    policy::{Scope, Scopes},
    signup::MemberStatus,
    timestamp::Timestamp,
    token::TokenRules,
};
use cowork_store::{ApiTokenRow, Key, NewApiToken, Store};
use serde_json::json;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  cowork token create --org acme --account kim --name laptop --scope desktop
  cowork token create --org acme --account ops --name metrics --scope operator --ttl 7d > metrics.token
  cowork token create --org acme --account kim --name bridge --scope gateway --output json | jq -r .plaintext

Exit codes:
  0  the token is printed; it is shown this once
  1  the account is no active member, or the database cannot be used
  2  wrong usage or configuration";

/// Issue a token that acts as an account; its plaintext is the only thing on standard output.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CreateArgs {
    /// The organisation.
    #[arg(long, value_name = "ID")]
    org: String,
    /// The account that the token acts as: an active member.
    #[arg(long, value_name = "ID")]
    account: String,
    /// What people call it.
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// What it is for: desktop, gateway, admin or operator; several are named one by one.
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = parse_scope)]
    scopes: Vec<Scope>,
    /// How long it lives, such as 30d or 12h; without it as long as the configuration says.
    #[arg(long, value_name = "TIME", value_parser = parse_ttl)]
    ttl: Option<Duration>,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: CreateArgs) -> anyhow::Result<ExitCode> {
    let CreateArgs { org, account, name, scopes, ttl, output, settings } = args;
    let (database, config) = open(settings).await?;
    let wanted = Wanted { org: OrgId::new(org), account: UserId::new(account), name, scopes: scopes.into_iter().collect(), ttl };
    let issued = issue(&database.store, &config.auth.tokens.rules(), &wanted).await;
    database.close().await;
    let (row, token) = issued?;
    match output {
        Output::Json => output::print_json(&json!({ "token": http::ApiToken::from(row), "plaintext": token.plaintext() }))?,
        Output::Table => {
            output::print(&token.plaintext())?;
            let ends = row.expires_at.map_or_else(|| "never ends".to_owned(), |at| format!("ends at {at}"));
            eprintln!("{} acts as {} in {} and {ends}; it is shown this once", row.id, row.account, row.org);
        }
    }
    Ok(ExitCode::Success)
}

struct Wanted {
    org: OrgId,
    account: UserId,
    name: String,
    scopes: Scopes,
    ttl: Option<Duration>,
}

async fn issue(store: &Store, rules: &TokenRules, wanted: &Wanted) -> anyhow::Result<(ApiTokenRow, ApiToken)> {
    let now = Clock.now();
    let expires_at = wanted.ttl.map(|ttl| after(now, ttl));
    let terms = rules.terms(&wanted.name, wanted.scopes, expires_at, now)?;
    let key = Key::Account { org: wanted.org.clone(), account: wanted.account.clone() };
    let standing = store.look_up(&[key]).await.context("the account cannot be looked up")?;
    let status = standing.first().and_then(|standing| standing.membership.as_ref()).map(|membership| membership.status);
    match status {
        Some(MemberStatus::Active) => {}
        Some(_) => bail!("{} is no active member of {}: its token would be refused", wanted.account, wanted.org),
        None => bail!("{} has no member {}", wanted.org, wanted.account),
    }
    let minted = ApiToken::mint(Clock.random_bytes());
    let new = NewApiToken {
        id: minted.id().clone(),
        org: wanted.org.clone(),
        account: wanted.account.clone(),
        name: terms.name,
        scopes: terms.scopes,
        hash: minted.hash(),
        last4: minted.last4(),
        expires_at: terms.expires_at,
        channel_bindings: Vec::new(),
    };
    let row = store.create_api_token(&new, &actor(), now).await.context("the token cannot be stored")?;
    Ok((row?, minted))
}

fn after(now: Timestamp, ttl: Duration) -> Timestamp {
    now.plus_millis(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    let known = Scope::parse(text).filter(|scope| *scope != Scope::WorkerInternal);
    known.ok_or_else(|| "expected desktop, gateway, admin or operator".to_owned())
}

fn parse_ttl(text: &str) -> Result<Duration, String> {
    parse_span(text).filter(|ttl| !ttl.is_zero()).ok_or_else(|| "expected a number and its unit, such as 30d, 12h or 5m".to_owned())
}
