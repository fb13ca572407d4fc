//! What operators did to the cluster, in the audit log.

use crate::http::{gate::Caller, state::HttpState};
use cowork_domain::audit::{AuditAction, AuditRow, AuditTarget};
use serde_json::json;

/// Writes it down. It is done by then, and stays done where the log can't be written.
pub(super) async fn note(state: &HttpState, caller: &Caller, action: AuditAction, kind: &'static str, id: &str) {
    let (clock, by) = (state.node.clock(), caller.principal());
    tracing::info!(action = action.as_str(), %id, account = %by.account_id, "an operator changed the cluster");
    let row = AuditRow::by(by, &clock.nonce(), action, &AuditTarget::new(kind, id), json!({}), clock.now());
    if let Err(error) = state.node.store().record_audit(&[row]).await {
        tracing::error!(%error, action = action.as_str(), "what an operator did is not in the audit log");
    }
}
