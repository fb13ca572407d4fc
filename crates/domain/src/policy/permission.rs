//! Permissions, and which role has which.

use crate::principal::Role;
use serde::{Serialize, Serializer};

macro_rules! permissions {
    ($($variant:ident $name:literal,)*) => {
        /// What a member may be allowed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is described by its name")]
        pub enum Permission { $($variant,)* }

        impl Permission {
            /// All permissions, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The permission with this name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
            }

            const fn bit(self) -> u16 {
                1 << self as u16
            }
        }
    };
}

permissions! {
    OrgRead "org:read",
    OrgManage "org:manage",
    MembersRead "members:read",
    MembersManage "members:manage",
    RolesManage "roles:manage",
    SsoManage "sso:manage",
    ApiTokensRead "api_tokens:read",
    ApiTokensManage "api_tokens:manage",
    BillingManage "billing:manage",
    PolicyManage "policy:manage",
    AuditRead "audit:read",
    SessionsRead "sessions:read",
    SessionsWrite "sessions:write",
    WorkflowsManage "workflows:manage",
    OperationsView "operations:view",
    DiagnosticsView "diagnostics:view",
}

impl Role {
    /// Whether a built-in role has a permission.
    pub const fn has(self, permission: Permission) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => !matches!(permission, Permission::RolesManage | Permission::SsoManage | Permission::BillingManage),
            Self::Member => {
                matches!(permission, Permission::OrgRead | Permission::MembersRead | Permission::SessionsRead | Permission::SessionsWrite)
            }
        }
    }

    /// All permissions of a built-in role.
    pub fn permissions(self) -> Permissions {
        Permission::ALL.iter().copied().filter(|permission| self.has(*permission)).collect()
    }
}

/// A set of permissions. It is listed in the order of the catalogue, whatever order it was made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u16);

impl Permissions {
    /// Whether a permission is among them.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether every one of them is in the other set, too.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Those of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |set, permission| set | permission.bit()))
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Permission::as_str))
    }
}
