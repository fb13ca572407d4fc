//! Which interaction a request means, and whether whoever is behind it may answer.

use crate::{
    http::{
        body::Fields,
        channels::{
            actor::{ActorFields, actor},
            authority::ChannelCaller,
        },
        error::ApiError,
        state::HttpState,
    },
    identity::InteractionToken,
};
use cowork_domain::{
    channel::{
        binding::ChannelBinding,
        identity::{ChannelIdentity, Purpose},
        ids::is_id,
        interaction::{Interaction, InteractionState},
        provider::ChannelProvider,
    },
    ids::OrgId,
};
use cowork_store::StoreError;
use http::StatusCode;

/// An interaction that waits, with its binding, which the caller may use.
pub(super) struct Waiting {
    pub(super) interaction: Interaction,
    pub(super) binding: ChannelBinding,
}

/// The interaction that a request shows the token of. Only where it shows none, what the gateway called it counts: a gateway
/// sends the chat's own id of the button press beside each token, and that names nothing here.
pub(super) async fn waiting(
    state: &HttpState,
    gateway: &ChannelCaller,
    org: &OrgId,
    fields: &Fields,
) -> Result<Option<Waiting>, StoreError> {
    let interaction = if fields.text("token").is_some() {
        by_token(state, org, fields).await?
    } else {
        by_external_id(state, gateway, org, fields).await?
    };
    let Some(interaction) = interaction.filter(|found| found.state == InteractionState::Pending) else { return Ok(None) };
    let binding = match gateway {
        ChannelCaller::Gateway { bindings, .. } => bindings.iter().find(|granted| granted.id == interaction.binding).cloned(),
        ChannelCaller::Admin | ChannelCaller::Local => {
            state.node.store().channel_binding(org, &interaction.binding).await?.filter(ChannelBinding::is_active)
        }
    };
    Ok(binding.map(|binding| Waiting { interaction, binding }))
}

async fn by_token(state: &HttpState, org: &OrgId, fields: &Fields) -> Result<Option<Interaction>, StoreError> {
    let Some(token) = fields.text("token").and_then(InteractionToken::parse) else { return Ok(None) };
    let now = state.node.clock().now();
    let kept = state.node.store().channel_interaction_by_token(org, token.id(), now).await?;
    Ok(kept.filter(|kept| token.matches(&kept.token_hash)).map(|kept| kept.interaction))
}

/// What two bindings call the same is neither of them.
async fn by_external_id(
    state: &HttpState,
    gateway: &ChannelCaller,
    org: &OrgId,
    fields: &Fields,
) -> Result<Option<Interaction>, StoreError> {
    let external_id = fields.text("externalInteractionId").filter(|id| is_id(id));
    let provider = fields.text("provider").and_then(ChannelProvider::parse);
    let (Some(external_id), Some(provider)) = (external_id, provider) else { return Ok(None) };
    let bindings: Option<Vec<_>> = match gateway {
        ChannelCaller::Gateway { bindings, .. } => Some(bindings.iter().map(|binding| binding.id.clone()).collect()),
        ChannelCaller::Admin | ChannelCaller::Local => None,
    };
    let now = state.node.clock().now();
    let store = state.node.store();
    let mut found = store.channel_interactions_by_external_id(org, bindings.as_deref(), &provider, external_id, now).await?;
    found.retain(|interaction| interaction.state == InteractionState::Pending);
    let only = found.pop();
    Ok(only.filter(|_| found.is_empty()))
}

/// Who answers: somebody who may approve, in a chat that is a thread of the same session.
pub(super) async fn approver(
    state: &HttpState,
    gateway: &ChannelCaller,
    org: &OrgId,
    fields: &Fields,
    waiting: &Waiting,
) -> Result<Option<ChannelIdentity>, ApiError> {
    let who = match actor(state, org, &waiting.binding, ActorFields::of(fields), Purpose::Approve).await {
        Ok(who) => who,
        Err(error) if error.status() == StatusCode::FORBIDDEN => return Ok(None),
        Err(error) => return Err(error),
    };
    let chat = fields.value("externalChatId");
    let threads = state.node.store().channel_sessions_of(org, gateway.token(), waiting.interaction.session).await?;
    let is_there = threads.iter().any(|thread| {
        let is_same_chat = chat.is_none_or(|chat| chat.as_str() == Some(thread.external_chat.as_str()));
        thread.provider == who.provider && thread.external_workspace == who.external_workspace && is_same_chat
    });
    Ok(is_there.then_some(who))
}
