//! What a member may, as stored.

use super::{Permissions, Scopes};
use crate::principal::{AuthSource, Role};

/// The power of a caller: that of the stored membership, and for a token the scopes that narrow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// What kind of credential was shown.
    pub source: AuthSource,
    /// The built-in role; with a custom one it only tells seniority.
    pub role: Role,
    /// The key of the custom role, which replaces the permissions of the built-in one.
    pub custom_role: Option<String>,
    /// What the role in force allows.
    pub permissions: Permissions,
    /// The scopes of a token; empty for people.
    pub scopes: Scopes,
}

impl Authority {
    /// Of a member with a built-in role.
    pub fn of_role(source: AuthSource, role: Role) -> Self {
        Self { source, role, custom_role: None, permissions: role.permissions(), scopes: Scopes::default() }
    }

    /// Whether the member runs the organisation: an owner or admin by built-in role (contract 00 §4, org-admin service).
    pub fn is_org_admin(&self) -> bool {
        self.custom_role.is_none() && self.role != Role::Member
    }
}
