//! Commands over a socket: read by the rules of their routes, answered with their bodies.

use super::{protocol, socket::Asker};
use crate::http::{
    answer::Json,
    error::ApiError,
    idempotency::{self, Claimed, IdempotencyKey},
    sessions,
    state::HttpState,
};
use cowork_domain::{
    ids::{CommandId, SessionId},
    policy::{self, Action},
    session::CommandKind,
};
use serde_json::{Map, Value};

/// A command as a message names it.
pub(super) struct Request {
    pub(super) session: String,
    pub(super) command: String,
    pub(super) payload: Map<String, Value>,
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
    let fingerprint = serde_json::to_vec(&request.payload).expect("what was parsed from JSON serialises");
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
    let minted = state.node.clock().mint_command_id().as_uuid();
    let named = session.as_uuid();
    let parts: [&[u8]; 3] = [kind.as_str().as_bytes(), named.as_bytes(), &fingerprint];
    let claim = match idempotency::claim(&state, &caller, key, "socket.command", &parts, minted).await? {
        Claimed::Answered(answer) => return Ok(answer),
        Claimed::Mine(claim) => claim,
    };
    let submitted = sessions::submit(&state, &caller, session, CommandId::from_uuid(claim.id), kind).await;
    let answer = submitted.map_err(|error| claim.explain(error))?;
    claim.keep(&state, &answer).await;
    Ok(answer)
}
