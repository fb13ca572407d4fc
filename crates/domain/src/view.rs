//! The renderer's shape of a session (contract 01 §1.4), derived from the projection. It borrows:
//! serialising it copies nothing.

use crate::{
    event::Attachment,
    ids::{Sequence, SessionId},
    projection::{ErrorEntry, MessageRole, PendingApproval, PendingQuestion, ProjectedArtifact, Projection, TaskRun, ToolCall},
    runtime_event::{Todo, Tokens},
    timestamp::Timestamp,
};
use serde::Serialize;
use std::borrow::Cow;

/// What a client draws.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
#[expect(clippy::struct_excessive_bools, reason = "the contract has them as independent flags")]
pub struct SessionView<'a> {
    pub messages: Vec<ViewMessage<'a>>,
    pub tool_calls: &'a [ToolCall],
    pub task_runs: &'a [TaskRun],
    pub compactions: [(); 0],
    pub pending_approvals: &'a [PendingApproval],
    pub pending_questions: &'a [PendingQuestion],
    pub artifacts: &'a [ProjectedArtifact],
    pub errors: Cow<'a, [ErrorEntry]>,
    pub todos: &'a [Todo],
    pub execution_plan: [(); 0],
    pub session_cost: f64,
    pub session_tokens: Tokens,
    pub last_input_tokens: u64,
    pub context_state: &'static str,
    pub compaction_count: u32,
    pub last_compacted_at: Option<Timestamp>,
    pub active_agent: Option<&'a str>,
    pub last_item_was_tool: bool,
    pub revision: Sequence,
    /// A sequence, not a time.
    pub last_event_at: Sequence,
    pub is_generating: bool,
    pub is_awaiting_permission: bool,
    pub is_awaiting_question: bool,
}

/// A message as a client draws it.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ViewMessage<'a> {
    pub id: &'a str,
    pub role: MessageRole,
    pub content: &'a str,
    pub timestamp: Timestamp,
    #[serde(skip_serializing_if = "<[Attachment]>::is_empty")]
    pub attachments: &'a [Attachment],
    pub order: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
}

impl<'a> SessionView<'a> {
    /// The view of a projection at its place in the log.
    pub fn of(projection: &'a Projection, sequence: Sequence) -> Self {
        let drawn = projection.messages.iter().zip(1..).filter(|(message, _)| message.role != MessageRole::System);
        let messages = drawn.map(|(message, order)| ViewMessage {
            id: &message.id,
            role: message.role,
            content: &message.content,
            timestamp: message.created_at,
            attachments: message.attachments.as_deref().unwrap_or_default(),
            order,
            sequence: message.sequence,
        });
        let is_awaiting_permission = !projection.pending_approvals.is_empty();
        let is_awaiting_question = !projection.pending_questions.is_empty();
        Self {
            messages: messages.collect(),
            tool_calls: &projection.tool_calls,
            task_runs: &projection.task_runs,
            pending_approvals: &projection.pending_approvals,
            pending_questions: &projection.pending_questions,
            artifacts: &projection.artifacts,
            errors: errors_of(projection),
            todos: &projection.todos,
            session_cost: projection.session_cost,
            session_tokens: projection.session_tokens,
            last_input_tokens: projection.last_input_tokens,
            revision: sequence,
            last_event_at: sequence,
            is_generating: projection.is_generating && !is_awaiting_permission && !is_awaiting_question,
            is_awaiting_permission,
            is_awaiting_question,
            ..Self::empty(projection.session_id)
        }
    }

    /// The view of a session that has no projection yet. It is the same for every session; the
    /// parameter keeps a caller from drawing it for none.
    pub fn empty(_session: SessionId) -> Self {
        Self {
            messages: Vec::new(),
            tool_calls: &[],
            task_runs: &[],
            compactions: [],
            pending_approvals: &[],
            pending_questions: &[],
            artifacts: &[],
            errors: Cow::Borrowed(&[]),
            todos: &[],
            execution_plan: [],
            session_cost: 0.0,
            session_tokens: Tokens::default(),
            last_input_tokens: 0,
            context_state: "idle",
            compaction_count: 0,
            last_compacted_at: None,
            active_agent: None,
            last_item_was_tool: false,
            revision: Sequence::ZERO,
            last_event_at: Sequence::ZERO,
            is_generating: false,
            is_awaiting_permission: false,
            is_awaiting_question: false,
        }
    }
}

fn errors_of(projection: &Projection) -> Cow<'_, [ErrorEntry]> {
    match &projection.last_error {
        Some(message) if projection.errors.is_empty() => Cow::Owned(vec![ErrorEntry {
            id: format!("{}:cloud-error", projection.session_id),
            session_id: projection.session_id,
            message: message.clone(),
            order: Sequence(u64::try_from(projection.messages.len()).unwrap_or(u64::MAX).saturating_add(1)),
        }]),
        _ => Cow::Borrowed(&projection.errors),
    }
}
