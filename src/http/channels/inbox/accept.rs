//! `POST /api/channels/inbox` (`docs/channels-inbox.md`).

use crate::http::{
    answer::Json,
    billing,
    body::{Fields, JsonBody},
    channels::{
        authority::{self, Target},
        default_source::default_source,
        input, origin,
        sessions::prompt,
    },
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, InboxMessageSchema},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{
    billing::BillingAction,
    channel::{
        binding::ChannelBinding,
        ids::AgentId,
        inbox::{InboxMessage, NewInboxMessage},
        provider::ChannelProvider,
    },
    event::ProjectSource,
    ids::OrgId,
};
use cowork_store::AcceptedMessage;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

const INCOMPLETE: &str = "Channel messages need provider, providerInstanceId, providerEventId, externalChatId, externalUserId and text.";
const SEVERAL: &str = "Channel messages require channelBindingId when multiple channel bindings match.";
/// Names of agents are labels.
const LONGEST_AGENT: usize = 200;

#[derive(Serialize, ToSchema)]
struct HandedOver {
    #[schema(value_type = InboxMessageSchema)]
    message: InboxMessage,
    /// It was handed over before: nothing is changed, and nothing follows.
    duplicate: bool,
}

/// Hand a message over.
///
/// With the answer the message is ours: whatever happens to the server or the gateway, it becomes exactly one prompt of its
/// thread's session, or is refused with a reason. Messages of one thread become prompts in the order in which they were handed
/// over. The same `providerEventId` of the same instance and binding is the same message.
#[utoipa::path(post, path = "/api/channels/inbox", operation_id = "handOverChannelMessage", tag = "channels",
    request_body(content = serde_json::Value, example = json!({"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56",
        "provider": "telegram", "providerInstanceId": "telegram", "providerEventId": "update-1", "externalChatId": "c-1",
        "externalThreadId": null, "externalUserId": "u-1", "username": "kim", "displayName": "Kim", "text": "hello"})),
    responses(
        (status = 202, description = "It is ours", body = HandedOver, example = json!({"message": {
            "messageId": "channel_inbox_message_0009ab12cd34ef567890ab12cd34ef56", "orgId": "acme",
            "channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "provider": "telegram",
            "providerInstanceId": "telegram", "providerEventId": "update-1", "externalWorkspaceId": null, "externalChatId": "c-1",
            "externalThreadId": null, "externalUserId": "u-1", "status": "received", "attemptCount": 0, "sessionBindingId": null,
            "sessionId": null, "commandId": null, "code": null, "error": null, "createdAt": "2026-11-21T17:52:54.806Z",
            "updatedAt": "2026-11-21T17:52:54.806Z"}, "duplicate": false})),
        (status = 400, description = "A field is missing or too long, or more than one binding fits", body = ErrorBody,
            example = json!({"error": INCOMPLETE, "code": "request.invalid_field"})),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody),
        (status = 403, description = "The token may not serve this binding", body = ErrorBody),
        (status = 429, description = "The organisation used up its prompts from channels of this hour", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn accept(
    State(state): State<HttpState>,
    caller: Caller,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let org = &caller.principal().org_id;
    let target = fields.text("channelBindingId").map_or(Target::None, Target::Binding);
    let gateway = authority::prove(&state, caller.member(), target).await?;
    let provider = fields.text("provider").and_then(ChannelProvider::parse).ok_or_else(|| ApiError::invalid(INCOMPLETE))?;
    let binding = origin::binding(&state, &gateway, org, &fields, &provider, SEVERAL).await?;
    let project_source = default_source(&state, caller.principal(), &binding.settings).await?;
    let agent = binding.agent.clone();
    let told = told(&fields, org, binding, project_source)?;

    let (store, now) = (state.node.store(), state.node.clock().now());
    if let Some(message) = store.inbox_message(org, &told.id()).await? {
        return Ok(answer(message, true));
    }
    pay(&state, org, &agent, &told).await?;
    prompt::count(&state, org).await?;
    let AcceptedMessage { message, duplicate } = store.accept_inbox_message(told, caller.principal(), now).await?;
    state.node.inbox_filled(&message.told.binding).await;
    Ok(answer(message, duplicate))
}

/// The message becomes a prompt, and the first one of a thread a session, too: nobody is told later that it wasn't paid for.
async fn pay(state: &HttpState, org: &OrgId, agent: &AgentId, told: &NewInboxMessage) -> Result<(), ApiError> {
    if !state.billing.is_on() {
        return Ok(());
    }
    billing::require(state, org, BillingAction::GatewaySessionBind).await?;
    let store = state.node.store();
    // Without an agent it is refused for that, a moment later.
    let Some(agent) = store.headless_agent(org, agent).await? else { return Ok(()) };
    if store.channel_session_of_thread(org, &told.thread()).await?.is_none() {
        billing::require(state, org, BillingAction::SessionCreate(&agent.profile_name)).await?;
    }
    billing::require(state, org, BillingAction::PromptEnqueue(&agent.profile_name)).await
}

fn answer(message: InboxMessage, duplicate: bool) -> Json {
    Json::of(&HandedOver { message, duplicate }).with_status(StatusCode::ACCEPTED)
}

/// What the gateway tells. The binding says the chat system and its workspace: both were compared.
fn told(fields: &Fields, org: &OrgId, binding: ChannelBinding, project_source: Option<ProjectSource>) -> Result<NewInboxMessage, ApiError> {
    let optional = |field| input::name(fields, field).map(|name| name.map(str::to_owned));
    let required = |field| optional(field)?.ok_or_else(|| ApiError::invalid(INCOMPLETE));
    fields.refuse_nul(&["text"])?;
    let text = fields.text("text").ok_or_else(|| ApiError::invalid(INCOMPLETE))?;
    let agent = optional("agent")?;
    if agent.as_ref().is_some_and(|agent| agent.len() > LONGEST_AGENT) {
        return Err(ApiError::invalid("Names of agents have at most 200 bytes."));
    }
    Ok(NewInboxMessage {
        org: org.clone(),
        project_source,
        binding: binding.id,
        provider: binding.provider,
        instance: required("providerInstanceId")?,
        event: required("providerEventId")?,
        workspace: binding.external_workspace,
        chat: required("externalChatId")?,
        thread: optional("externalThreadId")?,
        user: required("externalUserId")?,
        username: optional("username")?,
        display_name: optional("displayName")?,
        text: text.to_owned(),
        agent,
        title: optional("title")?,
    })
}
