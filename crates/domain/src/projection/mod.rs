//! The projection: what a session looks like after its events (contract 01 §1.3, §5).
//!
//! It serialises to exactly the contract's `ProjectionView`, and that text is also the snapshot.
//! Folding never fails and never copies what is already there: a piece of text is appended in place.

mod by_id;
mod entries;
mod interactions;
mod lifecycle;
mod messages;
mod results;
#[cfg(test)]
mod tests;
mod tools;

pub use by_id::{ById, Identified};
pub use entries::{
    ErrorEntry, Message, MessageRole, Origin, OriginKind, PendingApproval, PendingQuestion, ProjectedArtifact, ResolvedApproval,
    ResolvedQuestion, TaskRun, ToolCall, TranscriptPart,
};

use crate::{
    event::{EventBody, ProjectSource, SessionEvent},
    ids::{Sequence, SessionId},
    runtime_event::{Todo, Tokens},
    session::SessionStatus,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Title of a session that has none yet.
pub const DEFAULT_TITLE: &str = "New session";

/// A session after its events. Fields that a later version adds need a default, because stored
/// snapshots don't have them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Projection {
    pub(crate) session_id: SessionId,
    pub(crate) profile_name: String,
    pub(crate) title: String,
    pub(crate) status: SessionStatus,
    pub(crate) is_generating: bool,
    #[serde(default)]
    pub(crate) messages: ById<Message>,
    #[serde(default)]
    pub(crate) tool_calls: ById<ToolCall>,
    #[serde(default)]
    pub(crate) task_runs: Vec<TaskRun>,
    #[serde(default)]
    pub(crate) pending_approvals: Vec<PendingApproval>,
    #[serde(default)]
    pub(crate) pending_questions: Vec<PendingQuestion>,
    #[serde(default)]
    pub(crate) resolved_approvals: Vec<ResolvedApproval>,
    #[serde(default)]
    pub(crate) resolved_questions: Vec<ResolvedQuestion>,
    #[serde(default)]
    pub(crate) artifacts: Vec<ProjectedArtifact>,
    #[serde(default)]
    pub(crate) todos: Vec<Todo>,
    #[serde(default)]
    pub(crate) errors: Vec<ErrorEntry>,
    #[serde(default)]
    pub(crate) session_cost: f64,
    #[serde(default)]
    pub(crate) session_tokens: Tokens,
    #[serde(default)]
    pub(crate) last_input_tokens: u64,
    #[serde(default)]
    pub(crate) last_error: Option<String>,
    #[serde(default)]
    pub(crate) origin: Option<Origin>,
    #[serde(default)]
    pub(crate) project_source: Option<ProjectSource>,
    pub(crate) updated_at: Timestamp,
}

impl Projection {
    /// A session before its first event.
    pub fn new(session: SessionId, profile_name: &str, at: Timestamp) -> Self {
        Self {
            session_id: session,
            profile_name: profile_name.to_owned(),
            title: DEFAULT_TITLE.to_owned(),
            status: SessionStatus::Idle,
            is_generating: false,
            messages: ById::default(),
            tool_calls: ById::default(),
            task_runs: Vec::new(),
            pending_approvals: Vec::new(),
            pending_questions: Vec::new(),
            resolved_approvals: Vec::new(),
            resolved_questions: Vec::new(),
            artifacts: Vec::new(),
            todos: Vec::new(),
            errors: Vec::new(),
            session_cost: 0.0,
            session_tokens: Tokens::default(),
            last_input_tokens: 0,
            last_error: None,
            origin: None,
            project_source: None,
            updated_at: at,
        }
    }

    /// Folds one event.
    pub fn apply(&mut self, event: &SessionEvent) {
        let SessionEvent { sequence, at, body } = event;
        let (sequence, at) = (*sequence, *at);
        self.updated_at = at;
        match body {
            EventBody::SessionCreated { title, .. } => self.created(title.as_deref()),
            EventBody::SessionImported { source_fingerprint, imported_at, item_counts } => {
                self.imported(source_fingerprint, imported_at.unwrap_or(at), *item_counts);
            }
            EventBody::ProjectSourceBound { project_source } => self.project_source = Some(project_source.clone()),
            EventBody::PromptSubmitted { message_id, text, attachments, .. } => {
                self.prompt_submitted(message_id.as_deref(), text, attachments.as_ref(), sequence, at);
            }
            EventBody::AssistantMessage { message_id, content, mode, attachments, .. } => {
                self.assistant_message(message_id.as_deref(), content, *mode, attachments.as_ref(), sequence, at);
            }
            EventBody::ToolCall(call) => self.tool_call(call, sequence),
            EventBody::TaskRun(run) => self.task_run(run, sequence),
            EventBody::PermissionRequested { .. } => self.permission_requested(body, sequence),
            EventBody::PermissionResolved { permission_id, allowed, tool, description, .. } => {
                self.permission_resolved(permission_id, *allowed, tool.as_deref(), description.as_deref(), sequence, at);
            }
            EventBody::QuestionAsked { request_id, questions, tool, source_session_id } => {
                self.question_asked(request_id, questions, tool.as_ref(), source_session_id.as_deref());
            }
            EventBody::QuestionResolved { request_id, answers, rejected, .. } => {
                self.question_resolved(request_id, answers.as_deref().unwrap_or_default(), *rejected, sequence, at);
            }
            EventBody::TodosUpdated { todos } => self.todos.clone_from(todos),
            EventBody::CostUpdated { cost, tokens, .. } => self.cost_updated(*cost, tokens),
            EventBody::ArtifactCreated(record) | EventBody::ArtifactUpdated(record) => self.artifact(record, sequence),
            EventBody::SessionStatus { status_type, .. } => self.status_reported(status_type),
            EventBody::SessionIdle { .. } => self.idle(),
            EventBody::SessionAborted { .. } => self.aborted(),
            EventBody::RuntimeError { id, command_id, message, .. } => {
                self.runtime_error(id.as_deref(), *command_id, message.as_deref(), sequence);
            }
        }
    }

    /// Its status, which is also the session record's.
    pub const fn status(&self) -> SessionStatus {
        self.status
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// When its last event happened.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// What the agent works on, in full.
    pub const fn project_source(&self) -> Option<&ProjectSource> {
        self.project_source.as_ref()
    }

    /// Whether the agent is working on an answer.
    pub const fn is_generating(&self) -> bool {
        self.is_generating
    }

    /// The conversation, oldest first.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Tool calls outside delegated runs.
    pub fn tool_calls(&self) -> &[ToolCall] {
        &self.tool_calls
    }

    /// Delegated runs.
    pub fn task_runs(&self) -> &[TaskRun] {
        &self.task_runs
    }

    /// Permissions that somebody has to answer.
    pub fn pending_approvals(&self) -> &[PendingApproval] {
        &self.pending_approvals
    }

    /// Questions that somebody has to answer.
    pub fn pending_questions(&self) -> &[PendingQuestion] {
        &self.pending_questions
    }

    /// Files that the user can fetch.
    pub fn artifacts(&self) -> &[ProjectedArtifact] {
        &self.artifacts
    }

    /// Why the last prompt failed, until the next one starts.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    fn default_id(&self, sequence: Sequence, kind: &str) -> String {
        format!("{}:{sequence}:{kind}", self.session_id)
    }
}
