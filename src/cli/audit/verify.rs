//! `cowork audit verify`: walk the chains, recompute every hash, and name what does not fit.

use crate::cli::{
    ExitCode,
    database::Database,
    output::{self, Output},
    settings::SettingArgs,
};
use anyhow::{Context, bail};
use clap::Args;
use cowork_domain::{
    audit::{ChainHash, ChainReport},
    ids::OrgId,
};
use cowork_store::Store;
use indicatif::ProgressBar;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  cowork audit verify --all
  cowork audit verify --org acme --output json | jq -r '.orgs[].head.hash' > head
  cowork audit verify --org acme --expect-head $(cat head)

Exit codes:
  0  every sealed row is as it was written
  1  a defect was found, or the log cannot be read
  2  wrong usage or configuration";

/// Verify the hash chain of the audit log.
///
/// Rows that were written in the last seconds are not sealed yet: they are counted, and nothing proves them. A chain whose end was
/// cut off is whole in itself: keep the hash of its head elsewhere and hand it in with --expect-head.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct VerifyArgs {
    /// The organisation whose log is verified.
    #[arg(long, value_name = "ID", required_unless_present = "all")]
    org: Option<String>,
    /// Verify the logs of all organisations.
    #[arg(long, conflicts_with = "org")]
    all: bool,
    /// Hash of a head that was seen earlier, 64 hexadecimal digits: it must still be part of the chain.
    #[arg(long, value_name = "HASH", requires = "org")]
    expect_head: Option<ChainHash>,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let VerifyArgs { org, expect_head, output, settings, .. } = args;
    let loaded = settings.load()?;
    let database = Database::open_beside(&loaded.config.storage).await?;
    let verified = verify(&database.store, org, expect_head).await;
    database.close().await;
    let reports = verified?;
    match output {
        Output::Json => output::print_json(&as_json(&reports))?,
        Output::Table => output::print(&as_text(&reports))?,
    }
    let is_whole = reports.iter().all(|report| report.defect_count == 0);
    Ok(if is_whole { ExitCode::Success } else { ExitCode::Failure })
}

async fn verify(store: &Store, org: Option<String>, expected: Option<ChainHash>) -> anyhow::Result<Vec<ChainReport>> {
    let status = store.migration_status().await.context("the state of the database cannot be read")?;
    if !status.is_current() {
        bail!("the database is older than this program: run cowork migrate first");
    }
    let orgs = match &org {
        Some(org) => vec![OrgId::new(org.as_str())],
        None => store.orgs_with_audit().await.context("the organisations cannot be listed")?,
    };
    // Hidden by itself where nobody looks on.
    let progress = ProgressBar::new(orgs.len() as u64).with_message("verifying");
    let mut reports = Vec::with_capacity(orgs.len());
    for org in &orgs {
        let report = store.verify_audit(org, expected).await;
        reports.push(report.with_context(|| format!("the audit log of {org} cannot be read"))?);
        progress.inc(1);
    }
    progress.finish_and_clear();
    // A mistyped name must not pass for a proof.
    if let (Some(org), [report]) = (&org, reports.as_slice())
        && report.seals == 0
        && report.unsealed_rows == 0
        && report.defect_count == 0
    {
        bail!("{org} has no audit log; cowork audit verify --all shows who has one");
    }
    Ok(reports)
}

fn as_json(reports: &[ChainReport]) -> Value {
    let defects: u64 = reports.iter().map(|report| report.defect_count).sum();
    json!({ "orgs": reports, "defectCount": defects })
}

fn as_text(reports: &[ChainReport]) -> String {
    let mut table = output::table(&["ORG", "SEALS", "SEALED", "UNSEALED", "REMOVED", "DEFECTS", "HEAD"]);
    for report in reports {
        table.add_row([
            report.org.to_string(),
            report.seals.to_string(),
            report.sealed_rows.to_string(),
            report.unsealed_rows.to_string(),
            report.removed_rows.to_string(),
            report.defect_count.to_string(),
            report.head.map_or_else(|| "-".to_owned(), |head| head.hash.to_string()),
        ]);
    }
    let mut lines = vec![table.trim_fmt()];
    for report in reports {
        lines.extend(report.defects.iter().map(|defect| format!("{}: {defect}", report.org)));
        let unnamed = report.defect_count - report.defects.len() as u64;
        if unnamed > 0 {
            lines.push(format!("{}: and {unnamed} more", report.org));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::audit::{ChainDefect, ChainWalk};

    #[test]
    fn every_defect_has_a_line_of_its_own_and_a_name_for_programs() {
        let expected = ChainHash::NONE;
        let reports = [ChainWalk::new(OrgId::new("acme"), Some(expected)).end(&[], 3), ChainWalk::new(OrgId::new("b"), None).end(&[], 0)];
        assert_eq!(reports[0].defects, [ChainDefect::HeadMissing { hash: expected }]);
        let text = as_text(&reports);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[3].starts_with("acme: the chain does not contain the seal 0000"), "{text}");
        let json = as_json(&reports);
        assert_eq!(json["orgs"][0]["defects"][0]["kind"], "head_missing");
        assert_eq!(
            (&json["orgs"][0]["unsealedRows"], &json["orgs"][1]["head"], &json["defectCount"]),
            (&json!(3), &Value::Null, &json!(1))
        );
    }
}
