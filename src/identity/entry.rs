//! The membership gate (contract 00 §3.7): who of the genuine callers comes in.

use super::{Authenticated, Authenticator, Member, Proof};
use cowork_domain::{
    policy::{Authority, Permissions},
    principal::{AuthSource, Principal, Role},
    signup::{Entry, EntryRefused, MemberStatus, SignupMode, SignupRules},
    sso::requires_sso,
};
use cowork_store::{Membership, OrgStatus, Standing, Store, StoreError};

/// Why a genuine caller is not let in.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// By the deployment's rules, or for the state of the membership.
    #[error(transparent)]
    Refused(#[from] EntryRefused),
    /// The organisation is paused, suspended or closed, or belongs to another tenant than the credential claims.
    #[error("Cloud org is not active.")]
    OrgInactive,
    /// The membership could not be read or made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a caller is, as far as that can be told without letting them in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The stored role, or the credential's where nothing is stored.
    pub role: Role,
    /// The key of the custom role.
    pub custom_role: Option<String>,
    /// What the caller may.
    pub permissions: Permissions,
    /// As stored, or as the credential says.
    pub email: String,
}

impl Authenticator {
    /// What a caller is, without making them a member (contract 02 §4). Whoever would become one by the first request that needs a
    /// membership is shown what they would be; a stranger may nothing.
    pub fn resolve(&self, rules: &SignupRules, authenticated: &Authenticated) -> Resolved {
        let principal = &authenticated.principal;
        let stranger =
            Resolved { role: principal.role, custom_role: None, permissions: Permissions::default(), email: principal.email.clone() };
        if authenticated.proof == Proof::Operator {
            return stranger;
        }
        match (entry(rules, authenticated, &authenticated.standing), &authenticated.standing.membership) {
            (Ok(Entry::Enter | Entry::AcceptInvitation), Some(membership)) => Resolved {
                role: membership.role,
                custom_role: membership.custom_role.clone(),
                permissions: membership.permissions,
                email: if membership.email.is_empty() { stranger.email } else { membership.email.clone() },
            },
            (Ok(Entry::Join), _) => Resolved { permissions: principal.role.permissions(), ..stranger },
            _ => stranger,
        }
    }

    /// Lets a genuine caller in, or says why not. A newcomer's organisation, account and membership are made first, where
    /// the rules allow it; that costs more reads, once.
    pub async fn admit(&self, store: &Store, rules: &SignupRules, authenticated: &Authenticated) -> Result<Member, EntryError> {
        if authenticated.proof == Proof::Operator {
            return Ok(operator(authenticated));
        }
        if matches!(authenticated.proof, Proof::Worker { .. }) {
            return worker(authenticated);
        }
        let mut standing = authenticated.standing.clone();
        let is_new = standing.membership.as_ref().is_none_or(|membership| membership.status == MemberStatus::Invited);
        let turn = if is_new { Some(self.doors.turn(&authenticated.principal).await) } else { None };
        if turn.is_some() {
            standing = self.look_again(store, authenticated).await?;
        }
        if standing.membership.is_none() && may_claim(rules, authenticated) {
            // A login at the identity provider proves the address, and accepts the invitation where people may come in at all.
            let activates = authenticated.principal.auth_source == AuthSource::User && rules.mode != SignupMode::Disabled;
            if store.claim_membership(&authenticated.principal, activates).await?.is_some() {
                standing = self.look_again(store, authenticated).await?;
            }
        }
        match entry(rules, authenticated, &standing)? {
            Entry::Enter => {}
            Entry::Join => {
                store.join(&authenticated.principal).await?;
                standing = self.look_again(store, authenticated).await?;
            }
            Entry::AcceptInvitation => {
                store.accept_invitation(&authenticated.principal).await?;
                standing = self.look_again(store, authenticated).await?;
            }
        }
        let membership = standing.membership.filter(|membership| membership.tenant == authenticated.principal.tenant_id);
        let membership = membership.ok_or(EntryError::OrgInactive)?;
        Ok(member(authenticated, membership))
    }
}

/// An address proves something where an identity provider or a proxy vouches for it, and where memberships are made for
/// addresses: by invitations or a directory.
fn may_claim(rules: &SignupRules, authenticated: &Authenticated) -> bool {
    let is_vouched_for = matches!(authenticated.principal.auth_source, AuthSource::User | AuthSource::Header);
    is_vouched_for
        && authenticated.standing.org.is_some()
        && !needs_sso(authenticated, &authenticated.standing)
        && rules.entry(authenticated.principal.auth_source, &authenticated.principal.email, None) != Err(EntryRefused::Domain)
}

