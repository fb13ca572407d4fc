//! `POST /api/invites/accept` (contract 02 §5). The signed token is all that it takes.

use crate::{
    http::{
        answer::Json,
        body::JsonBody,
        error::ApiError,
        gate,
        schema::{AcceptInviteAnswer, AcceptInviteRequest, ErrorBody},
        state::HttpState,
    },
    identity::{EntryError, Invitation},
};
use axum::extract::State;
use cowork_domain::{
    codes::Code,
    ids::{OrgId, UserId},
    org::OrgStatus,
    principal::Role,
    signup::MemberStatus,
};
use cowork_store::{AcceptError, Mandate};
use http::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
struct Answer<'a> {
    membership: Membership<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Membership<'a> {
    org_id: &'a OrgId,
    account_id: &'a UserId,
    email: &'a str,
    role: Role,
    status: MemberStatus,
}

/// Accept an invitation. A second time changes nothing.
#[utoipa::path(post, path = "/api/invites/accept", operation_id = "acceptInvite", tag = "identity", security(()),
    request_body(content = AcceptInviteRequest, example = json!({"token": "eyJvcmdJZCI6ImFjbWUi….kX3v…"})),
    responses(
        (status = 200, description = "The membership is open", body = AcceptInviteAnswer, example = json!({"membership": {
            "orgId": "acme", "accountId": "account_435bfa653a11213a5f2716e2d9dc4c48", "email": "kim@acme.test", "role": "admin",
            "status": "active"}})),
        (status = 400, description = "The invitation is forged, damaged or over", body = ErrorBody,
            example = json!({"error": "This invite is invalid or has expired.", "code": "invite.invalid",
                "verdict": {"allowed": false, "reason": "This invite is invalid or has expired.", "policyCode": "invite.invalid"}})),
        (status = 403, description = "The membership was disabled", body = ErrorBody,
            example = json!({"error": "This invite has been revoked.", "code": "invite.revoked",
                "verdict": {"allowed": false, "reason": "This invite has been revoked.", "policyCode": "invite.revoked"}})),
        (status = 404, description = "There is no membership for it", body = ErrorBody),
        (status = 501, description = "The deployment has no signing secret", body = ErrorBody),
    ))]
pub(super) async fn accept(State(state): State<HttpState>, body: JsonBody) -> Result<Json, ApiError> {
    let shown = body.fields.text("token").ok_or_else(|| ApiError::invalid("Invite token is required."))?;
    let Some(key) = state.authenticator.signing_key() else {
        return Err(refused(StatusCode::NOT_IMPLEMENTED, Code::InviteDisabled, "Member invites are not configured for this cloud."));
    };
    let clock = state.node.clock();
    let invitation = Invitation::read(shown.trim(), key, clock.now())
        .map_err(|_| refused(StatusCode::BAD_REQUEST, Code::InviteInvalid, "This invite is invalid or has expired."))?;
    let Invitation { org_id, account_id, email, .. } = &invitation;
    let by = Mandate::invited(account_id, clock.nonce(), clock.now());
    let member = state.node.store().accept_invite(org_id, account_id, email, invitation.sent_at(), &by).await?;
    let membership = Membership { org_id, account_id: &member.account_id, email: &member.email, role: member.role, status: member.status };
    Ok(Json::of(&Answer { membership }))
}

impl From<AcceptError> for ApiError {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::NotFound => refused(StatusCode::NOT_FOUND, Code::InviteNotFound, "This invite does not match a membership."),
            AcceptError::Revoked => refused(StatusCode::FORBIDDEN, Code::InviteRevoked, "This invite has been revoked."),
            AcceptError::Org(OrgStatus::Frozen) => gate::frozen(),
            AcceptError::Org(_) => EntryError::OrgInactive.into(),
            AcceptError::Store(error) => error.into(),
        }
    }
}

fn refused(status: StatusCode, code: Code, message: &'static str) -> ApiError {
    ApiError::new(status, message).verdict(code.as_str())
}
