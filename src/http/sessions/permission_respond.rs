//! `POST /api/sessions/{id}/permission-respond` (contract 01 §2).

use super::{SessionPath, submit};
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    error::ApiError,
    gate::Caller,
    options::HttpOptions,
    schema::{CommandEnvelope, ErrorBody, PermissionRequest},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{codes::Code, session::CommandKind};

/// Answer a permission request.
#[utoipa::path(post, path = "/api/sessions/{id}/permission-respond", operation_id = "respondToPermission", tag = "sessions",
    params(("id" = String, Path, description = "The session's id")),
    request_body(content = PermissionRequest, example = json!({"permissionId": "per_1", "response": "once"})),
    responses(
        (status = 202, description = "Accepted", body = CommandEnvelope),
        (status = 400, description = "A field is missing", body = ErrorBody, example = json!({"error": "Permission response requires permissionId.", "code": "request.invalid_field"})),
        (status = 403, description = "The profile does not take answers from here", body = ErrorBody,
            example = json!({"error": "Remote question and approval responses are disabled for this cloud profile.", "code": "cloud-remote-approval-disabled",
                "verdict": {"allowed": false, "reason": "Remote question and approval responses are disabled for this cloud profile.", "policyCode": "cloud-remote-approval-disabled"}})),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
    ))]
pub(super) async fn respond(
    State(state): State<HttpState>,
    caller: Caller,
    session: SessionPath,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let kind = command(&state.options, &fields)?;
    let id = state.node.clock().mint_command_id();
    submit(&state, &caller, session.id()?, id, kind).await
}

/// Reads the command of a body: first the body, then the policy, then the session (contract 01).
pub(in crate::http) fn command(options: &HttpOptions, fields: &Fields) -> Result<CommandKind, ApiError> {
    let permission = fields.text("permissionId").ok_or_else(|| ApiError::invalid("Permission response requires permissionId."))?;
    fields.refuse_nul(&["permissionId", "response"])?;
    refuse_remote_approvals(options)?;
    let response = fields.value("response").cloned().unwrap_or_default();
    Ok(CommandKind::PermissionRespond { permission_id: permission.to_owned(), response })
}

/// The remote approval policy, the same for permissions and questions.
pub(super) fn refuse_remote_approvals(options: &HttpOptions) -> Result<(), ApiError> {
    if options.allow_remote_approvals {
        return Ok(());
    }
    let message = "Remote question and approval responses are disabled for this cloud profile.";
    Err(ApiError::forbidden(Code::CloudRemoteApprovalDisabled, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use serde_json::json;

    #[test]
    fn the_body_is_looked_at_before_the_policy() {
        let read = |allow_remote_approvals: bool, body: serde_json::Value| {
            let options = HttpOptions { allow_remote_approvals, ..HttpOptions::default() };
            let fields = Fields(body.as_object().cloned().unwrap_or_default());
            command(&options, &fields).map_err(|error| error.status())
        };
        assert_eq!(read(false, json!({"response": true})), Err(StatusCode::BAD_REQUEST));
        assert_eq!(read(false, json!({"permissionId": "p", "response": true})), Err(StatusCode::FORBIDDEN));
        let expected = CommandKind::PermissionRespond { permission_id: "p".into(), response: json!({"allowed": true}) };
        assert_eq!(read(true, json!({"permissionId": "p", "response": {"allowed": true}})), Ok(expected));
        let silent = CommandKind::PermissionRespond { permission_id: "p".into(), response: json!(null) };
        assert_eq!(read(true, json!({"permissionId": "p"})), Ok(silent));
    }
}
