//! Commands that act at once: abort, and answers to permissions and questions.

use super::draft::{Draft, audit_metadata};
use crate::{
    audit::{AuditAction, AuditRow},
    codes::Code,
    event::EventBody,
    ids::Sequence,
    runtime_event::Answer,
    session::{
        CommandKind, CommandSource, CommandStatus, Effect, Submission,
        remote_approval::{RemoteApproval, remote_approval},
    },
};
use serde_json::{Value, json};

/// An answer to a permission or a question, and what it means for the log and for the running turn.
struct Resolution {
    /// What was asked.
    target: String,
    /// Names the kind of interaction in the audit log.
    interaction: &'static str,
    /// Audit event beside the command's own.
    action: AuditAction,
    /// It waits for an answer.
    is_pending: bool,
    /// It was answered before: a late answer has no effect.
    is_resolved: bool,
    event: EventBody,
    answer: Answer,
}

impl Draft<'_> {
    pub(super) fn abort(&mut self, submission: &Submission) {
        let running = self.state.running.clone();
        if let Some(running) = &running {
            self.close_open_work("aborted: the user stopped this turn");
            self.end(&running.command, Some((Code::Aborted.as_str().to_owned(), Code::Aborted.description().to_owned())));
        }
        let fence = self.event(EventBody::SessionAborted { command_id: Some(submission.id) });
        self.acknowledge(submission, Some(fence));
        self.audit(submission, AuditAction::CommandAborted, audit_metadata(submission.id, []));
        if let Some(running) = running {
            self.effects.push(Effect::StopTurn { command: running.command.id, attempt: running.command.attempt });
            self.start_next();
        }
    }

    pub(super) fn answer(&mut self, submission: &Submission) {
        let Some(resolution) = self.resolution(submission) else { return };
        let Resolution { target, interaction, action, is_pending, is_resolved, event, answer } = resolution;
        // An answer to nothing can't be told: an event without its id would not read back.
        let fence = (!is_resolved && !target.is_empty()).then(|| self.event(event));
        if let (true, Some(running)) = (is_pending, &self.state.running) {
            self.effects.push(Effect::Answer { command: running.command.id, attempt: running.command.attempt, answer });
        }
        self.acknowledge(submission, fence);
        if interaction == "permission" {
            let metadata = audit_metadata(submission.id, [("permissionId", json!(target))]);
            self.audit(submission, AuditAction::CommandPermissionResponded, metadata);
        }
        if submission.source == CommandSource::Interaction {
            return;
        }
        // It reached the session, so the policy allowed it.
        let session = self.identity().session.to_string();
        let metadata = remote_approval(&session, submission.id, &target, interaction, RemoteApproval::Allowed);
        self.audit(submission, action, metadata);
    }

    fn resolution(&self, submission: &Submission) -> Option<Resolution> {
        let projection = &self.state.projection;
        let command_id = Some(submission.id);
        Some(match submission.kind.clone() {
            CommandKind::PermissionRespond { permission_id: id, response } => {
                let allowed = CommandKind::allows(&response);
                Resolution {
                    target: id.clone(),
                    interaction: "permission",
                    action: AuditAction::CloudInteractionPermissionResponded,
                    is_pending: projection.awaits_permission(&id),
                    is_resolved: projection.has_resolved_permission(&id),
                    event: EventBody::PermissionResolved { command_id, permission_id: id.clone(), allowed, tool: None, description: None },
                    answer: Answer::Permission { id, allowed },
                }
            }
            CommandKind::QuestionReply { request_id: id, answers } => Resolution {
                target: id.clone(),
                interaction: "question",
                action: AuditAction::CloudInteractionQuestionReplied,
                is_pending: projection.awaits_question(&id),
                is_resolved: projection.has_resolved_question(&id),
                event: EventBody::QuestionResolved { command_id, request_id: id.clone(), answers: Some(answers.clone()), rejected: false },
                answer: Answer::Question { id, answers },
            },
            CommandKind::QuestionReject { request_id: id } => Resolution {
                target: id.clone(),
                interaction: "question",
                action: AuditAction::CloudInteractionQuestionRejected,
                is_pending: projection.awaits_question(&id),
                is_resolved: projection.has_resolved_question(&id),
                event: EventBody::QuestionResolved { command_id, request_id: id.clone(), answers: None, rejected: true },
                answer: Answer::QuestionRejected { id },
            },
            CommandKind::Prompt { .. } | CommandKind::Abort {} => return None,
        })
    }

    /// A control command is done as soon as it is written.
    fn acknowledge(&mut self, submission: &Submission, fence: Option<Sequence>) {
        let mut command = self.new_command(submission, CommandStatus::Acked);
        command.attempt = 1;
        self.receive(&command, fence);
        self.used_start(&command);
        self.used_worker(&command, None);
        self.changes.commands.push(command);
    }

    fn audit(&mut self, submission: &Submission, action: AuditAction, metadata: Value) {
        let (session, cause) = (self.identity().session, submission.id.to_string());
        self.changes.audit.push(AuditRow::on_session(&submission.by, session, &cause, action, metadata, self.at));
    }
}
