//! What comes in through channels (contract 04 §2, and our own inbox).

use super::CommandEnvelope;
use serde_json::Value;
use utoipa::ToSchema;

/// Something that happened in a chat system.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ProviderEvent)]
pub(in crate::http) struct ProviderEventSchema {
    event_id: String,
    org_id: String,
    channel_binding_id: String,
    provider: String,
    provider_instance_id: String,
    external_workspace_id: Option<String>,
    provider_event_id: String,
    /// message, command or interaction.
    event_type: String,
    /// received, processing, processed or failed.
    status: String,
    claimed_by: Option<String>,
    #[schema(format = DateTime)]
    claim_expires_at: Option<String>,
    attempt_count: u32,
    retryable: bool,
    last_error: Option<String>,
    metadata: Value,
    #[schema(format = DateTime)]
    processed_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A permission or a question that somebody in a chat may answer once.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ChannelInteraction)]
pub(in crate::http) struct InteractionSchema {
    interaction_id: String,
    org_id: String,
    agent_id: String,
    channel_binding_id: String,
    session_binding_id: String,
    session_id: String,
    provider: String,
    external_interaction_id: Option<String>,
    /// permission or question.
    kind: String,
    target_id: String,
    /// pending, used, expired or revoked.
    status: String,
    created_by_identity_id: Option<String>,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    used_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// An answer that was taken, and the command that follows from it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ResolvedChannelInteraction)]
pub(in crate::http) struct ResolvedInteractionSchema {
    interaction: InteractionSchema,
    #[schema(inline)]
    #[serde(flatten)]
    command: CommandEnvelope,
    /// The permission or question had an answer already, from another surface: this one changed nothing.
    already_resolved: bool,
    /// The session could not be told yet; it will be.
    #[schema(required = false)]
    processing_error: Option<String>,
}

/// A message of a chat that was taken over, without its text.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = InboxMessage)]
pub(in crate::http) struct InboxMessageSchema {
    message_id: String,
    org_id: String,
    channel_binding_id: String,
    provider: String,
    provider_instance_id: String,
    provider_event_id: String,
    external_workspace_id: Option<String>,
    external_chat_id: String,
    external_thread_id: Option<String>,
    external_user_id: String,
    /// received, done or refused.
    status: String,
    /// How often it could not become a prompt yet.
    attempt_count: u32,
    /// The thread, once it is done.
    session_binding_id: Option<String>,
    session_id: Option<String>,
    command_id: Option<String>,
    /// Why it was refused.
    code: Option<String>,
    error: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}
