//! `POST /api/channels/sessions/bind` (contract 04 §5).

use super::{cursor, owned, view, with_view};
use crate::http::{
    answer::Json,
    billing,
    body::{Fields, JsonBody},
    channels::{
        actor::{ActorFields, actor},
        authority::{self, Target, not_authorized},
        default_source::default_source,
        input,
    },
    error::ApiError,
    gate::Caller,
    schema::{ChannelSessionSchema, CloudSessionView, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_actors::CreateSession;
use cowork_domain::{
    billing::BillingAction,
    channel::{
        agent::{AgentStatus, HeadlessAgent},
        binding::ChannelBinding,
        identity::{ChannelIdentity, Purpose},
        ids::ChannelSessionId,
        provider::ChannelProvider,
        session::{ChannelSession, ChannelSessionStatus, ChannelThread, NewChannelSession},
    },
    codes::Code,
    ids::SessionId,
};
use http::StatusCode;
use utoipa::ToSchema;

/// Titles are shown in lists; longer ones are refused.
const LONGEST_TITLE: usize = 512;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct BoundSession {
    binding: ChannelSessionSchema,
    session: CloudSessionView,
}

/// Make a thread of a chat a session, or find the session that it is.
///
/// A new session belongs to the account that the token acts for. The same thread is the same session, however often and by how
/// many gateways at once it is bound.
#[utoipa::path(post, path = "/api/channels/sessions/bind", operation_id = "bindChannelSession", tag = "channels",
    request_body(content = serde_json::Value, example = json!({"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56",
        "provider": "telegram", "externalChatId": "chat-1", "externalThreadId": "thr-1",
        "identityId": "00000000-0000-4000-8000-000000000007", "title": "Hello there"})),
    responses(
        (status = 200, description = "The thread and its session", body = BoundSession),
        (status = 400, description = "A field is missing or malformed, or the provider is not the binding's", body = ErrorBody,
            example = json!({"error": "Channel provider does not match binding.", "code": "request.invalid_field"})),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody),
        (status = 403, description = "The token was not granted the binding, the person may not prompt, or the agent is disabled", body = ErrorBody,
            example = json!({"error": "Channel actor identity is not authorized for this channel session.", "code": "gateway.identity_not_allowed"})),
        (status = 409, description = "The thread is another binding's or another session", body = ErrorBody,
            example = json!({"error": "Channel thread is already bound to a different channel authority.", "code": "channels.thread_conflict"})),
        (status = 429, description = "A quota is used up", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn bind(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let target = fields.text("channelBindingId").map_or(Target::None, Target::Binding);
    let by = authority::prove(&state, caller.member(), target).await?;
    let asked = Asked::of(fields)?;
    let org = &caller.principal().org_id;
    let binding = authority::binding(&state, &by, org, asked.binding).await?;
    if binding.provider != asked.provider {
        return Err(ApiError::invalid("Channel provider does not match binding."));
    }
    let person = actor(&state, org, &binding, ActorFields::of(fields), Purpose::Prompt).await?;
    let agent = state.node.store().headless_agent(org, &binding.agent).await?.filter(|agent| agent.status == AgentStatus::Active);
    let agent =
        agent.ok_or_else(|| ApiError::new(StatusCode::FORBIDDEN, "Headless agent is not active.").code(Code::ChannelAgentDisabled))?;
    billing::require(&state, org, BillingAction::GatewaySessionBind).await?;
    let thread = asked.thread(&binding);
    if let Some(bound) = state.node.store().channel_session_of_thread(org, &thread).await? {
        return found(&state, &caller, &binding, asked.session, &bound).await;
    }
    begin(&state, &caller, Begin { asked: &asked, binding: &binding, agent: &agent, person: &person, thread }).await
}

/// A thread that was bound before: by this authority, or not for this one.
async fn found(
    state: &HttpState,
    caller: &Caller,
    binding: &ChannelBinding,
    session: Option<&str>,
    bound: &ChannelSession,
) -> Result<Json, ApiError> {
    let is_same_session = session.is_none_or(|session| session.parse() == Ok(bound.session));
    let is_same = bound.binding == binding.id && bound.agent == binding.agent && is_same_session;
    if !is_same || bound.status != ChannelSessionStatus::Active {
        let text = "Channel thread is already bound to a different channel authority.";
        return Err(ApiError::new(StatusCode::CONFLICT, text).code(Code::ChannelThreadConflict));
    }
    Ok(Json::text(with_view(bound, &view(state, caller, bound.session).await?)))
}

struct Begin<'a> {
    asked: &'a Asked<'a>,
    binding: &'a ChannelBinding,
    agent: &'a HeadlessAgent,
    person: &'a ChannelIdentity,
    thread: ChannelThread,
}

/// The session first, then the thread's row: a row always has a session, and whoever is interrupted in between begins the same
/// session again.
async fn begin(state: &HttpState, caller: &Caller, begin: Begin<'_>) -> Result<Json, ApiError> {
    let Begin { asked, binding, agent, person, thread } = begin;
    let (by, clock) = (caller.principal(), state.node.clock());
    let (session, created) = if let Some(session) = asked.session {
        let session: SessionId = session.parse().map_err(|_| not_authorized())?;
        owned(state, caller, session).await?;
        (session, None)
    } else {
        billing::require(state, &by.org_id, BillingAction::SessionCreate(&agent.profile_name)).await?;
        let id = thread.session_of(&by.org_id, &by.user_id);
        let title = asked.title.map_or_else(|| format!("Channel {}", binding.provider), str::to_owned);
        let request = CreateSession {
            id,
            retry: true,
            title: Some(title),
            profile_name: agent.profile_name.clone(),
            project_source: default_source(state, by, &binding.settings).await?,
        };
        (id, Some(state.node.create_session(by, request).await?))
    };
    let new = NewChannelSession {
        id: ChannelSessionId::new(clock.mint_channel_id()),
        agent: agent.agent_id.clone(),
        binding: binding.id.clone(),
        thread,
        session,
        cursor: asked.cursor.clone(),
    };
    let audit = new.audit("channel_session.bind", new.id.as_str(), by, &person.id, clock.now());
    let bound = state.node.store().bind_channel_thread(&by.org_id, &new, &audit).await?;
    match created {
        Some(view) if bound.is_new => Ok(Json::text(with_view(&bound.session, &view))),
        _ => found(state, caller, binding, asked.session, &bound.session).await,
    }
}

/// What a body asks for.
struct Asked<'f> {
    binding: &'f str,
    provider: ChannelProvider,
    chat: &'f str,
    thread: &'f str,
    session: Option<&'f str>,
    title: Option<&'f str>,
    cursor: cowork_domain::channel::session::ChannelCursor,
}

impl<'f> Asked<'f> {
    fn of(fields: &'f Fields) -> Result<Self, ApiError> {
        let provider = fields.text("provider").and_then(ChannelProvider::parse);
        let (chat, thread) = (input::name(fields, "externalChatId")?, input::name(fields, "externalThreadId")?);
        let (Some(binding), Some(provider), Some(chat), Some(thread)) = (fields.text("channelBindingId"), provider, chat, thread) else {
            let text = "Channel session binding requires channelBindingId, provider, externalChatId, and externalThreadId.";
            return Err(ApiError::invalid(text));
        };
        let title = fields.text("title");
        fields.refuse_nul(&["title"])?;
        if title.is_some_and(|title| title.chars().count() > LONGEST_TITLE) {
            return Err(ApiError::invalid("Session title exceeds 512 characters."));
        }
        Ok(Self { binding, provider, chat, thread, session: fields.text("sessionId"), title, cursor: cursor(fields)? })
    }

    fn thread(&self, binding: &ChannelBinding) -> ChannelThread {
        ChannelThread {
            provider: binding.provider.clone(),
            workspace: binding.external_workspace.clone(),
            chat: self.chat.to_owned(),
            thread: self.thread.to_owned(),
        }
    }
}
