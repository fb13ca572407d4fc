//! What an organisation may spend with its keys, and what it has spent today.

use crate::http::state::HttpState;
use cowork_domain::{byok::Dollars, ids::OrgId, timestamp::Timestamp};
use cowork_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// The budget of a day of UTC. Null is no limit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DayBudget {
    /// The most tokens, by the operator's budget and the organisation's own policy.
    tokens_per_day: Option<u64>,
    /// The most US dollars.
    #[schema(value_type = Option<f64>)]
    cost_per_day: Option<Dollars>,
    /// Tokens of the calls that turns have reported.
    tokens_spent: u64,
    /// What they cost in US dollars, as far as prices are known.
    #[schema(value_type = f64)]
    cost_spent: Dollars,
    /// When the budget begins anew.
    #[schema(value_type = String, format = DateTime)]
    resets_at: Timestamp,
}

impl DayBudget {
    pub(super) async fn of(state: &HttpState, org: &OrgId) -> Result<Self, StoreError> {
        let store = state.node.store();
        let policy = store.managed_policy(org).await?.map(|row| row.policy).unwrap_or_default();
        let limits = state.options.byok.budget.of(org, &policy);
        let day = store.model_spending(org).await?;
        Ok(Self {
            tokens_per_day: limits.tokens_per_day,
            cost_per_day: limits.cost_per_day,
            tokens_spent: day.spent.tokens,
            cost_spent: day.spent.cost,
            resets_at: day.ends_at(),
        })
    }
}
