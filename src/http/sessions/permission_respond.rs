//! `POST /api/sessions/{id}/permission-respond` (contract 01 §2).

use super::{SessionPath, remote_approval, submit_once};
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    error::ApiError,
    gate::Caller,
    idempotency::IdempotencyKey,
    schema::{CommandEnvelope, ErrorBody, PermissionRequest},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::session::CommandKind;

/// Answer a permission request.
#[utoipa::path(post, path = "/api/sessions/{id}/permission-respond", operation_id = "respondToPermission", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"),
    ),
    request_body(content = PermissionRequest, example = json!({"permissionId": "per_1", "response": "once"})),
    responses(
        (status = 202, description = "Accepted", body = CommandEnvelope),
        (status = 400, description = "A field is missing", body = ErrorBody, example = json!({"error": "Permission response requires permissionId.", "code": "request.invalid_field"})),
        (status = 403, description = "The profile does not take answers from here", body = ErrorBody,
            example = json!({"error": "Remote question and approval responses are disabled for this cloud profile.", "code": "cloud-remote-approval-disabled",
                "verdict": {"allowed": false, "reason": "Remote question and approval responses are disabled for this cloud profile.", "policyCode": "cloud-remote-approval-disabled"}})),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 422, description = "The idempotency key was used for another request", body = ErrorBody),
    ))]
pub(super) async fn respond(
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
    let permission = fields.text("permissionId").ok_or_else(|| ApiError::invalid("Permission response requires permissionId."))?;
    fields.refuse_nul(&["permissionId", "response"])?;
    let response = fields.value("response").cloned().unwrap_or_default();
    Ok(CommandKind::PermissionRespond { permission_id: permission.to_owned(), response })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use serde_json::json;

    #[test]
    fn whatever_the_response_is_it_belongs_to_a_permission() {
        let read = |body: serde_json::Value| {
            let fields = Fields(body.as_object().cloned().unwrap_or_default());
            command(&fields).map_err(|error| error.status())
        };
        assert_eq!(read(json!({"response": true})), Err(StatusCode::BAD_REQUEST));
        let expected = CommandKind::PermissionRespond { permission_id: "p".into(), response: json!({"allowed": true}) };
        assert_eq!(read(json!({"permissionId": "p", "response": {"allowed": true}})), Ok(expected));
        let silent = CommandKind::PermissionRespond { permission_id: "p".into(), response: json!(null) };
        assert_eq!(read(json!({"permissionId": "p"})), Ok(silent));
    }
}
