//! How a message becomes a prompt: who wrote it, which session its thread is, and the command.
//!
//! Each step can be done again: the person and the thread are one row each, the session's id follows from the thread and the
//! command's from the message. So whoever finds a message that is not done begins at the beginning.

use crate::{
    node::{CreateSession, NodeHandle, Shared},
    session::SessionError,
};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    channel::{
        agent::AgentStatus,
        binding::ChannelBinding,
        identity::{ChannelIdentity, IdentityFacts, Purpose},
        ids::{ChannelSessionId, IdentityId},
        inbox::{InboxMessage, InboxState, Obstacle},
        session::{ChannelCursor, ChannelSession, ChannelSessionStatus, NewChannelSession},
    },
    codes::Code,
    session::{CommandKind, CommandSource},
    timestamp::Timestamp,
};
use cowork_store::{Mandate, StoreError};
use serde_json::json;
use std::sync::Arc;

/// The agent that answers when a message names none.
const DEFAULT_AGENT: &str = "build";

/// Makes the prompt, and says which one it is.
pub(super) async fn become_prompt(shared: &Arc<Shared>, message: &InboxMessage) -> Result<InboxState, Obstacle> {
    let binding = binding(shared, message).await?;
    let who = who(shared, message, &binding).await?;
    let thread = thread(shared, message, &binding, &who).await?;
    let node = NodeHandle { shared: shared.clone() };
    let told = &message.told;
    let agent = told.agent.clone().unwrap_or_else(|| DEFAULT_AGENT.to_owned());
    let kind = CommandKind::Prompt { text: told.text.clone(), agent, model: None };
    let command = told.command();
    let source = CommandSource::Channel { thread: thread.id.clone(), identity: who.id };
    node.submit_from(source, &message.by, thread.session, command, kind).await.map_err(of_session)?;
    Ok(InboxState::Done { session_binding: thread.id, session: thread.session, command })
}

/// The binding, if it is still served.
async fn binding(shared: &Shared, message: &InboxMessage) -> Result<ChannelBinding, Obstacle> {
    let told = &message.told;
    let binding = shared.store.channel_binding(&told.org, &told.binding).await.map_err(of_store)?;
    binding
        .filter(ChannelBinding::is_active)
        .ok_or_else(|| refused(Code::GatewayChannelNotBound, "The channel is not served at the moment."))
}

/// Whoever wrote, if they may prompt. Somebody new is noted, so that an admin can let them in.
async fn who(shared: &Shared, message: &InboxMessage, binding: &ChannelBinding) -> Result<ChannelIdentity, Obstacle> {
    let told = &message.told;
    let metadata = json!({ "username": told.username, "displayName": told.display_name });
    let facts = IdentityFacts { metadata, ..IdentityFacts::default() };
    let minted = IdentityId::new(shared.clock.mint_channel_id());
    let mandate = Mandate::of(&message.by, message.id.clone(), shared.clock.now());
    let noted = shared.store.resolve_channel_identity(&told.org, &told.person(), &facts, &minted, &mandate).await.map_err(of_store)?;
    let allowed = noted.ok().filter(|who| who.may(Purpose::Prompt, binding));
    allowed.ok_or_else(|| refused(Code::GatewayIdentityNotAllowed, "Channel actor identity is not authorized for this channel session."))
}

