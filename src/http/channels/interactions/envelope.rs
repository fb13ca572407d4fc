//! The 202 of an answer: the interaction, and the envelope of the command that follows (contract 04 §6 step 6).

use crate::http::{answer::Json, sessions, state::HttpState};
use cowork_actors::{SessionError, Submitted, ViewShape};
use cowork_domain::{
    channel::interaction::Interaction,
    session::{CommandRecord, SessionIdentity},
};
use cowork_store::InteractionCommand;
use http::StatusCode;

/// The session was told. A command that changed nothing came too late: the target was answered from another surface.
pub(super) fn told(state: &HttpState, used: &Interaction, submitted: &Submitted) -> Json {
    let envelope = sessions::envelope(submitted, state.node.clock().now());
    answer(used, submitted.fence.is_none(), &envelope, None)
}

/// The answer is kept and the session will be told later; clients are not to send it again.
pub(super) async fn kept(
    state: &HttpState,
    used: &Interaction,
    order: &InteractionCommand,
    identity: &SessionIdentity,
    error: &SessionError,
) -> Json {
    let now = state.node.clock().now();
    let view = state.node.read_session(&order.by, used.session, ViewShape::Cloud).await.unwrap_or_else(|_| "null".to_owned());
    // It has no place among the session's commands yet.
    let command = CommandRecord::enqueued(identity, order.command, &order.kind, 0, now);
    let envelope = sessions::envelope(&Submitted { command, processed: false, fence: None, view }, now);
    answer(used, false, &envelope, Some(error))
}

fn answer(used: &Interaction, already_resolved: bool, envelope: &str, error: Option<&SessionError>) -> Json {
    let text = |value: serde_json::Result<String>| value.expect("answers have text keys and no fallible serialiser");
    let error = error.map(|error| format!(",\"processingError\":{}", text(serde_json::to_string(&error.to_string())))).unwrap_or_default();
    let rest = envelope.strip_prefix('{').expect("an envelope is an object");
    let used = text(serde_json::to_string(used));
    let whole = format!("{{\"interaction\":{used},\"alreadyResolved\":{already_resolved}{error},{rest}");
    Json::text(whole).with_status(StatusCode::ACCEPTED)
}