fn entry(rules: &SignupRules, authenticated: &Authenticated, standing: &Standing) -> Result<Entry, EntryError> {
    if let Some((tenant, status)) = &standing.org
        && (!status.admits() || *tenant != authenticated.principal.tenant_id)
    {
        return Err(EntryError::OrgInactive);
    }
    let status = standing.membership.as_ref().map(|membership| membership.status);
    let entry = rules.entry(authenticated.principal.auth_source, &authenticated.principal.email, status)?;
    if needs_sso(authenticated, standing) {
        return Err(EntryRefused::SsoRequired.into());
    }
    Ok(entry)
}

fn needs_sso(authenticated: &Authenticated, standing: &Standing) -> bool {
    requires_sso(&standing.sso_domains, authenticated.principal.auth_source, &authenticated.principal.email)
}

fn member(authenticated: &Authenticated, membership: Membership) -> Member {
    let principal = Principal {
        tenant_name: membership.org_name.clone(),
        role: membership.role,
        email: if membership.email.is_empty() { authenticated.principal.email.clone() } else { membership.email },
        ..authenticated.principal.clone()
    };
    Member {
        authority: Authority {
            source: principal.auth_source,
            role: membership.role,
            custom_role: membership.custom_role,
            permissions: membership.permissions,
            scopes: authenticated.authority.scopes,
        },
        principal,
        org_name: membership.org_name,
        org_status: membership.org_status,
        proof: authenticated.proof.clone(),
        known_revocations: authenticated.known_revocations,
        ends_at: authenticated.ends_at(),
    }
}

/// Workers belong to an organisation without being members of it.
fn worker(authenticated: &Authenticated) -> Result<Member, EntryError> {
    let status = authenticated.standing.org.as_ref().map(|(_, status)| *status);
    let org_status = status.filter(|status| matches!(status, OrgStatus::Active | OrgStatus::Frozen)).ok_or(EntryError::OrgInactive)?;
    Ok(Member { org_status, proof: authenticated.proof.clone(), ..operator(authenticated) })
}

/// Operators are members of nothing, so there is nothing to look up.
fn operator(authenticated: &Authenticated) -> Member {
    Member {
        principal: authenticated.principal.clone(),
        authority: authenticated.authority.clone(),
        org_name: authenticated.principal.tenant_name.clone(),
        org_status: OrgStatus::Active,
        proof: Proof::Operator,
        known_revocations: authenticated.known_revocations,
        ends_at: authenticated.ends_at(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::tests::member;
    use cowork_domain::principal::Role;

    /// Somebody of acme.example whose organisation enforces single sign-on for these domains.
    fn comes_by(source: AuthSource, proof: Proof, domains: &[&str]) -> Authenticated {
        let principal = Principal { auth_source: source, ..member("acme", "kim").principal };
        let standing = Standing {
            org: Some((principal.tenant_id.clone(), OrgStatus::Active)),
            sso_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            ..Standing::default()
        };
        Authenticated { authority: Authority::of_role(source, Role::Member), principal, proof, known_revocations: 0, standing }
    }

    #[test]
    fn a_plain_login_is_not_enough_where_single_sign_on_is_enforced() {
        let rules = SignupRules::default();
        let enters = |authenticated: &Authenticated| entry(&rules, authenticated, &authenticated.standing);
        let refused = comes_by(AuthSource::User, Proof::Login, &["acme.example"]);
        assert!(matches!(enters(&refused), Err(EntryError::Refused(EntryRefused::SsoRequired))));
        assert!(!may_claim(&rules, &refused), "it takes no membership either");
        assert_eq!(
            enters(&refused).err().map(|error| error.to_string()).as_deref(),
            Some("This organization requires SSO login. Sign in through your identity provider.")
        );
        for allowed in [
            comes_by(AuthSource::User, Proof::Login, &["other.example"]),
            comes_by(AuthSource::User, Proof::Login, &[]),
            comes_by(AuthSource::Header, Proof::Header, &["acme.example"]),
        ] {
            assert!(enters(&allowed).is_ok() && may_claim(&rules, &allowed), "{allowed:?}");
        }
    }
}
