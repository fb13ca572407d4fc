//! A message of a chat that was taken over for good, and what becomes of it (`docs/channels-inbox.md`).
//!
//! A gateway says everything about a message at once. From then on the message is ours: it becomes exactly one prompt of its
//! thread's session, or is refused with a reason that its gateway can show. Its command's id follows from what the chat
//! system calls it, so neither a repeat of the chat system nor one of ours makes a second prompt.

use super::{
    identity::ExternalPerson,
    ids::{ChannelBindingId, ChannelSessionId},
    provider::ChannelProvider,
    session::ChannelThread,
};
use crate::{
    codes::Code,
    event::ProjectSource,
    ids::{CommandId, OrgId, SessionId, derived_uuid, stable_id},
    principal::Principal,
    timestamp::Timestamp,
};
use serde::{Serialize, Serializer};

/// The longest title that is made of a text, in characters.
const LONGEST_TITLE: usize = 80;
/// How long a message waits for what is gone for a moment, such as an owner or the database: a day.
const UNAVAILABLE_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a message waits for a quota: whoever wrote it doesn't expect an answer any more after that.
const QUOTA_MS: i64 = 15 * 60 * 1000;
/// The first pause between two tries, and the longest.
const FIRST_PAUSE_MS: i64 = 250;
const LONGEST_PAUSE_MS: i64 = 30_000;

/// A message as its gateway tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInboxMessage {
    /// Whose channel it is.
    pub org: OrgId,
    /// Where it came in.
    pub binding: ChannelBindingId,
    /// The chat system.
    pub provider: ChannelProvider,
    /// Which of the gateway's providers received it.
    pub instance: String,
    /// As the chat system calls it.
    pub event: String,
    /// The chat system's workspace.
    pub workspace: Option<String>,
    /// In which chat.
    pub chat: String,
    /// In which thread of it, if it has threads.
    pub thread: Option<String>,
    /// Who wrote.
    pub user: String,
    /// What they are called there.
    pub username: Option<String>,
    /// What people call them.
    pub display_name: Option<String>,
    /// What they wrote.
    pub text: String,
    /// Which agent answers; the default one if none is said.
    pub agent: Option<String>,
    /// What a session that it begins is called.
    pub title: Option<String>,
    /// What a session that it begins works on.
    pub project_source: Option<ProjectSource>,
}

impl NewInboxMessage {
    /// The message's id: the same for every gateway that tells of it.
    pub fn id(&self) -> String {
        stable_id("channel_inbox_message", &[self.org.as_str(), self.binding.as_str(), &self.instance, &self.event])
    }

    /// Which thread it belongs to; a chat without threads is one.
    pub fn thread(&self) -> ChannelThread {
        ChannelThread {
            provider: self.provider.clone(),
            workspace: self.workspace.clone(),
            chat: self.chat.clone(),
            thread: self.thread.clone().unwrap_or_else(|| self.chat.clone()),
        }
    }

    /// Who wrote it.
    pub fn person(&self) -> ExternalPerson {
        ExternalPerson { provider: self.provider.clone(), workspace: self.workspace.clone(), user: self.user.clone() }
    }

    /// What a session that it begins is called: as its gateway says, or as it begins.
    pub fn session_title(&self) -> String {
        self.title.clone().unwrap_or_else(|| self.text.trim().chars().take(LONGEST_TITLE).collect())
    }

    /// The id of its prompt.
    pub fn command(&self) -> CommandId {
        CommandId::from_uuid(derived_uuid(&["channel_inbox_command", self.org.as_str(), &self.id()]))
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxState {
    /// It is ours, and will become a prompt.
    Received,
    /// It is a prompt.
    Done {
        /// Of this thread.
        session_binding: ChannelSessionId,
        /// Of this session.
        session: SessionId,
        /// This one.
        command: CommandId,
    },
    /// It will never become a prompt.
    Refused {
        /// For programs.
        code: Code,
        /// For people.
        text: String,
    },
}

impl InboxState {
    /// The name on the wire and in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
        }
    }
}

