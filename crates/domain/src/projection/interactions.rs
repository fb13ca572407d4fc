//! Folding permissions and questions.

use super::{PendingApproval, PendingQuestion, Projection, ResolvedApproval, ResolvedQuestion};
use crate::{
    event::{EventBody, QuestionTool},
    ids::Sequence,
    runtime_event::Question,
    timestamp::Timestamp,
};
use serde_json::Value;

impl Projection {
    pub(super) fn permission_requested(&mut self, body: &EventBody, sequence: Sequence) {
        let EventBody::PermissionRequested { permission_id, tool, input, description, task_run_id, source_session_id } = body else {
            return;
        };
        self.waits();
        let known = self.pending_approvals.iter_mut().find(|approval| approval.id == *permission_id);
        let approval = PendingApproval {
            id: permission_id.clone(),
            session_id: self.session_id,
            source_session_id: source_session_id.clone(),
            task_run_id: task_run_id.clone(),
            tool: tool.clone().unwrap_or_else(|| "permission".to_owned()),
            input: input.clone(),
            description: description.clone().or_else(|| tool.clone()).unwrap_or_else(|| "Permission requested".to_owned()),
            order: known.as_ref().map_or(sequence, |approval| approval.order),
        };
        match known {
            Some(known) => *known = approval,
            None => self.pending_approvals.push(approval),
        }
    }

    pub(super) fn permission_resolved(
        &mut self,
        id: &str,
        allowed: bool,
        tool: Option<&str>,
        description: Option<&str>,
        sequence: Sequence,
        at: Timestamp,
    ) {
        self.is_generating = false;
        let pending = take_first(&mut self.pending_approvals, |approval| approval.id == id);
        let known = self.resolved_approvals.iter_mut().rfind(|approval| approval.id == id);
        let (asked_tool, asked_description, task_run_id) = match pending {
            Some(pending) => (Some(pending.tool), Some(pending.description), pending.task_run_id),
            None => (None, None, None),
        };
        let approval = ResolvedApproval {
            id: id.to_owned(),
            session_id: self.session_id,
            task_run_id,
            tool: tool.map(str::to_owned).or(asked_tool).unwrap_or_else(|| "permission".to_owned()),
            description: description.map(str::to_owned).or(asked_description).unwrap_or_else(|| "Permission resolved".to_owned()),
            allowed,
            order: known.as_ref().map_or(sequence, |approval| approval.order),
            resolved_at: at,
        };
        match known {
            Some(known) => *known = approval,
            None => self.resolved_approvals.push(approval),
        }
    }

    pub(super) fn question_asked(
        &mut self,
        id: &str,
        questions: &[Question],
        tool: Option<&QuestionTool>,
        source_session_id: Option<&str>,
    ) {
        self.waits();
        let question = PendingQuestion {
            id: id.to_owned(),
            session_id: self.session_id,
            source_session_id: source_session_id.map(str::to_owned),
            questions: questions.to_vec(),
            tool: tool.cloned(),
        };
        match self.pending_questions.iter_mut().find(|known| known.id == id) {
            Some(known) => *known = question,
            None => self.pending_questions.push(question),
        }
    }

    pub(super) fn question_resolved(&mut self, id: &str, answers: &[Value], rejected: bool, sequence: Sequence, at: Timestamp) {
        self.is_generating = false;
        let pending = take_first(&mut self.pending_questions, |question| question.id == id);
        let known = self.resolved_questions.iter_mut().rfind(|question| question.id == id);
        let (questions, source_session_id) =
            pending.map_or_else(Default::default, |pending| (pending.questions, pending.source_session_id));
        let question = ResolvedQuestion {
            id: id.to_owned(),
            session_id: self.session_id,
            source_session_id,
            questions,
            answers: answers.to_vec(),
            rejected,
            order: known.as_ref().map_or(sequence, |question| question.order),
            resolved_at: at,
        };
        match known {
            Some(known) => *known = question,
            None => self.resolved_questions.push(question),
        }
    }

    /// Whether this permission waits for an answer.
    pub fn awaits_permission(&self, id: &str) -> bool {
        self.pending_approvals.iter().any(|approval| approval.id == id)
    }

    /// Whether this permission was answered and isn't asked again.
    pub fn has_resolved_permission(&self, id: &str) -> bool {
        !self.awaits_permission(id) && self.resolved_approvals.iter().any(|approval| approval.id == id)
    }

    /// Whether this question waits for an answer.
    pub fn awaits_question(&self, id: &str) -> bool {
        self.pending_questions.iter().any(|question| question.id == id)
    }

    /// Whether this question was answered and isn't asked again.
    pub fn has_resolved_question(&self, id: &str) -> bool {
        !self.awaits_question(id) && self.resolved_questions.iter().any(|question| question.id == id)
    }
}

fn take_first<T>(items: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> Option<T> {
    let place = items.iter().position(is_it)?;
    Some(items.remove(place))
}
