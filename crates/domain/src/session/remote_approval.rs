//! What the audit log says about answers from afar (contract 01 §2, remote approval policy).

use super::CommandKind;
use crate::{
    audit::{AuditAction, AuditRow, AuditTarget},
    codes::Code,
    ids::{CommandId, SessionId},
    principal::Principal,
    timestamp::Timestamp,
};
use serde_json::{Value, json};

/// In place of the id of a session that a request doesn't name.
const UNRESOLVED: &str = "unresolved";

/// What the policy said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RemoteApproval {
    /// Answers are taken from afar.
    Allowed,
    /// The profile takes none.
    Disabled,
}

/// The audit row of an answer that the policy refused; none for commands that answer nothing. `session` is what the
/// request names: it was not looked up.
pub fn remote_approval_denied(
    by: &Principal,
    session: Option<SessionId>,
    command: CommandId,
    kind: &CommandKind,
    at: Timestamp,
) -> Option<AuditRow> {
    let (interaction, target) = match kind {
        CommandKind::PermissionRespond { permission_id, .. } => ("permission", permission_id),
        CommandKind::QuestionReply { request_id, .. } | CommandKind::QuestionReject { request_id } => ("question", request_id),
        CommandKind::Prompt { .. } | CommandKind::Abort {} => return None,
    };
    let session = session.map_or_else(|| UNRESOLVED.to_owned(), |session| session.to_string());
    let metadata = remote_approval(&session, command, target, interaction, RemoteApproval::Disabled);
    let (cause, denied) = (command.to_string(), AuditAction::CloudInteractionRemotePolicyDenied);
    Some(AuditRow::by(by, &cause, denied, &AuditTarget::new("session", &session), metadata, at))
}

/// Metadata of an answer, allowed or not. Whoever gets as far as the policy is a member.
pub(super) fn remote_approval(session: &str, command: CommandId, target: &str, interaction: &str, policy: RemoteApproval) -> Value {
    let (mode, reason) = match policy {
        RemoteApproval::Allowed => ("explicit", "allowed"),
        RemoteApproval::Disabled => ("disabled", Code::CloudRemoteApprovalDisabled.as_str()),
    };
    json!({
        "commandId": command,
        "sessionId": session,
        "targetId": target,
        "interaction": interaction,
        "authority": "cloud-web",
        "policyVersion": 1,
        "policyMode": mode,
        "policyReasonCode": reason,
        "explicitRemoteApprovalEnabled": policy == RemoteApproval::Allowed,
        "actorWorkspaceMember": true,
    })
}
