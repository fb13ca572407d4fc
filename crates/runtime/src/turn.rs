//! What a runtime is asked to do.

use crate::{RunningTurn, opencode::RuntimePoolReport};
use cowork_domain::ids::{CommandId, OrgId, SessionId};

/// Works on turns.
pub trait Runtime: Send + Sync + 'static {
    /// Starts a turn. Never blocks and never panics: whatever goes wrong arrives as
    /// [`RuntimeEvent::Failed`](cowork_domain::runtime_event::RuntimeEvent::Failed). Must be called within a tokio runtime.
    fn start(&self, turn: TurnRequest) -> RunningTurn;

    /// The processes that it keeps, if it keeps any.
    fn report(&self) -> Option<RuntimePoolReport> {
        None
    }
}

/// One prompt, with what a runtime must know to answer it.
#[derive(Debug, Clone)]
pub struct TurnRequest {
    /// The session; it names the workspace folder.
    pub session: SessionId,
    /// The organisation that pays.
    pub org: OrgId,
    /// The prompt's command; with `attempt` it names the turn at the provider.
    pub command: CommandId,
    /// From 1; higher when an earlier run of the same prompt died with its node.
    pub attempt: u32,
    /// What the user wrote.
    pub text: String,
    /// Which agent answers, for example `build` or `plan`.
    pub agent: String,
    /// `provider/model`, or the configured default.
    pub model: Option<String>,
    /// The conversation before this prompt, oldest first.
    pub history: Vec<HistoryMessage>,
}

/// One earlier message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryMessage {
    /// Who wrote it.
    pub role: HistoryRole,
    /// Its full text.
    pub content: String,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryRole {
    /// The person.
    User,
    /// The agent.
    Assistant,
}
