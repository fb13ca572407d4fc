//! `cowork token list`: the tokens of an organisation, without their secrets.

use super::open;
use crate::{
    cli::{
        ExitCode,
        output::{self, Output},
        settings::SettingArgs,
    },
    http,
};
use anyhow::Context;
use clap::Args;
use cowork_actors::Clock;
use cowork_domain::{ids::OrgId, policy::Scope, timestamp::Timestamp};
use cowork_store::ApiTokenRow;
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  cowork token list --org acme
  cowork token list --org acme --output json | jq -r '.tokens[] | select(.lastUsedAt == null) | .tokenId'";

/// List the tokens of an organisation, newest first.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListArgs {
    /// The organisation.
    #[arg(long, value_name = "ID")]
    org: String,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: u32,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: ListArgs) -> anyhow::Result<ExitCode> {
    let (database, _) = open(args.settings).await?;
    let listed = database.store.api_tokens(&OrgId::new(args.org), args.limit).await;
    database.close().await;
    let rows = listed.context("the tokens cannot be read")?;
    match args.output {
        Output::Json => {
            let tokens: Vec<http::ApiToken> = rows.into_iter().map(Into::into).collect();
            output::print_json(&json!({ "tokens": tokens }))?;
        }
        Output::Table => output::print(&table(&rows, Clock.now()))?,
    }
    Ok(ExitCode::Success)
}

fn table(rows: &[ApiTokenRow], now: Timestamp) -> String {
    let mut table = output::table(&["TOKEN", "LAST 4", "NAME", "ACCOUNT", "SCOPES", "STATE", "EXPIRES", "LAST USED"]);
    let instant = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    for row in rows {
        let scopes: Vec<&str> = row.scopes.iter().map(Scope::as_str).collect();
        table.add_row([
            row.id.to_string(),
            row.last4.clone(),
            // Names are people's: one with a line break must not look like two tokens.
            row.name.escape_default().to_string(),
            row.account.to_string(),
            scopes.join(","),
            state(row, now).to_owned(),
            instant(row.expires_at),
            instant(row.last_used_at),
        ]);
    }
    table.trim_fmt()
}

fn state(row: &ApiTokenRow, now: Timestamp) -> &'static str {
    if row.revoked_at.is_some() {
        "revoked"
    } else if row.expires_at.is_some_and(|at| at <= now) {
        "expired"
    } else {
        "live"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::ids::{TokenId, UserId};

    #[test]
    fn every_token_has_one_line_that_says_whether_it_works() {
        let at = Timestamp::from_millis;
        let row = |name: &str, expires: i64, revoked: Option<i64>| ApiTokenRow {
            id: TokenId::new("tok_AAAAAAAAAAAAAAAA"),
            org: OrgId::new("acme"),
            account: UserId::new("kim"),
            name: name.to_owned(),
            scopes: [Scope::Desktop, Scope::Admin].into_iter().collect(),
            last4: "x4Yw".to_owned(),
            expires_at: Some(at(expires)),
            revoked_at: revoked.map(at),
            last_used_at: None,
            created_at: at(0),
            updated_at: at(0),
            channel_bindings: Vec::new(),
        };
        let text = table(&[row("a\nb", 2000, None), row("b", 1000, None), row("c", 2000, Some(500))], at(1000));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[1].contains("live") && lines[1].contains("desktop,admin") && lines[1].contains("x4Yw"), "{text}");
        assert!(lines[2].contains("expired") && lines[3].contains("revoked"), "{text}");
    }
}
