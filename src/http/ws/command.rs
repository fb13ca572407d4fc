//! Commands over a socket: read by the rules of their routes, answered with their bodies.

use super::{protocol, socket::Asker};
use crate::http::{answer::Json, error::ApiError, idempotency::IdempotencyKey, sessions, state::HttpState};
use cowork_domain::{
    ids::SessionId,
    policy::{self, Action},
    session::CommandKind,
};
use serde_json::Value;

/// A command as a message names it.
pub(super) struct Request {
    pub(super) session: String,
    pub(super) command: String,
    pub(super) payload: Value,
    pub(super) idempotency_key: Option<String>,
}

/// Does what the command's route would do, in the same order: limits, policy, body, session.
pub(super) async fn perform(state: HttpState, Asker { caller, sender }: Asker, request: Request) -> Result<Json, ApiError> {
    caller.count_message(&state, sender).await?;
    let options = &state.options;
    let action = match request.command.as_str() {
        "prompt" => Action::SessionsPrompt,
        "abort" => Action::SessionsAbort,
        "permission.respond" => Action::SessionsPermissionRespond,
        "question.reply" => Action::SessionsQuestionReply,
        "question.reject" => Action::SessionsQuestionReject,
        _ => return Err(policy::Denial::unknown_action().into()),
    };
    caller.may_still(&state, action).await?;
    let fields = protocol::fields(request.payload);
    let kind = match action {
        Action::SessionsPrompt => sessions::command::prompt(options, &fields)?,
        Action::SessionsPermissionRespond => sessions::command::permission_respond(&fields)?,
        Action::SessionsQuestionReply => sessions::command::question_reply(&fields)?,
        Action::SessionsQuestionReject => sessions::command::question_reject(&fields)?,
        _ => CommandKind::Abort {},
    };
    let session: Option<SessionId> = request.session.parse().ok();
    sessions::remote_approval::check(&state, &caller, session, &kind).await?;
    let session = session.ok_or_else(ApiError::session_not_found)?;
    let key = IdempotencyKey::parse(request.idempotency_key.as_deref())?;
    sessions::submit_once(&state, &caller, key, session, kind).await
}
