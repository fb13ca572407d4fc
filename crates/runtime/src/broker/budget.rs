//! What organisations may spend in a day, and what they have spent.
//!
//! The source counts what turns wrote, on all nodes. What the calls of this node cost is added here as soon as their providers
//! say so, long before it is written; a count that doesn't hold it yet never takes it back.

use cowork_domain::{
    byok::{BudgetKind, BudgetLimits, Spent},
    ids::OrgId,
};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a count is believed: so long one node may not know what another one has spent.
const BELIEVED: Duration = Duration::from_secs(5);
/// How long it is believed that an organisation has no budget. Changes are announced; this is for those that weren't.
const OPEN_BELIEVED: Duration = Duration::from_mins(1);
/// Organisations that are remembered.
const REMEMBERED: usize = 4096;

/// An organisation's budget and what it has spent of it today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayAccount {
    /// The most that it may spend.
    pub limits: BudgetLimits,
    /// What it has spent.
    pub spent: Spent,
    /// Which day it is.
    pub day: i32,
    /// Until the day ends.
    pub rest: Duration,
}

/// Nobody can say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what was spent can't be read: {0}")]
pub struct BudgetUnknown(pub String);

/// What organisations may spend, and what the usage rows say that they have.
pub trait BudgetSource: Send + Sync + 'static {
    /// The organisation's account of today; none for one without a budget. The answer is kept for some seconds.
    fn account<'a>(&'a self, org: &'a OrgId) -> BoxFuture<'a, Result<Option<DayAccount>, BudgetUnknown>>;
}

/// No budgets at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBudgets;

impl BudgetSource for NoBudgets {
    fn account<'a>(&'a self, _: &'a OrgId) -> BoxFuture<'a, Result<Option<DayAccount>, BudgetUnknown>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Why a call is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BudgetRefusal {
    Spent(BudgetKind),
    Unknown,
}

/// The accounts of the organisations that call models on this node.
pub(super) struct Budgets {
    source: Arc<dyn BudgetSource>,
    known: Mutex<HashMap<OrgId, Known>>,
}

#[derive(Clone, Copy)]
struct Known {
    /// None for an organisation without a budget.
    account: Option<DayAccount>,
    /// What calls of this node have cost since the organisation is remembered, whatever the day.
    metered: Spent,
    counted: Instant,
    ends: Instant,
    /// The budget may be another one by now.
    is_stale: bool,
}

impl Budgets {
    pub(super) fn new(source: Arc<dyn BudgetSource>) -> Self {
        Self { source, known: Mutex::default() }
    }

    /// Whether the organisation may call a model.
    pub(super) async fn admit(&self, org: &OrgId) -> Result<(), BudgetRefusal> {
        let before = self.known.lock().get(org).copied();
        if let Some(known) = before.filter(Known::is_fresh) {
            return known.judge();
        }
        match self.source.account(org).await {
            Ok(account) => self.learn(org, account, before.map(|known| known.metered).unwrap_or_default()).judge(),
            Err(error) => {
                tracing::warn!(%error, %org, "a budget can't be looked up");
                // What was counted before still holds in its day.
                let known = self.known.lock().get(org).copied().filter(|known| Instant::now() < known.ends);
                known.map_or(Err(BudgetRefusal::Unknown), |known| known.judge())
            }
        }
    }

    /// Takes in a count that was begun when this node's calls had cost so much.
    fn learn(&self, org: &OrgId, account: Option<DayAccount>, metered_before: Spent) -> Known {
        let now = Instant::now();
        let mut all = self.known.lock();
        if all.len() >= REMEMBERED && !all.contains_key(org) {
            all.retain(|_, known| known.is_fresh());
        }
        let earlier = all.get(org).copied();
        let metered = earlier.map(|known| known.metered).unwrap_or_default();
        let account = account.map(|mut account| {
            // Not in the count for certain: it was metered after the count began.
            account.spent = account.spent.plus(metered.since(metered_before));
            let same_day = earlier.and_then(|known| known.account).filter(|known| known.day == account.day);
            account.spent = same_day.map_or(account.spent, |known| account.spent.at_least(known.spent));
            account
        });
        let ends = now + account.map_or(OPEN_BELIEVED, |account| account.rest);
        let known = Known { account, metered, counted: now, ends, is_stale: false };
        all.insert(org.clone(), known);
        known
    }

    /// Adds what a call has cost; says which limit is reached now, if one is.
    pub(super) fn note(&self, org: &OrgId, more: Spent) -> Option<BudgetKind> {
        let mut all = self.known.lock();
        let known = all.get_mut(org)?;
        known.metered = known.metered.plus(more);
        let account = known.account.as_mut()?;
        account.spent = account.spent.plus(more);
        // On a new day the next call counts anew.
        if Instant::now() < known.ends { account.limits.used_up_by(&account.spent) } else { None }
    }

    /// The organisation's budget may be another one.
    pub(super) fn changed(&self, org: &OrgId) {
        if let Some(known) = self.known.lock().get_mut(org) {
            known.is_stale = true;
        }
    }

    /// Any budget may be another one.
    pub(super) fn all_changed(&self) {
        self.known.lock().values_mut().for_each(|known| known.is_stale = true);
    }
}

impl Known {
    fn is_fresh(&self) -> bool {
        let believed = if self.account.is_some() { BELIEVED } else { OPEN_BELIEVED };
        !self.is_stale && self.counted.elapsed() < believed && Instant::now() < self.ends
    }

    fn judge(&self) -> Result<(), BudgetRefusal> {
        let used_up = self.account.and_then(|account| account.limits.used_up_by(&account.spent));
        used_up.map_or(Ok(()), |kind| Err(BudgetRefusal::Spent(kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(day: i32, spent: u64) -> DayAccount {
        let limits = BudgetLimits { tokens_per_day: Some(100), cost_per_day: None };
        DayAccount { limits, spent: tokens(spent), day, rest: Duration::from_secs(3600) }
    }

    fn tokens(tokens: u64) -> Spent {
        Spent { tokens, ..Spent::default() }
    }

    /// Counts of other nodes come late and rows are written late; neither makes money that was spent reappear.
    #[tokio::test]
    async fn what_was_spent_stays_spent_until_the_next_day() {
        let (budgets, org) = (Budgets::new(Arc::new(NoBudgets)), OrgId::new("acme"));
        let spent = || budgets.known.lock()[&org].account.expect("it has a budget").spent.tokens;
        budgets.learn(&org, Some(account(1, 10)), Spent::default());
        assert_eq!(budgets.note(&org, tokens(50)), None);
        // The row of the 50 isn't written yet, and another node's 5 are.
        budgets.learn(&org, Some(account(1, 15)), tokens(50));
        assert_eq!(spent(), 60);
        // It is written by now; 7 more were metered while the count was under way.
        assert_eq!(budgets.note(&org, tokens(7)), None);
        budgets.learn(&org, Some(account(1, 65)), tokens(50));
        assert_eq!(spent(), 72);
        assert_eq!(budgets.note(&org, tokens(28)), Some(BudgetKind::Tokens));
        assert_eq!(budgets.known.lock()[&org].judge(), Err(BudgetRefusal::Spent(BudgetKind::Tokens)));
        budgets.learn(&org, Some(account(2, 0)), tokens(85));
        assert_eq!((spent(), budgets.admit(&org).await), (0, Ok(())));
    }
}
