//! `POST /api/channels/interactions` (contract 04 §6).

use crate::{
    http::{
        answer::Json,
        body::{Fields, JsonBody},
        channels::{
            authority::{self, ChannelCaller, Target},
            input,
        },
        error::ApiError,
        gate::Caller,
        schema::{ErrorBody, InteractionSchema},
        state::HttpState,
    },
    identity::InteractionToken,
};
use axum::extract::State;
use cowork_actors::SessionError;
use cowork_domain::{
    channel::{
        interaction::{Interaction, InteractionKind, InteractionState, OPEN_MS},
        provider::ChannelProvider,
        session::ChannelSession,
    },
    codes::Code,
    ids::{OrgId, SessionId},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

const INCOMPLETE: &str = "Channel interactions need agentId, sessionId, provider, kind (permission or question) and targetId.";

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreatedInteraction {
    #[schema(value_type = InteractionSchema)]
    interaction: Interaction,
    /// What answers it. Shown here, and never again.
    plaintext_token: String,
}

/// Ask somebody in a chat.
///
/// The token has 41 characters, so that a button can carry it. It can be used once, within ten minutes unless said otherwise.
#[utoipa::path(post, path = "/api/channels/interactions", operation_id = "createChannelInteraction", tag = "channels",
    request_body(content = serde_json::Value, example = json!({"agentId": "channel_agent_0001ab12cd34ef567890ab12cd34ef56",
        "sessionId": "ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7", "sessionBindingId": "00000000-0000-4000-8000-000000000009",
        "provider": "telegram", "kind": "permission", "targetId": "per_1", "interactionId": "gw_permission_1"})),
    responses(
        (status = 201, description = "It waits for an answer", body = CreatedInteraction),
        (status = 400, description = "A field is missing, too long or no date", body = ErrorBody,
            example = json!({"error": INCOMPLETE, "code": "request.invalid_field"})),
        (status = 403, description = "The token may not serve this session, or the fields contradict each other", body = ErrorBody,
            example = json!({"error": "Gateway API token is not authorized for the requested channel binding.", "code": "authorization.denied"})),
        (status = 409, description = "The id is in use", body = ErrorBody,
            example = json!({"error": "Channel interaction id is in use.", "code": "channels.interaction_exists"})),
    ))]
pub(in crate::http::channels) async fn create(
    State(state): State<HttpState>,
    caller: Caller,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let org = &caller.principal().org_id;
    let gateway = authority::prove(&state, caller.member(), target(&fields)).await?;
    let incomplete = || ApiError::invalid(INCOMPLETE);
    let agent = fields.text("agentId").ok_or_else(incomplete)?;
    let session = fields.text("sessionId").ok_or_else(incomplete)?;
    let provider = fields.text("provider").and_then(ChannelProvider::parse).ok_or_else(incomplete)?;
    let kind = fields.text("kind").and_then(InteractionKind::parse).ok_or_else(incomplete)?;
    let asked = input::name(&fields, "targetId")?.ok_or_else(incomplete)?;
    let seed = input::name(&fields, "interactionId")?;
    let external_id = input::name(&fields, "externalInteractionId")?;
    let expires_at = fields.date("expiresAt")?;

    let session: SessionId = session.parse().map_err(|_| authority::not_authorized())?;
    let thread = thread(&state, &gateway, org, &fields, session).await?;
    let is_consistent = thread.session == session && thread.agent.as_str() == agent && thread.provider == provider;
    if !is_consistent {
        return Err(authority::not_authorized());
    }
    state.node.session_identity(caller.principal(), session).await.map_err(|error| match error {
        SessionError::NotFound => authority::not_authorized(),
        other => other.into(),
    })?;

    let clock = state.node.clock();
    let now = clock.now();
    let interaction = Interaction {
        id: seed.map_or_else(|| clock.mint_channel_id(), |seed| Interaction::id_of_seed(org, &thread.binding, seed)),
        org: org.clone(),
        agent: thread.agent,
        binding: thread.binding,
        session_binding: thread.id,
        session,
        provider,
        external_id: external_id.map(str::to_owned),
        kind,
        target: asked.to_owned(),
        state: InteractionState::Pending,
        expires_at: expires_at.unwrap_or_else(|| now.plus_millis(OPEN_MS)),
        created_at: now,
        updated_at: now,
    };
    let token = InteractionToken::mint(clock.random_bytes());
    if !state.node.store().add_channel_interaction(&interaction, token.id(), &token.hash()).await? {
        let error = ApiError::new(StatusCode::CONFLICT, "Channel interaction id is in use.");
        return Err(error.code(Code::ChannelInteractionExists));
    }
    let created = CreatedInteraction { interaction, plaintext_token: token.plaintext() };
    Ok(Json::of(&created).with_status(StatusCode::CREATED))
}

fn target(fields: &Fields) -> Target<'_> {
    match (fields.text("channelBindingId"), fields.text("sessionBindingId")) {
        (Some(binding), _) => Target::Binding(binding),
        (None, Some(thread)) => Target::SessionBinding(thread),
        (None, None) => Target::None,
    }
}

/// The thread in which somebody is asked: the one that the request names, or the session's only one.
async fn thread(
    state: &HttpState,
    gateway: &ChannelCaller,
    org: &OrgId,
    fields: &Fields,
    session: SessionId,
) -> Result<ChannelSession, ApiError> {
    let named = fields.text("channelBindingId");
    let is_of_named = |thread: &ChannelSession| named.is_none_or(|named| named == thread.binding.as_str());
    if let Some(id) = fields.text("sessionBindingId") {
        let (thread, _) = authority::session_binding(state, gateway, org, id).await?;
        return if is_of_named(&thread) { Ok(thread) } else { Err(authority::not_authorized()) };
    }
    let mut threads = state.node.store().channel_sessions_of(org, gateway.token(), session).await?;
    threads.retain(is_of_named);
    match (threads.pop(), threads.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(authority::not_authorized()),
    }
}
