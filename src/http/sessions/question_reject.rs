//! `POST /api/sessions/{id}/question-reject` (contract 01 §2).

use super::{SessionPath, remote_approval, submit_once};
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    error::ApiError,
    gate::Caller,
    idempotency::IdempotencyKey,
    schema::{CommandEnvelope, ErrorBody, QuestionRejectRequest},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::session::CommandKind;

/// Refuse to answer a question.
#[utoipa::path(post, path = "/api/sessions/{id}/question-reject", operation_id = "rejectQuestion", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"),
    ),
    request_body(content = QuestionRejectRequest, example = json!({"requestId": "que_1"})),
    responses(
        (status = 202, description = "Accepted", body = CommandEnvelope),
        (status = 400, description = "A field is missing", body = ErrorBody, example = json!({"error": "Question rejection requires requestId.", "code": "request.invalid_field"})),
        (status = 403, description = "The profile does not take answers from here", body = ErrorBody,
            example = json!({"error": "Remote question and approval responses are disabled for this cloud profile.", "code": "cloud-remote-approval-disabled",
                "verdict": {"allowed": false, "reason": "Remote question and approval responses are disabled for this cloud profile.", "policyCode": "cloud-remote-approval-disabled"}})),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 422, description = "The idempotency key was used for another request", body = ErrorBody),
    ))]
pub(super) async fn reject(
    State(state): State<HttpState>,
    caller: Caller,
    session: SessionPath,
    key: IdempotencyKey,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let kind = command(&fields)?;
    remote_approval::check(&state, &caller, session.named(), &kind).await?;
    submit_once(&state, &caller, key, session.id()?, kind).await
}

/// Reads the command of a body. First the body, then the policy, then the session (contract 01).
pub(in crate::http) fn command(fields: &Fields) -> Result<CommandKind, ApiError> {
    let request = fields.text("requestId").ok_or_else(|| ApiError::invalid("Question rejection requires requestId."))?;
    fields.refuse_nul(&["requestId"])?;
    Ok(CommandKind::QuestionReject { request_id: request.to_owned() })
}
