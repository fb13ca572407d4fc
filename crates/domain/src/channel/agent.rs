//! Headless agents: who answers in channels (contract 04 §2, §3).

use super::{ids::AgentId, word::words};
use crate::{
    ids::{OrgId, TenantId, UserId},
    timestamp::Timestamp,
};
use serde::Serialize;

words! {
    /// Whether an agent works.
    AgentStatus {
        /// It does.
        Active = "active",
        /// No thread is bound to it and nothing is delivered for it; what is bound goes on.
        Disabled = "disabled",
    }
}

/// A headless agent as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadlessAgent {
    /// Names it within its organisation.
    pub agent_id: AgentId,
    /// Whose it is.
    pub org_id: OrgId,
    /// Where its sessions are kept.
    pub tenant_id: TenantId,
    /// The profile of the sessions that it begins.
    pub profile_name: String,
    /// For people.
    pub name: String,
    /// Whether it works.
    pub status: AgentStatus,
    /// Whether the deployment keeps it, rather than people.
    pub managed: bool,
    /// Who made it.
    pub created_by_account_id: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An agent to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgent {
    /// Of the caller's seed, or minted.
    pub id: AgentId,
    /// Where its sessions are kept.
    pub tenant: TenantId,
    /// The profile of its sessions.
    pub profile_name: String,
    /// For people.
    pub name: String,
    /// Whether it works.
    pub status: AgentStatus,
    /// Whether the deployment keeps it.
    pub managed: bool,
    /// Who makes it.
    pub created_by: UserId,
}

/// What is changed about an agent; the rest stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentChange {
    /// Another profile, for sessions that begin from now on.
    pub profile_name: Option<String>,
    /// Another name.
    pub name: Option<String>,
    /// Whether it works.
    pub status: Option<AgentStatus>,
    /// Whether the deployment keeps it.
    pub managed: Option<bool>,
}
