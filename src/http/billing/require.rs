//! What other resources ask before something begins. Nobody asks before it is known that the caller may do it.

use crate::http::{error::ApiError, state::HttpState};
use cowork_domain::{
    billing::{BillingAction, PlanLimit},
    ids::OrgId,
};

/// 402 unless the organisation's subscription covers what begins.
pub(in crate::http) async fn require(state: &HttpState, org: &OrgId, action: BillingAction<'_>) -> Result<(), ApiError> {
    Ok(state.billing.require(org, action).await?)
}

/// How much the organisation may have of something: what its plan says, or what is configured for everybody.
pub(in crate::http) async fn limit(
    state: &HttpState,
    org: &OrgId,
    limit: PlanLimit,
    configured: Option<u64>,
) -> Result<Option<u64>, ApiError> {
    Ok(state.billing.limit(org, limit, configured).await?)
}
