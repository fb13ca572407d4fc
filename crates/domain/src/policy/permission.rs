//! Permissions, and which role has which.

use crate::principal::Role;

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

    /// All permissions of a built-in role, in the order of the catalogue.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }
}
