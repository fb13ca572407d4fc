//! Who asks (contract 00 §3.1).

use crate::ids::{OrgId, TenantId, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// The identity behind an authenticated request. Only the fields of the contract that every
/// credential has; what a token adds comes with its own type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    /// Owner of the data, together with the user.
    pub tenant_id: TenantId,
    /// Owner of quotas and policy.
    pub org_id: OrgId,
    /// Display name of the tenant.
    pub tenant_name: String,
    /// The user within the tenant.
    pub user_id: UserId,
    /// The account; equals the user except for service credentials.
    pub account_id: UserId,
    /// E-mail address as the credential claims it.
    pub email: String,
    /// Built-in role.
    pub role: Role,
    /// What kind of credential it was.
    pub auth_source: AuthSource,
}

impl Principal {
    /// The stream of this user over all sessions.
    pub fn workspace(&self) -> WorkspaceId {
        WorkspaceId::of(&self.tenant_id, &self.user_id)
    }
}

/// Built-in roles, weakest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// All permissions.
    Owner,
    /// All but roles, SSO and billing.
    Admin,
    /// Own sessions.
    Member,
}

impl Role {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// The role with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Owner, Self::Admin, Self::Member].into_iter().find(|role| role.as_str() == name)
    }
}

/// Which credential authenticated the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthSource {
    /// Auth mode `none`: everybody is the local owner.
    Local,
    /// Signed trusted headers.
    Header,
    /// OpenID Connect.
    User,
    /// An API token.
    ApiToken,
    /// A managed worker credential.
    Worker,
}

impl AuthSource {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Header => "header",
            Self::User => "user",
            Self::ApiToken => "api_token",
            Self::Worker => "worker",
        }
    }

    /// The source with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Local, Self::Header, Self::User, Self::ApiToken, Self::Worker].into_iter().find(|source| source.as_str() == name)
    }
}
