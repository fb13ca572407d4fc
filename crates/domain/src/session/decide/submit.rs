//! Prompts: first in, first out, one running.

use super::draft::{Draft, audit_metadata};
use crate::{
    audit::{AuditAction, AuditRow},
    session::{CommandKind, CommandSource, CommandStatus, Submission},
};
use serde_json::json;

impl Draft<'_> {
    pub(super) fn submit_prompt(&mut self, submission: &Submission) {
        self.account_for_prompt(submission);
        let command = self.new_command(submission, CommandStatus::Pending);
        // Prompts that wait although nothing runs belong to a session that is about to be resumed
        // or was parked; overtaking them would break the order.
        if self.state.has_work() {
            self.receive(&command, None);
            self.changes.commands.push(command);
        } else {
            let fence = self.start(command.clone(), None);
            self.receive(&command, fence);
        }
    }

    fn account_for_prompt(&mut self, submission: &Submission) {
        let CommandKind::Prompt { agent, .. } = &submission.kind else { return };
        let (by, session, at) = (&submission.by, self.identity().session, self.at);
        self.used_queue(submission);
        let (action, told) = match &submission.source {
            CommandSource::Api | CommandSource::Interaction => (AuditAction::CommandPrompt, vec![("agent", json!(agent))]),
            CommandSource::Channel { thread, identity } => {
                let told = vec![("agent", json!(agent)), ("sessionBindingId", json!(thread)), ("identityId", json!(identity))];
                (AuditAction::ChannelPromptEnqueued, told)
            }
        };
        let metadata = audit_metadata(submission.id, told);
        let cause = submission.id.to_string();
        self.changes.audit.push(AuditRow::on_session(by, session, &cause, action, metadata, at));
    }
}
