//! The operator token: how the people who run a deployment ask for its state where everybody else is authenticated by somebody
//! else. It carries the scope `operator` (contract 00 §4) and belongs to no organisation, so it sees the machinery and no
//! one's sessions.

use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    policy::{Authority, Scope},
    principal::{AuthSource, Principal, Role},
};
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq;

/// What operators show as a bearer token. It is never printed.
#[derive(Clone)]
pub struct OperatorToken(Arc<str>);

impl OperatorToken {
    /// Wraps the configured text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// Whether this is it, in constant time.
    pub(crate) fn is(&self, shown: &str) -> bool {
        bool::from(shown.as_bytes().ct_eq(self.0.as_bytes()))
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[set]")
    }
}

/// The scope of the token, and nothing else. Actions that are done for an organisation count as done by one who runs it, since
/// nobody gets further than the machinery with it.
pub(super) fn authority() -> Authority {
    Authority { scopes: [Scope::Operator].into_iter().collect(), ..Authority::of_role(AuthSource::ApiToken, Role::Admin) }
}

/// Who the token is.
pub(super) fn principal() -> Principal {
    let name = "operators";
    Principal {
        tenant_id: TenantId::new(name),
        org_id: OrgId::new(name),
        tenant_name: "Operators".to_owned(),
        user_id: UserId::new("operator"),
        account_id: UserId::new("operator"),
        email: String::new(),
        role: Role::Member,
        auth_source: AuthSource::ApiToken,
    }
}
