//! What the audit log says about answers from chats (contract 04 §6).

use super::Interaction;
use crate::{
    audit::{AuditAction, AuditRow, AuditTarget},
    channel::ids::IdentityId,
    codes::Code,
    principal::Principal,
    session::CommandKind,
    timestamp::Timestamp,
};
use serde_json::{Value, json};

/// In place of the ids of an interaction that a request doesn't name.
const UNRESOLVED: &str = "unresolved";

/// Somebody in a chat answered: the interaction was used, and what they said.
pub fn used(by: &Principal, interaction: &Interaction, who: &IdentityId, kind: &CommandKind, at: Timestamp) -> Vec<AuditRow> {
    let answered = match kind {
        CommandKind::PermissionRespond { .. } => AuditAction::ChannelInteractionPermissionResponded,
        CommandKind::QuestionReject { .. } => AuditAction::ChannelInteractionQuestionRejected,
        CommandKind::QuestionReply { .. } | CommandKind::Prompt { .. } | CommandKind::Abort {} => {
            AuditAction::ChannelInteractionQuestionReplied
        }
    };
    let metadata = json!({
        "commandId": interaction.command_id(),
        "sessionId": interaction.session,
        "targetId": interaction.target,
        "interaction": interaction.kind.as_str(),
        "identityId": who.as_str(),
        "channelBindingId": interaction.binding.as_str(),
        "provider": interaction.provider.as_str(),
        "authority": "gateway",
        "policyReasonCode": "allowed",
    });
    let row = |action, target: &AuditTarget| AuditRow::by(by, &interaction.id, action, target, metadata.clone(), at);
    let interaction_target = AuditTarget::new("channel_interaction", &interaction.id);
    let session_target = AuditTarget::new("session", &interaction.session.to_string());
    vec![row(AuditAction::ChannelInteractionUsed, &interaction_target), row(answered, &session_target)]
}

/// The deployment takes no answers from chats. Says nothing of an interaction that a request doesn't name. `cause` names the
/// request.
pub fn denied(by: &Principal, interaction: Option<&Interaction>, cause: &str, at: Timestamp) -> AuditRow {
    let named = |name: fn(&Interaction) -> Value| interaction.map_or_else(|| Value::from(UNRESOLVED), name);
    let metadata = json!({
        "sessionId": named(|interaction| json!(interaction.session)),
        "targetId": named(|interaction| json!(interaction.target)),
        "interaction": named(|interaction| json!(interaction.kind)),
        "authority": "gateway",
        "policyReasonCode": Code::GatewayRemoteApprovalDisabled,
    });
    let target = AuditTarget::new("channel_interaction", interaction.map_or(UNRESOLVED, |interaction| interaction.id.as_str()));
    AuditRow::by(by, cause, AuditAction::ChannelInteractionRemotePolicyDenied, &target, metadata, at)
}