/// The thread, bound to its session; begins the session if it is new.
async fn thread(
    shared: &Arc<Shared>,
    message: &InboxMessage,
    binding: &ChannelBinding,
    who: &ChannelIdentity,
) -> Result<ChannelSession, Obstacle> {
    let (org, by) = (&message.told.org, &message.by);
    let agent = shared.store.headless_agent(org, &binding.agent).await.map_err(of_store)?;
    let agent = agent
        .filter(|agent| agent.status == AgentStatus::Active)
        .ok_or_else(|| refused(Code::ChannelAgentDisabled, "Headless agent is not active."))?;
    let known = shared.store.channel_session_of_thread(org, &message.told.thread()).await.map_err(of_store)?;
    let thread = match known {
        Some(known) => known,
        None => begin(shared, message, binding, who, agent.profile_name).await?,
    };
    let is_active = thread.status == ChannelSessionStatus::Active;
    let is_ours = is_active && thread.binding == binding.id && thread.agent == binding.agent;
    let is_owned = NodeHandle { shared: shared.clone() }.session_identity(by, thread.session).await;
    match (is_ours, is_owned) {
        (true, Ok(_)) => Ok(thread),
        (true, Err(error)) if error != SessionError::NotFound => Err(of_session(error)),
        _ => Err(refused(Code::GatewayChannelNotBound, "Channel thread is already bound to a different channel authority.")),
    }
}

/// The session first, then the thread's row: a row always has a session, and whoever is interrupted in between begins the same
/// session again. Where somebody else bound the thread meanwhile, that is what it is.
async fn begin(
    shared: &Arc<Shared>,
    message: &InboxMessage,
    binding: &ChannelBinding,
    who: &ChannelIdentity,
    profile_name: String,
) -> Result<ChannelSession, Obstacle> {
    let (org, by, place) = (&message.told.org, &message.by, message.told.thread());
    let session = place.session_of(org, &by.user_id);
    let request = CreateSession {
        id: session,
        retry: true,
        title: Some(message.told.session_title()),
        profile_name,
        project_source: message.told.project_source.clone(),
    };
    NodeHandle { shared: shared.clone() }.create_session(by, request).await.map_err(of_session)?;
    let new = NewChannelSession {
        id: ChannelSessionId::new(shared.clock.mint_channel_id()),
        agent: binding.agent.clone(),
        binding: binding.id.clone(),
        thread: place,
        session,
        cursor: ChannelCursor::default(),
    };
    let audit = bound(message, &new, who, shared.clock.now());
    Ok(shared.store.bind_channel_thread(org, &new, &audit).await.map_err(of_store)?.session)
}

/// What the audit log says of a thread that begins: for the organisation, and for the person behind it.
fn bound(message: &InboxMessage, new: &NewChannelSession, who: &ChannelIdentity, at: Timestamp) -> [AuditRow; 2] {
    let org = &message.told.org;
    let target = AuditTarget::new("channel_session", new.id.as_str());
    let told = json!({ "channelBindingId": new.binding, "sessionId": new.session, "provider": new.thread.provider });
    let by_whom = json!({ "channelBindingId": new.binding, "sessionId": new.session, "identityId": who.id });
    [
        AuditRow::by_system(org, "channel.inbox", &message.id, AuditAction::ChannelSessionBound, &target, told, at),
        AuditRow::by(&message.by, &message.id, AuditAction::ChannelSessionBoundByIdentity, &target, by_whom, at),
    ]
}

fn refused(code: Code, text: &str) -> Obstacle {
    Obstacle::Refused { code, text: text.to_owned() }
}

/// What a row can't be read for is not the message's fault: it waits until somebody has looked at it.
#[expect(clippy::needless_pass_by_value, reason = "it stands behind map_err, which hands errors over")]
fn of_store(error: StoreError) -> Obstacle {
    tracing::warn!(%error, "a message can't become a prompt now");
    Obstacle::Unavailable
}

fn of_session(error: SessionError) -> Obstacle {
    match error {
        SessionError::Refused(refusal) => Obstacle::Quota { code: refusal.code, text: refusal.message.into() },
        SessionError::SourceDenied(denied) => refused(denied.code, &denied.reason),
        SessionError::NotFound => refused(Code::GatewayChannelNotBound, "The session of this thread is not there any more."),
        SessionError::CommandIdInUse => refused(Code::ChannelPromptConflict, "The message is another session's prompt already."),
        SessionError::Quarantined { .. } | SessionError::EntityQuarantined { .. } | SessionError::Unavailable => Obstacle::Unavailable,
    }
}
