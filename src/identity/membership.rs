//! The membership gate (contract 00 §3.7), as far as local and header principals need it.

use cowork_domain::principal::Principal;
use cowork_store::{Store, StoreError};
use dashmap::DashMap;
use std::{
    hash::BuildHasher,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a looked-up membership is believed.
const FRESH: Duration = Duration::from_secs(60);

/// More members than this at once and the memory of them starts anew.
const MOST: usize = 50_000;

/// A principal with what the stored membership says: role, organisation and its name.
#[derive(Debug, Clone)]
pub struct Member {
    /// As the membership says, not as the credential claims.
    pub principal: Principal,
    /// The organisation's name.
    pub org_name: String,
}

/// Why a genuine caller is not let in.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    /// The membership is disabled.
    #[error("Cloud membership is not active.")]
    Inactive,
    /// The organisation is suspended.
    #[error("Cloud org is not active.")]
    OrgInactive,
    /// The membership could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Remembers memberships for a minute, so that a busy caller costs no query per request.
#[derive(Default)]
pub struct Memberships {
    known: DashMap<u64, Known>,
}

struct Known {
    asked: Principal,
    member: Arc<Member>,
    until: Instant,
}

impl Memberships {
    /// Makes sure that tenant, organisation, account and membership exist, and returns the stored
    /// membership. Refusals are never remembered: who is let in again notices it at once.
    pub async fn ensure(&self, store: &Store, principal: &Principal, now: Instant) -> Result<Arc<Member>, MembershipError> {
        let key = self.key(principal);
        if let Some(known) = self.known.get(&key)
            && known.until > now
            && known.asked == *principal
        {
            return Ok(known.member.clone());
        }
        let membership = store.ensure_principal(principal).await?;
        if !membership.org_active {
            self.known.remove(&key);
            return Err(MembershipError::OrgInactive);
        }
        if !membership.active {
            self.known.remove(&key);
            return Err(MembershipError::Inactive);
        }
        let member = Arc::new(Member {
            principal: Principal { role: membership.role, tenant_name: membership.org_name.clone(), ..principal.clone() },
            org_name: membership.org_name,
        });
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(key, Known { asked: principal.clone(), member: member.clone(), until: now + FRESH });
        Ok(member)
    }

    /// A hash instead of the names themselves: looking up needs no owned strings. The entry keeps
    /// the principal that it was made for, so a collision is only a miss.
    fn key(&self, principal: &Principal) -> u64 {
        self.known.hasher().hash_one((&principal.tenant_id, &principal.user_id, principal.role, principal.auth_source))
    }
}
