//! `POST /api/admin/members` (contract 02 §5).

use crate::{
    http::{
        answer::Json,
        body::JsonBody,
        error::ApiError,
        gate::Caller,
        mandate,
        schema::{ErrorBody, InviteAnswer, InviteRequest},
        state::HttpState,
    },
    identity::Invitation,
};
use axum::extract::State;
use cowork_domain::{
    codes::Code,
    ids::OrgId,
    membership::{Invitee, MemberRecord},
    principal::Role,
    signup::SignupMode,
    timestamp::Timestamp,
};
use cowork_store::Counted;
use http::StatusCode;
use serde::Serialize;
use std::time::Duration;

const AN_HOUR: Duration = Duration::from_hours(1);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    member: MemberRecord,
    invite_token: Option<String>,
    invite_expires_at: Option<Timestamp>,
}

/// Invite somebody by e-mail address.
///
/// Sending the invitation is the caller's part: its token is in this answer and nowhere else. Whoever is a member already is
/// invited anew, with the role of this invitation.
#[utoipa::path(post, path = "/api/admin/members", operation_id = "inviteMember", tag = "administration",
    request_body(content = InviteRequest, example = json!({"email": "kim@acme.test", "role": "admin"})),
    responses(
        (status = 201, description = "The membership waits", body = InviteAnswer, example = json!({"member": {
            "orgId": "acme", "accountId": "account_435bfa653a11213a5f2716e2d9dc4c48", "email": "kim@acme.test", "displayName": null,
            "role": "admin", "customRoleKey": null, "status": "invited", "createdAt": "2026-11-21T18:00:12.647Z",
            "updatedAt": "2026-11-21T18:00:12.647Z"}, "inviteToken": "eyJvcmdJZCI6ImFjbWUi….kX3v…",
            "inviteExpiresAt": "2026-11-28T18:00:12.647Z"})),
        (status = 400, description = "The address is missing or none, or it is the caller's own", body = ErrorBody),
        (status = 403, description = "Another signup mode, or an owner invited by somebody else", body = ErrorBody,
            example = json!({"error": "Member invites are available only when cloud signup mode is invite.", "code": "invite.mode_required"})),
        (status = 429, description = "Too many invitations within an hour", body = ErrorBody),
    ))]
pub(super) async fn invite(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let email = body.fields.text("email").ok_or_else(|| ApiError::invalid("Member email is required."))?;
    if state.options.signup.mode != SignupMode::Invite {
        let text = "Member invites are available only when cloud signup mode is invite.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, text).code(Code::InviteModeRequired));
    }
    let role = body.fields.text("role").and_then(Role::parse).unwrap_or(Role::Member);
    let invitee = Invitee::new(email, role).map_err(|_| ApiError::invalid("Member email is invalid."))?;
    let org = &caller.principal().org_id;
    count(&state, org).await?;
    let invited = state.node.store().invite_member(org, &invitee, &mandate::of(&state, &caller)).await?;
    let invitation = state.authenticator.signing_key().map(|key| (Invitation::to(&invited.member, invited.at), key));
    let answer = Answer {
        invite_token: invitation.as_ref().map(|(invitation, key)| invitation.signed(key)),
        invite_expires_at: invitation.as_ref().map(|(invitation, _)| invitation.expires_at()),
        member: invited.member,
    };
    Ok(Json::of(&answer).with_status(StatusCode::CREATED))
}

/// A stolen admin's token must not mail the whole world from our address.
async fn count(state: &HttpState, org: &OrgId) -> Result<(), ApiError> {
    let Some(most) = state.options.invites_per_hour else { return Ok(()) };
    match state.node.store().count_in_window("invite", org.as_str(), AN_HOUR, most).await? {
        Counted::Admitted => Ok(()),
        Counted::Refused { retry_after } => {
            let text = "Too many member invites. Try again later.";
            Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, text).verdict(Code::InviteRateExceeded.as_str()).retry_after(retry_after))
        }
    }
}
