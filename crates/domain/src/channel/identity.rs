//! Who somebody in a chat system is to us (contract 04 §2, §4), and what that allows.

use super::{binding::ChannelBinding, ids::IdentityId, provider::ChannelProvider, redaction, word::words};
use crate::{
    ids::{OrgId, UserId},
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::Value;

words! {
    /// What somebody may do in channels.
    ChannelRole {
        /// As an admin.
        Owner = "owner",
        /// Prompt and approve.
        Admin = "admin",
        /// Prompt and approve.
        Member = "member",
        /// Approve only.
        Approver = "approver",
        /// Neither.
        Viewer = "viewer",
    }
}

words! {
    /// Whether somebody may do anything at all.
    IdentityStatus {
        /// What the role allows.
        Active = "active",
        /// An admin took it away.
        Disabled = "disabled",
        /// An admin has not allowed it yet.
        Pending = "pending",
    }
}

/// What somebody in a chat wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Begin a session or prompt one.
    Prompt,
    /// Answer a permission or a question.
    Approve,
}

/// An identity as it is stored. What clients see is [`ChannelIdentity::public`].
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelIdentity {
    /// Names it.
    pub id: IdentityId,
    /// Whose it is.
    pub org: OrgId,
    /// In which chat system.
    pub provider: ChannelProvider,
    /// In which workspace of it.
    pub external_workspace: Option<String>,
    /// Who there.
    pub external_user: String,
    /// Whose account, if an admin said so.
    pub account: Option<UserId>,
    /// What they may do.
    pub role: ChannelRole,
    /// Whether they may.
    pub status: IdentityStatus,
    /// An object.
    pub metadata: Value,
    /// When they were first seen.
    pub created_at: Timestamp,
    /// When this was last changed.
    pub updated_at: Timestamp,
}

/// An identity as clients see it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicIdentity<'a> {
    identity_id: &'a IdentityId,
    org_id: &'a OrgId,
    provider: &'a ChannelProvider,
    external_workspace_id: Option<&'a str>,
    external_user_id: &'a str,
    account_id: Option<&'a UserId>,
    role: ChannelRole,
    status: IdentityStatus,
    metadata: Value,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ChannelIdentity {
    /// Without what concerns nobody outside.
    pub fn public(&self) -> PublicIdentity<'_> {
        PublicIdentity {
            identity_id: &self.id,
            org_id: &self.org,
            provider: &self.provider,
            external_workspace_id: self.external_workspace.as_deref(),
            external_user_id: &self.external_user,
            account_id: self.account.as_ref(),
            role: self.role,
            status: self.status,
            metadata: redaction::public(&self.metadata),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// Whether this person may do something through a binding: only who is active, in the same chat system and workspace,
    /// and of a role that allows it.
    pub fn may(&self, purpose: Purpose, through: &ChannelBinding) -> bool {
        let is_there = self.provider == through.provider && self.external_workspace == through.external_workspace;
        is_there && self.status == IdentityStatus::Active && self.role.allows(purpose)
    }
}

impl ChannelRole {
    /// Whether the role is one for it.
    pub const fn allows(self, purpose: Purpose) -> bool {
        match self {
            Self::Owner | Self::Admin | Self::Member => true,
            Self::Approver => matches!(purpose, Purpose::Approve),
            Self::Viewer => false,
        }
    }
}

/// Whom a caller means: the same person is told apart by all three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalPerson {
    /// In which chat system.
    pub provider: ChannelProvider,
    /// In which workspace of it.
    pub workspace: Option<String>,
    /// Who there.
    pub user: String,
}

/// What is said about a person. What isn't said stays as it is stored; somebody new is a viewer who waits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IdentityFacts {
    /// Whose account.
    pub account: Option<UserId>,
    /// What they may do.
    pub role: Option<ChannelRole>,
    /// Whether they may.
    pub status: Option<IdentityStatus>,
    /// An object; replaces what is stored.
    pub metadata: Value,
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            binding::BindingStatus,
            ids::{AgentId, ChannelBindingId},
        },
        ChannelRole::*,
        Purpose::*,
        *,
    };
    use serde_json::json;

    #[test]
    fn approvers_only_approve_and_viewers_only_look() {
        let allowed = |purpose| [Owner, Admin, Member, Approver, Viewer].map(|role: ChannelRole| role.allows(purpose));
        assert_eq!(allowed(Prompt), [true, true, true, false, false]);
        assert_eq!(allowed(Approve), [true, true, true, true, false]);
    }

    #[test]
    fn somebody_counts_only_in_their_own_chat_system_and_workspace_and_only_while_active() {
        let at = Timestamp::from_millis(0);
        let (slack, workspace) = (ChannelProvider::stored("slack".to_owned()), Some("T1".to_owned()));
        let binding = ChannelBinding {
            id: ChannelBindingId::new("b"),
            org: OrgId::new("acme"),
            agent: AgentId::new("a"),
            provider: slack.clone(),
            external_workspace: workspace.clone(),
            display_name: "Team".to_owned(),
            status: BindingStatus::Active,
            credential_ref: None,
            settings: json!({}),
            created_at: at,
            updated_at: at,
        };
        let kim = ChannelIdentity {
            id: IdentityId::new("i"),
            org: OrgId::new("acme"),
            provider: slack,
            external_workspace: workspace,
            external_user: "u".to_owned(),
            account: None,
            role: Member,
            status: IdentityStatus::Active,
            metadata: json!({}),
            created_at: at,
            updated_at: at,
        };
        assert!(kim.may(Prompt, &binding));
        let elsewhere = [
            ChannelIdentity { provider: ChannelProvider::stored("slack-eu".to_owned()), ..kim.clone() },
            ChannelIdentity { external_workspace: Some("T2".to_owned()), ..kim.clone() },
            ChannelIdentity { external_workspace: None, ..kim.clone() },
            ChannelIdentity { status: IdentityStatus::Pending, ..kim.clone() },
            ChannelIdentity { status: IdentityStatus::Disabled, ..kim.clone() },
            ChannelIdentity { role: Viewer, ..kim },
        ];
        assert!(elsewhere.iter().all(|identity| !identity.may(Prompt, &binding)));
    }
}
