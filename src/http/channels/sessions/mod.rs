//! Threads and their sessions, for gateways.

pub(super) mod artifact;
pub(super) mod bind;
pub(super) mod by_thread;
pub(super) mod events;
pub(super) mod prompt;
pub(super) mod snapshot;

use super::authority::not_authorized;
use crate::http::{
    body::Fields,
    channels::{input, leases},
    error::ApiError,
    gate::Caller,
    state::HttpState,
};
use cowork_actors::{SessionError, ViewShape};
use cowork_domain::{
    channel::session::{ChannelCursor, ChannelSession},
    ids::{Sequence, SessionId},
    session::SessionIdentity,
};
use serde_json::Value;
use std::sync::Arc;

/// The session of a thread, which must be one of the account that the gateway's token acts for.
async fn owned(state: &HttpState, caller: &Caller, session: SessionId) -> Result<Arc<SessionIdentity>, ApiError> {
    state.node.session_identity(caller.principal(), session).await.map_err(refused)
}

/// The session with its projection, as JSON text.
async fn view(state: &HttpState, caller: &Caller, session: SessionId) -> Result<String, ApiError> {
    state.node.read_session(caller.principal(), session, ViewShape::Cloud).await.map_err(refused)
}

/// Somebody else's session is none that the token was granted.
fn refused(error: SessionError) -> ApiError {
    match error {
        SessionError::NotFound => not_authorized(),
        error => error.into(),
    }
}

/// A thread with its session, whose view is JSON text already and may be long.
fn with_view(thread: &ChannelSession, view: &str) -> String {
    let thread = serde_json::to_string(thread).expect("a thread has text keys");
    ["{\"binding\":", &thread, ",\"session\":", view, "}"].concat()
}

/// How far a thread was shown, as a body says it (contract 04 §5): what is no place counts as the beginning.
pub(super) fn cursor(fields: &Fields) -> Result<ChannelCursor, ApiError> {
    let chat_message = match fields.0.get("lastChatMessageId") {
        Some(Value::Null) => Some(None),
        Some(Value::String(_)) => input::name(fields, "lastChatMessageId")?.map(|id| Some(id.to_owned())),
        _ => None,
    };
    Ok(ChannelCursor {
        event_sequence: place(fields.0.get("lastEventSequence")),
        workspace_sequence: place(fields.0.get("lastWorkspaceSequence")),
        chat_message,
        lease_epoch: leases::epoch(fields)?,
    })
}

fn place(value: Option<&Value>) -> Sequence {
    let number = value.and_then(Value::as_u64).filter(|number| i64::try_from(*number).is_ok());
    Sequence(number.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cursor_says_a_place_or_the_beginning_and_null_is_not_silence() {
        let read = |body: Value| {
            let Value::Object(fields) = body else { unreachable!("tests send objects") };
            cursor(&Fields(fields)).map_err(|error| error.status())
        };
        let at = |event, chat_message: Option<Option<&str>>| ChannelCursor {
            event_sequence: Sequence(event),
            workspace_sequence: Sequence::ZERO,
            chat_message: chat_message.map(|id| id.map(str::to_owned)),
            lease_epoch: None,
        };
        assert_eq!(read(json!({ "lastEventSequence": 7, "lastChatMessageId": "m1" })), Ok(at(7, Some(Some("m1")))));
        assert_eq!(read(json!({ "lastEventSequence": 7, "lastChatMessageId": null })), Ok(at(7, Some(None))));
        for beginning in
            [json!({}), json!({ "lastEventSequence": -1 }), json!({ "lastEventSequence": "7" }), json!({ "lastEventSequence": u64::MAX })]
        {
            assert_eq!(read(beginning), Ok(at(0, None)));
        }
        assert!(read(json!({ "lastChatMessageId": "m".repeat(257) })).is_err());
    }
}
