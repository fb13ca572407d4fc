//! What organisations may spend, by the operator's configuration and their own policy, and what their usage rows add up to.

use cowork_domain::{byok::BudgetRules, ids::OrgId};
use cowork_runtime::broker::{BudgetSource, BudgetUnknown, DayAccount};
use cowork_store::{DaySpending, Store, StoreError};
use futures_util::future::BoxFuture;

/// Budgets out of the configuration and the store. Cheap to clone.
#[derive(Clone)]
pub struct DayBudgets {
    store: Store,
    rules: BudgetRules,
}

impl DayBudgets {
    /// Budgets by these rules.
    pub const fn new(store: Store, rules: BudgetRules) -> Self {
        Self { store, rules }
    }

    async fn of(&self, org: &OrgId) -> Result<Option<DayAccount>, StoreError> {
        let policy = self.store.managed_policy(org).await?.map(|row| row.policy).unwrap_or_default();
        let limits = self.rules.of(org, &policy);
        if limits.is_open() {
            return Ok(None);
        }
        let DaySpending { day, rest, spent } = self.store.model_spending(org).await?;
        Ok(Some(DayAccount { limits, spent, day, rest }))
    }
}

impl BudgetSource for DayBudgets {
    fn account<'a>(&'a self, org: &'a OrgId) -> BoxFuture<'a, Result<Option<DayAccount>, BudgetUnknown>> {
        Box::pin(async move { self.of(org).await.map_err(|error| BudgetUnknown(error.to_string())) })
    }
}
