//! What a download leaves behind: a row for billing and one for auditors.

use crate::http::{error::ApiError, state::HttpState};
use cowork_domain::{
    artifact::Transfer,
    audit::{AuditAction, AuditRow, AuditTarget, UsageRow},
    event::ArtifactRecord,
    ids::SessionId,
    principal::Principal,
};
use serde_json::json;

/// Writes them. Each download is one of its own.
pub(super) async fn record(
    state: &HttpState,
    by: &Principal,
    session: SessionId,
    record: &ArtifactRecord,
    transfer: Transfer,
) -> Result<(), ApiError> {
    let (cause, at) = (state.node.clock().nonce(), state.node.clock().now());
    let id = &record.artifact_id;
    let bytes = i64::try_from(record.size.unwrap_or(0)).unwrap_or(i64::MAX);
    let used = json!({ "tenantId": by.tenant_id, "sessionId": session, "artifactId": id, "mode": transfer.as_str() });
    let told = json!({ "sessionId": session, "size": bytes, "contentType": record.mime, "kind": record.kind, "mode": transfer.as_str() });
    let usage = UsageRow::bytes(&by.org_id, Some(&by.account_id), &cause, "artifact.downloaded", bytes, used, at);
    let audit = AuditRow::by(by, &cause, AuditAction::ArtifactDownloaded, &AuditTarget::new("artifact", id), told, at);
    let usage = if state.options.usage.is_recorded { vec![usage] } else { Vec::new() };
    Ok(state.node.store().record_consumption(&usage, &[audit]).await?)
}
