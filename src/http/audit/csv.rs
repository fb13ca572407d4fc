//! Audit rows as comma-separated values: RFC 4180 quoting, lines that end with `\n` (contract 02 §10).

use cowork_domain::{audit::AuditRow, ids::UserId};
use std::borrow::Cow;

/// The first line.
pub(super) const HEADER: &str = "eventId,createdAt,orgId,actorType,actorId,accountId,eventType,targetType,targetId,result,metadata\n";

/// What a cell is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Whatever opens it. A spreadsheet would run a cell that begins like a formula, and names of people come from
    /// outside: an apostrophe in front makes it text.
    Anything,
    /// A program that wants the values as they are.
    Program,
}

/// Appends the line of a row.
pub(super) fn push_line(out: &mut String, row: &AuditRow, reader: Reader) {
    let (id, at, metadata) = (row.id.to_string(), row.at.to_string(), row.metadata.to_string());
    let cells: [&str; 11] = [
        &id,
        &at,
        row.org.as_str(),
        row.actor_type.as_str(),
        row.actor_id.as_deref().unwrap_or_default(),
        row.account.as_ref().map_or("", UserId::as_str),
        &row.action,
        row.target_type.as_deref().unwrap_or_default(),
        row.target_id.as_deref().unwrap_or_default(),
        row.result().unwrap_or_default(),
        &metadata,
    ];
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_cell(out, cell, reader);
    }
    out.push('\n');
}

fn push_cell(out: &mut String, cell: &str, reader: Reader) {
    let is_formula = reader == Reader::Anything && cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) };
    if cell.contains(['"', ',', '\n', '\r']) {
        out.push('"');
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::{
        audit::{AuditAction, AuditTarget},
        ids::{AuditId, OrgId},
        timestamp::Timestamp,
    };
    use serde_json::json;
    use uuid::Uuid;

    fn line(name: &str, target: &str, metadata: serde_json::Value, reader: Reader) -> String {
        let org = OrgId::new("acme");
        let target = AuditTarget::new("sso_config", target);
        let at = Timestamp::parse("2026-11-21T17:56:50.824Z").expect("an instant");
        let mut row = AuditRow::by_system(&org, name, "c", AuditAction::SsoConfigDeleted, &target, metadata, at);
        row.id = AuditId::from_uuid(Uuid::nil());
        let mut out = String::new();
        push_line(&mut out, &row, reader);
        out
    }

    #[test]
    fn lines_read_like_the_recording() {
        let expected = "audit_00000000000000000000000000000000,2026-11-21T17:56:50.824Z,acme,system,sso_config.delete,,\
                        sso_config.deleted,sso_config,acme,,{}\n";
        assert_eq!(line("sso_config.delete", "acme", json!({}), Reader::Anything), expected);
        let metadata = json!({"enabled": true, "result": "success"});
        let with_metadata = line("sso_config.delete", "acme", metadata, Reader::Anything);
        assert!(with_metadata.ends_with(",success,\"{\"\"enabled\"\":true,\"\"result\"\":\"\"success\"\"}\"\n"), "{with_metadata}");
        assert!(line("a\"b,c", "x\ny", json!({}), Reader::Anything).contains(",\"a\"\"b,c\",,sso_config.deleted,sso_config,\"x\ny\",,"));
    }

    #[test]
    fn no_cell_is_a_formula_unless_the_values_are_wanted_as_they_are() {
        let formula = "=HYPERLINK(\"http://evil.example\",\"x\")";
        assert!(line(formula, "@x", json!({}), Reader::Anything).contains(",\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\","));
        assert!(line("x", "-1", json!({}), Reader::Anything).contains(",'-1,"));
        assert!(line("x", "-1", json!({}), Reader::Program).contains(",-1,"));
    }
}
