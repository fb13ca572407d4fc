//! Which session a thread of a chat is (contract 04 §2, §5), and how far a gateway has shown it.

use super::{
    ids::{AgentId, ChannelBindingId, ChannelSessionId, IdentityId},
    provider::ChannelProvider,
    word::words,
};
use crate::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::{CommandId, OrgId, Sequence, SessionId, UserId, derived_uuid},
    principal::Principal,
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::json;

words! {
    /// Whether a thread is still a session.
    ChannelSessionStatus {
        /// It is.
        Active = "active",
        /// It was.
        Archived = "archived",
    }
}

/// One thread: no other thread of the organisation has the same four.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChannelThread {
    /// In which chat system.
    pub provider: ChannelProvider,
    /// In which workspace of it.
    pub workspace: Option<String>,
    /// In which chat.
    pub chat: String,
    /// Which thread there; the chat's own id where it has no threads.
    pub thread: String,
}

impl ChannelThread {
    /// The session that a thread begins for an account. Told twice, or by two at once, it is the same one. Another account's
    /// is another session: a thread whose first session nobody may use any more isn't dead for ever.
    pub fn session_of(&self, org: &OrgId, owner: &UserId) -> SessionId {
        let workspace = self.workspace.as_deref().unwrap_or_default();
        let parts = ["channel_session", org.as_str(), self.provider.as_str(), workspace, &self.chat, &self.thread, owner.as_str()];
        SessionId::from_uuid(derived_uuid(&parts))
    }
}

/// A thread and its session, as clients see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelSession {
    /// Names it.
    #[serde(rename = "bindingId")]
    pub id: ChannelSessionId,
    /// Whose it is.
    #[serde(rename = "orgId")]
    pub org: OrgId,
    /// Who answers there.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
    /// Through which binding.
    #[serde(rename = "channelBindingId")]
    pub binding: ChannelBindingId,
    /// In which chat system.
    pub provider: ChannelProvider,
    /// In which workspace of it.
    #[serde(rename = "externalWorkspaceId")]
    pub external_workspace: Option<String>,
    /// Which thread.
    #[serde(rename = "externalThreadId")]
    pub external_thread: String,
    /// In which chat.
    #[serde(rename = "externalChatId")]
    pub external_chat: String,
    /// The session.
    #[serde(rename = "sessionId")]
    pub session: SessionId,
    /// Up to where the session's log was shown in the chat.
    pub last_event_sequence: Sequence,
    /// Up to where the workspace's stream was shown there.
    pub last_workspace_sequence: Sequence,
    /// The message that was shown last, in the chat's words.
    pub last_chat_message_id: Option<String>,
    /// Whether the thread still is that session.
    pub status: ChannelSessionStatus,
    /// When it became one.
    pub created_at: Timestamp,
    /// When this was last changed.
    pub updated_at: Timestamp,
}

/// How far a gateway has shown a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelCursor {
    /// Of the session's log.
    pub event_sequence: Sequence,
    /// Of the workspace's stream.
    pub workspace_sequence: Sequence,
    /// The message that was shown last: another one, or none. Unsaid it stays.
    pub chat_message: Option<Option<String>>,
    /// The lease under which it was shown: the cursor moves only while that lease is current.
    pub lease_epoch: Option<i64>,
}

/// A thread to be bound to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChannelSession {
    /// Minted.
    pub id: ChannelSessionId,
    /// Who answers there.
    pub agent: AgentId,
    /// Through which binding.
    pub binding: ChannelBindingId,
    /// Which thread.
    pub thread: ChannelThread,
    /// Which session.
    pub session: SessionId,
    /// How far it was shown already.
    pub cursor: ChannelCursor,
}

impl NewChannelSession {
    /// What the audit log says of a thread that begins: for the organisation, what part of us bound it, and for the person behind
    /// it, on whose behalf.
    pub fn audit(&self, system: &str, cause: &str, by: &Principal, who: &IdentityId, at: Timestamp) -> [AuditRow; 2] {
        let target = AuditTarget::new("channel_session", self.id.as_str());
        let told = json!({ "channelBindingId": self.binding, "sessionId": self.session, "provider": self.thread.provider });
        let by_whom = json!({ "channelBindingId": self.binding, "sessionId": self.session, "identityId": who });
        [
            AuditRow::by_system(&by.org_id, system, cause, AuditAction::ChannelSessionBound, &target, told, at),
            AuditRow::by(by, cause, AuditAction::ChannelSessionBoundByIdentity, &target, by_whom, at),
        ]
    }
}

/// The command of a prompt that a gateway may send again: the same key in the same thread is the same command.
pub fn channel_command(org: &OrgId, thread: &ChannelSessionId, idempotency_key: &str) -> CommandId {
    CommandId::from_uuid(derived_uuid(&["channel_command", org.as_str(), thread.as_str(), idempotency_key]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_begins_one_session_for_an_account_and_no_workspace_is_none() {
        let thread = |workspace: Option<&str>, chat: &str, thread: &str| ChannelThread {
            provider: ChannelProvider::stored("slack".to_owned()),
            workspace: workspace.map(str::to_owned),
            chat: chat.to_owned(),
            thread: thread.to_owned(),
        };
        let of = |thread: ChannelThread, owner: &str| thread.session_of(&OrgId::new("acme"), &UserId::new(owner));
        assert_eq!(of(thread(None, "c", "t"), "kim"), of(thread(None, "c", "t"), "kim"));
        assert_ne!(of(thread(None, "c", "t"), "kim"), of(thread(None, "c", "t"), "lee"));
        assert_ne!(of(thread(None, "c", "t"), "kim"), of(thread(None, "ct", ""), "kim"));
        assert_ne!(of(thread(Some("T1"), "c", "t"), "kim"), of(thread(None, "c", "t"), "kim"));
    }
}
