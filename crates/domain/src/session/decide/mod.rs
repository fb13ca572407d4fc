//! What a session does about an input: pure, total, and the same on every node.

mod artifact;
mod control;
mod draft;
mod open_work;
mod resume;
mod runtime;
mod submit;
#[cfg(test)]
mod tests;
mod usage;

pub use artifact::decide_artifact;

use super::{CommandKind, Decision, SessionInput, SessionState};
use crate::timestamp::Timestamp;
use draft::Draft;

/// Decides what an input changes. Nothing happens to `state`: the caller makes the changes durable
/// and then commits them ([`SessionState::commit`]).
pub fn decide(state: &SessionState, input: SessionInput, now: Timestamp) -> Decision {
    let mut draft = Draft::new(state, now);
    match input {
        SessionInput::Submit(submission) if state.knows_unfinished(submission.id) => draft.repeat_receipt(submission.id),
        SessionInput::Submit(submission) => match &submission.kind {
            CommandKind::Prompt { .. } => draft.submit_prompt(&submission),
            CommandKind::Abort {} => draft.abort(&submission),
            CommandKind::PermissionRespond { .. } | CommandKind::QuestionReply { .. } | CommandKind::QuestionReject { .. } => {
                draft.answer(&submission);
            }
        },
        SessionInput::Runtime { command, attempt, events } => draft.runtime_reported(command, attempt, events),
        SessionInput::TurnLost { command, attempt } => draft.turn_lost(command, attempt),
        SessionInput::Resume => draft.resume(),
        SessionInput::Park => draft.park(),
    }
    draft.into_decision()
}
