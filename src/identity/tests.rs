//! Somebody to test with.

use super::{Member, Proof};
use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    policy::Authority,
    principal::{AuthSource, Principal, Role},
};
use cowork_store::OrgStatus;

/// A member whom a proxy vouches for.
pub(crate) fn member(org: &str, account: &str) -> Member {
    Member {
        principal: Principal {
            tenant_id: TenantId::new(org),
            org_id: OrgId::new(org),
            tenant_name: org.to_owned(),
            user_id: UserId::new(account),
            account_id: UserId::new(account),
            email: format!("{account}@{org}.example"),
            role: Role::Member,
            auth_source: AuthSource::Header,
        },
        authority: Authority::of_role(AuthSource::Header, Role::Member),
        org_name: org.to_owned(),
        org_status: OrgStatus::Active,
        proof: Proof::Header,
        known_revocations: 0,
        ends_at: None,
    }
}
