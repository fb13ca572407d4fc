//! `POST /api/channels/interactions/resolve` (contract 04 §6).

use super::{envelope, find};
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody, holds_nul},
    channels::authority::{self, Target},
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ResolvedInteractionSchema},
    state::HttpState,
};
use axum::extract::State;
use cowork_actors::SessionError;
use cowork_domain::{
    channel::interaction::{Interaction, InteractionAnswer, audit},
    codes::Code,
    session::CommandSource,
};
use cowork_store::InteractionCommand;
use http::StatusCode;
use serde_json::Value;

/// Answer a permission or a question from a chat.
///
/// Every refusal is the same 404, so that nobody learns which tokens there are. An answer that was taken reaches its session
/// once, whatever happens to the server meanwhile.
#[utoipa::path(post, path = "/api/channels/interactions/resolve", operation_id = "resolveChannelInteraction", tag = "channels",
    request_body(content = serde_json::Value, example = json!({"token": "occi_…", "provider": "telegram", "externalUserId": "u-1",
        "externalChatId": "c-1", "response": {"allowed": true}})),
    responses(
        (status = 202, description = "The answer is taken", body = ResolvedInteractionSchema),
        (status = 403, description = "The profile takes no answers from chats", body = ErrorBody,
            example = json!({"error": "Remote question and approval responses are disabled for this cloud profile.",
                "code": "gateway-remote-approval-disabled", "verdict": {"allowed": false,
                "reason": "Remote question and approval responses are disabled for this cloud profile.",
                "policyCode": "gateway-remote-approval-disabled"}})),
        (status = 404, description = "Nothing waits for this answer from this person", body = ErrorBody,
            example = json!({"error": "Channel interaction was not found or is no longer pending.", "code": "resource.not_found"})),
        (status = 409, description = "Somebody else answered at the same moment", body = ErrorBody,
            example = json!({"error": "Channel interaction was already resolved.", "code": "channels.interaction_resolved"})),
    ))]
pub(in crate::http::channels) async fn resolve(
    State(state): State<HttpState>,
    caller: Caller,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let (by, org) = (caller.principal(), &caller.principal().org_id);
    let gateway = authority::prove(&state, caller.member(), Target::None).await?;
    let waiting = find::waiting(&state, &gateway, org, &fields).await?;
    refuse_by_policy(&state, &caller, waiting.as_ref().map(|waiting| &waiting.interaction)).await?;
    let waiting = waiting.ok_or_else(gone)?;
    let who = find::approver(&state, &gateway, org, &fields, &waiting).await?.ok_or_else(gone)?;
    let session = waiting.interaction.session;
    let identity = state.node.session_identity(by, session).await.map_err(|error| match error {
        SessionError::NotFound => gone(),
        other => other.into(),
    })?;

    let kind = waiting.interaction.command(decision(&fields).ok_or_else(gone)?);
    let now = state.node.clock().now();
    let audit = audit::used(by, &waiting.interaction, &who.id, &kind, now);
    let order = InteractionCommand { command: waiting.interaction.command_id(), interaction: waiting.interaction, kind, by: by.clone() };
    let store = state.node.store();
    let used = store
        .use_channel_interaction(&order, &audit, now)
        .await?
        .map_err(|lost| ApiError::new(StatusCode::CONFLICT, lost.to_string()).code(Code::ChannelInteractionResolved))?;
    // From here on the answer is taken: what the session can't be told now, the owner of the binding's shard tells it.
    match state.node.submit_from(CommandSource::Interaction, by, session, order.command, order.kind.clone()).await {
        Ok(submitted) => {
            if let Err(error) = store.channel_interaction_told(org, &used.id, now).await {
                tracing::warn!(%error, "an answer that a session has will be told again, without effect");
            }
            Ok(envelope::told(&state, &used, &submitted))
        }
        Err(error) => Ok(envelope::kept(&state, &used, &order, &identity, &error).await),
    }
}

/// The same answer for a token that nobody made.
async fn refuse_by_policy(state: &HttpState, caller: &Caller, interaction: Option<&Interaction>) -> Result<(), ApiError> {
    if state.options.allow_remote_approvals {
        return Ok(());
    }
    let clock = state.node.clock();
    let row = audit::denied(caller.principal(), interaction, &clock.nonce(), clock.now());
    if let Err(error) = state.node.store().record_audit(&[row]).await {
        tracing::warn!(%error, "a refused answer is not in the audit log");
    }
    let message = "Remote question and approval responses are disabled for this cloud profile.";
    Err(ApiError::forbidden(Code::GatewayRemoteApprovalDisabled, message))
}

/// What the person decided; none if it can't be kept.
fn decision(fields: &Fields) -> Option<InteractionAnswer> {
    let response = fields.value("response").cloned().unwrap_or_default();
    let answers = fields.value("answers").and_then(Value::as_array).cloned().unwrap_or_default();
    if holds_nul(&response) || answers.iter().any(holds_nul) {
        return None;
    }
    Some(InteractionAnswer { response, answers, reject: fields.value("reject") == Some(&Value::Bool(true)) })
}

fn gone() -> ApiError {
    ApiError::not_found("Channel interaction was not found or is no longer pending.")
}
