//! Who claims deliveries, and for how long.

use crate::http::{billing, channels::authority::ChannelCaller, error::ApiError, gate::Caller, state::HttpState};
use cowork_domain::{
    billing::PlanLimit,
    channel::{
        delivery::{ClaimOrder, ClaimProof, NewClaim, StreamCredit},
        ids::{ChannelBindingId, is_id},
    },
    ids::{OrgId, TokenId, UserId},
};
use std::time::Duration;

/// How long a claim holds, if whoever claims doesn't say.
const DEFAULT_TTL: Duration = Duration::from_secs(30);
/// A claim that ends before its answer arrives only burns attempts.
const SHORTEST_TTL: Duration = Duration::from_millis(100);
const LONGEST_TTL: Duration = Duration::from_secs(3600);

/// Who claims.
pub(super) struct Claimant {
    org: OrgId,
    account: UserId,
    by: String,
    token: Option<TokenId>,
    ttl: Duration,
    hourly: Option<u64>,
}

impl Claimant {
    /// `claimed_by`: as they call themselves; otherwise the token's id, or the user's.
    pub(super) async fn of(
        state: &HttpState,
        caller: &Caller,
        proven: &ChannelCaller,
        claimed_by: Option<&str>,
        ttl: Duration,
    ) -> Result<Self, ApiError> {
        let principal = caller.principal();
        let configured = state.options.deliveries.per_hour;
        let hourly = billing::limit(state, &principal.org_id, PlanLimit::GatewayDeliveriesPerHour, configured).await?;
        Ok(Self {
            org: principal.org_id.clone(),
            account: principal.account_id.clone(),
            by: name(caller, proven, claimed_by)?,
            token: proven.token().cloned(),
            ttl,
            hourly,
        })
    }

    /// A claim of at most so many of a binding's deliveries.
    pub(super) fn order(&self, state: &HttpState, binding: &ChannelBindingId, max: u32, stream: Option<StreamCredit>) -> ClaimOrder {
        ClaimOrder {
            org: self.org.clone(),
            binding: binding.clone(),
            claim: NewClaim { id: state.node.clock().mint_claim_id(), by: self.by.clone(), token: self.token.clone() },
            account: Some(self.account.clone()),
            ttl_millis: i64::try_from(self.ttl.as_millis()).unwrap_or(i64::MAX),
            max,
            stream,
            hourly: self.hourly,
            is_used: state.options.usage.is_recorded,
            again: false,
        }
    }

    /// The claimant's word that a delivery is theirs, as [`Self::of`] would have named them.
    pub(super) fn proof(caller: &Caller, proven: &ChannelCaller, claimed_by: Option<&str>) -> Result<ClaimProof, ApiError> {
        Ok(ClaimProof::Name { by: name(caller, proven, claimed_by)?, token: proven.token().cloned() })
    }
}

fn name(caller: &Caller, proven: &ChannelCaller, claimed_by: Option<&str>) -> Result<String, ApiError> {
    let name = claimed_by.or(proven.token().map(TokenId::as_str)).unwrap_or(caller.principal().user_id.as_str());
    let name = if name.is_empty() { "gateway" } else { name };
    if is_id(name) { Ok(name.to_owned()) } else { Err(ApiError::invalid("claimedBy has more than 256 characters, or holds U+0000.")) }
}

/// A claim holds so long: what is unsaid, zero or no number is the default, and nobody holds one for more than an hour, or for
/// next to no time.
pub(super) fn ttl(millis: Option<u64>) -> Duration {
    millis.filter(|millis| *millis > 0).map_or(DEFAULT_TTL, Duration::from_millis).clamp(SHORTEST_TTL, LONGEST_TTL)
}
