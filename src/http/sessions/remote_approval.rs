//! The remote approval policy, the same for permissions and questions (contract 01 §2).

use crate::http::{error::ApiError, gate::Caller, state::HttpState};
use cowork_domain::{
    codes::Code,
    ids::SessionId,
    session::{CommandKind, remote_approval_denied},
};

/// Lets an answer through, or refuses it and says so in the audit log. Comes after the body and before the session is
/// looked up, so that a refusal doesn't tell which sessions there are.
pub(in crate::http) async fn check(
    state: &HttpState,
    caller: &Caller,
    session: Option<SessionId>,
    kind: &CommandKind,
) -> Result<(), ApiError> {
    if state.options.allow_remote_approvals {
        return Ok(());
    }
    let clock = state.node.clock();
    let Some(row) = remote_approval_denied(caller.principal(), session, clock.mint_command_id(), kind, clock.now()) else {
        return Ok(());
    };
    if let Err(error) = state.node.store().record_audit(&[row]).await {
        tracing::warn!(%error, "a refused answer is not in the audit log");
    }
    let message = "Remote question and approval responses are disabled for this cloud profile.";
    Err(ApiError::forbidden(Code::CloudRemoteApprovalDisabled, message))
}
