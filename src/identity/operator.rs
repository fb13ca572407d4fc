//! The operator token: how the people who run a deployment ask for its state where everybody else is authenticated by somebody
//! else. It carries the scope `operator` (contract 00 §4) and belongs to no organisation, so it sees the machinery and no
//! one's sessions.

use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    policy::{Action, Scope},
    principal::{AuthSource, Principal, Role},
};
use http::{HeaderMap, header};
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

    /// Whether a request shows it.
    pub(crate) fn is_shown(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return false };
        let Some((scheme, token)) = value.as_bytes().split_at_checked("Bearer ".len()) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(token.ct_eq(self.0.as_bytes()))
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[set]")
    }
}

/// Whether the scope of the token is enough for an action.
pub(super) fn may(action: Action) -> bool {
    action.rule().scopes.contains(&Scope::Operator)
}

/// Who the token is. The policy matrix refuses such a principal everything that [`may`] does not allow.
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
