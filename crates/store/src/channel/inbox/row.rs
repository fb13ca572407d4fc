//! A message as it stands in its row.

use crate::StoreError;
use cowork_domain::{
    channel::{
        ids::{ChannelBindingId, ChannelSessionId},
        inbox::{InboxMessage, InboxState, NewInboxMessage},
        provider::ChannelProvider,
    },
    codes::Code,
    ids::{CommandId, OrgId, SessionId},
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

/// The columns as the queries of this folder select them.
pub(super) struct Columns {
    pub(super) org: String,
    pub(super) id: String,
    pub(super) binding: String,
    pub(super) provider: String,
    pub(super) instance: String,
    pub(super) event: String,
    pub(super) workspace: Option<String>,
    pub(super) chat: String,
    pub(super) thread: Option<String>,
    pub(super) external_user: String,
    pub(super) username: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) content: String,
    pub(super) agent: Option<String>,
    pub(super) title: Option<String>,
    pub(super) project_source: Option<Value>,
    pub(super) accepted_by: Value,
    pub(super) status: String,
    pub(super) session_binding: Option<String>,
    pub(super) session: Option<Uuid>,
    pub(super) command: Option<Uuid>,
    pub(super) refusal_code: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) attempts: i32,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

impl Columns {
    pub(super) fn read(self) -> Result<InboxMessage, StoreError> {
        let state = self.state()?;
        let by = serde_json::from_value(self.accepted_by)
            .map_err(|_| StoreError::inconsistent("channel_inbox", &self.id, "its principal can't be read"))?;
        let project_source = self
            .project_source
            .map(serde_json::from_value)
            .transpose()
            .map_err(|_| StoreError::inconsistent("channel_inbox", &self.id, "its project source can't be read"))?;
        let told = NewInboxMessage {
            org: OrgId::new(self.org),
            binding: ChannelBindingId::new(self.binding),
            provider: ChannelProvider::stored(self.provider),
            instance: self.instance,
            event: self.event,
            workspace: self.workspace,
            chat: self.chat,
            thread: self.thread,
            user: self.external_user,
            username: self.username,
            display_name: self.display_name,
            text: self.content,
            agent: self.agent,
            title: self.title,
            project_source,
        };
        Ok(InboxMessage {
            id: self.id,
            told,
            by,
            state,
            attempts: u32::try_from(self.attempts).unwrap_or(0),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }

    fn state(&self) -> Result<InboxState, StoreError> {
        let unreadable = || StoreError::inconsistent("channel_inbox", &self.id, "unknown state");
        match self.status.as_str() {
            "received" => Ok(InboxState::Received),
            "done" => match (&self.session_binding, self.session, self.command) {
                (Some(session_binding), Some(session), Some(command)) => Ok(InboxState::Done {
                    session_binding: ChannelSessionId::new(session_binding.as_str()),
                    session: SessionId::from_uuid(session),
                    command: CommandId::from_uuid(command),
                }),
                _ => Err(unreadable()),
            },
            "refused" => match (self.refusal_code.as_deref().and_then(Code::parse), &self.refusal) {
                (Some(code), Some(text)) => Ok(InboxState::Refused { code, text: text.clone() }),
                _ => Err(unreadable()),
            },
            _ => Err(unreadable()),
        }
    }
}
