//! `POST /api/sessions` (contract 01 §2).

use super::project_source;
use crate::http::{
    answer::Json,
    billing,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    idempotency::{self, Claimed, IdempotencyKey},
    schema::{CloudSessionView, CreateSessionRequest, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_actors::CreateSession;
use cowork_domain::{billing::BillingAction, ids::SessionId};
use http::StatusCode;

/// Titles are shown in lists; longer ones are refused.
const LONGEST_TITLE: usize = 512;
/// Profile names are labels.
const LONGEST_PROFILE: usize = 200;

/// Create a session.
///
/// With an `Idempotency-Key` header, repeating the request gives the same session and the same
/// answer for 24 hours.
#[utoipa::path(post, path = "/api/sessions", operation_id = "createSession", tag = "sessions",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters")),
    request_body(content = CreateSessionRequest, example = json!({"profileName": null, "projectSource": null})),
    responses(
        (status = 201, description = "The new session", body = CloudSessionView),
        (status = 400, description = "The project source is malformed or denied", body = ErrorBody,
            example = json!({"error": "Git repository URLs must use HTTPS.", "code": "project_source.git.scheme",
                "verdict": {"allowed": false, "reason": "Git repository URLs must use HTTPS.", "policyCode": "project_source.git.scheme"}})),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody,
            example = json!({"error": "A billing subscription is required for this cloud org.", "code": "billing.subscription_required",
                "verdict": {"allowed": false, "reason": "A billing subscription is required for this cloud org.", "policyCode": "billing.subscription_required"}})),
        (status = 409, description = "The first request with this idempotency key isn't answered yet, and no node could be reached", body = ErrorBody),
        (status = 422, description = "The idempotency key was used for another request", body = ErrorBody),
        (status = 429, description = "A quota is used up", body = ErrorBody,
            example = json!({"error": "Concurrent cloud session quota exceeded.", "code": "quota.concurrent_sessions_exceeded", "retryAfterMs": 60000,
                "verdict": {"allowed": false, "reason": "Concurrent cloud session quota exceeded.", "policyCode": "quota.concurrent_sessions_exceeded"}})),
    ))]
pub(super) async fn create(
    State(state): State<HttpState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody { raw, fields }: JsonBody,
) -> Result<Json, ApiError> {
    fields.refuse_nul(&["title", "profileName", "projectSource"])?;
    let title = fields.text("title").map(str::to_owned);
    if title.as_ref().is_some_and(|title| title.chars().count() > LONGEST_TITLE) {
        return Err(ApiError::invalid("Session title exceeds 512 characters."));
    }
    let profile_name = fields.text("profileName").unwrap_or(&state.options.profile_name).to_owned();
    if profile_name.chars().count() > LONGEST_PROFILE {
        return Err(ApiError::invalid("Profile name exceeds 200 characters."));
    }
    let project_source = project_source::admit(&state, caller.principal(), fields.value("projectSource")).await?;

    billing::require(&state, &caller.principal().org_id, BillingAction::SessionCreate(&profile_name)).await?;
    let minted = state.node.clock().mint_session_id().as_uuid();
    let claim = match idempotency::claim(&state, &caller, key, "session.create", &[&raw], minted).await? {
        Claimed::Answered(answer) => return Ok(answer),
        Claimed::Mine(claim) => claim,
    };
    let id = SessionId::from_uuid(claim.id);
    let request = CreateSession { id, retry: claim.is_repetition, title, profile_name, project_source };
    let created = state.node.create_session(caller.principal(), request).await;
    let view = created.map_err(|error| claim.explain(error.into()))?;
    let answer = Json::text(view).with_status(StatusCode::CREATED);
    claim.keep(&state, &answer).await;
    Ok(answer)
}