/// A message that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    /// Names it.
    pub id: String,
    /// What its gateway told.
    pub told: NewInboxMessage,
    /// On whose behalf it becomes a prompt: whoever the gateway's token acts for.
    pub by: Principal,
    /// What became of it.
    pub state: InboxState,
    /// How often it could not become a prompt yet.
    pub attempts: u32,
    /// When it came in.
    pub created_at: Timestamp,
    /// When something last became of it.
    pub updated_at: Timestamp,
}

/// Why a message is no prompt yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Something is gone for a moment.
    Unavailable,
    /// The organisation used something up, which comes back with time.
    Quota {
        /// Which limit.
        code: Code,
        /// For people.
        text: String,
    },
    /// It is not allowed, and trying again changes nothing.
    Refused {
        /// Why.
        code: Code,
        /// For people.
        text: String,
    },
}

/// What follows from an obstacle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterObstacle {
    /// Another try at this time.
    Again(Timestamp),
    /// Nothing: this is what its gateway is told.
    Never {
        /// Why.
        code: Code,
        /// For people.
        text: String,
    },
}

impl InboxMessage {
    /// What to do about an obstacle: a message waits as long as its writer may still want an answer.
    pub fn after(&self, obstacle: Obstacle, now: Timestamp) -> AfterObstacle {
        let (patience, code, text) = match obstacle {
            Obstacle::Refused { code, text } => return AfterObstacle::Never { code, text },
            Obstacle::Quota { code, text } => (QUOTA_MS, code, text),
            Obstacle::Unavailable => (UNAVAILABLE_MS, Code::ClusterUnavailable, "the message could not be handled in time".to_owned()),
        };
        if now.as_millis().saturating_sub(self.created_at.as_millis()) >= patience {
            return AfterObstacle::Never { code, text };
        }
        let pause = FIRST_PAUSE_MS.saturating_mul(1 << self.attempts.min(16)).min(LONGEST_PAUSE_MS);
        AfterObstacle::Again(now.plus_millis(pause))
    }
}

impl Serialize for InboxMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (session_binding, session, command) = match &self.state {
            InboxState::Done { session_binding, session, command } => (Some(session_binding), Some(*session), Some(*command)),
            InboxState::Received | InboxState::Refused { .. } => (None, None, None),
        };
        let (code, error) = match &self.state {
            InboxState::Refused { code, text } => (Some(*code), Some(text.as_str())),
            InboxState::Received | InboxState::Done { .. } => (None, None),
        };
        let told = &self.told;
        let record = Record {
            message_id: &self.id,
            org_id: &told.org,
            channel_binding_id: &told.binding,
            provider: &told.provider,
            provider_instance_id: &told.instance,
            provider_event_id: &told.event,
            external_workspace_id: told.workspace.as_deref(),
            external_chat_id: &told.chat,
            external_thread_id: told.thread.as_deref(),
            external_user_id: &told.user,
            status: self.state.as_str(),
            attempt_count: self.attempts,
            session_binding_id: session_binding,
            session_id: session,
            command_id: command,
            code,
            error,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        record.serialize(serializer)
    }
}

/// Without what was written: whoever looks for a message's fate needs no copy of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: &'a str,
    org_id: &'a OrgId,
    channel_binding_id: &'a ChannelBindingId,
    provider: &'a ChannelProvider,
    provider_instance_id: &'a str,
    provider_event_id: &'a str,
    external_workspace_id: Option<&'a str>,
    external_chat_id: &'a str,
    external_thread_id: Option<&'a str>,
    external_user_id: &'a str,
    status: &'static str,
    attempt_count: u32,
    session_binding_id: Option<&'a ChannelSessionId>,
    session_id: Option<SessionId>,
    command_id: Option<CommandId>,
    code: Option<Code>,
    error: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[cfg(test)]
mod tests;
