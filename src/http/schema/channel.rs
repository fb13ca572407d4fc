//! Channels (contract 04 §2).

use serde_json::Value;
use utoipa::ToSchema;

/// A kind of chat system.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ChannelProvider)]
pub(in crate::http) struct ChannelProviderSchema {
    id: String,
    provider: String,
    label: String,
    available: bool,
    /// Whether a binding of it is served.
    connected: bool,
    binding_count: u64,
    active_binding_count: u64,
    /// connected or available.
    status: String,
}

/// Who answers in channels.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = HeadlessAgent)]
pub(in crate::http) struct HeadlessAgentSchema {
    agent_id: String,
    org_id: String,
    tenant_id: String,
    profile_name: String,
    name: String,
    /// active or disabled.
    status: String,
    managed: bool,
    created_by_account_id: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A chat system that is connected with an agent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ChannelBinding)]
pub(in crate::http) struct ChannelBindingSchema {
    binding_id: String,
    org_id: String,
    agent_id: String,
    /// A kind of chat system, or a name of an instance of one, such as `telegram-eu`.
    provider: String,
    external_workspace_id: Option<String>,
    display_name: String,
    /// active, disabled, `auth_required` or error.
    status: String,
    credential_ref_configured: bool,
    /// env, gcp-secret-manager, aws-secrets-manager, azure-key-vault or secret-ref.
    credential_ref_kind: Option<String>,
    /// Secrets in it are replaced.
    settings: Value,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Somebody in a chat system.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ChannelIdentity)]
pub(in crate::http) struct ChannelIdentitySchema {
    identity_id: String,
    org_id: String,
    provider: String,
    external_workspace_id: Option<String>,
    external_user_id: String,
    account_id: Option<String>,
    /// owner, admin, member, approver or viewer.
    role: String,
    /// active, disabled or pending.
    status: String,
    /// Secrets in it are replaced.
    metadata: Value,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A thread of a chat, and the session that it is.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ChannelSessionBinding)]
pub(in crate::http) struct ChannelSessionSchema {
    binding_id: String,
    org_id: String,
    agent_id: String,
    channel_binding_id: String,
    provider: String,
    external_workspace_id: Option<String>,
    external_thread_id: String,
    external_chat_id: String,
    session_id: String,
    /// Up to where the session's log was shown in the chat.
    last_event_sequence: u64,
    last_workspace_sequence: u64,
    last_chat_message_id: Option<String>,
    /// active or archived.
    status: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}
