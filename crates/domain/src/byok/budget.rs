//! What an organisation may spend at its model providers in a day. Days are those of UTC.
//!
//! The operator's budget and the organisation's own hold side by side; of each number the smaller one counts.

use crate::{ids::OrgId, policy::ManagedPolicy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeMap;

/// Millionths of a dollar.
const PER_DOLLAR: f64 = 1e6;
/// Beyond this a number is a slip of the pen, and a float isn't exact to a millionth any more.
const MOST_DOLLARS: f64 = 1e9;

/// An amount of US dollars, exact to a millionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Dollars(u64);

impl Dollars {
    /// More than anybody has.
    pub const MOST: Self = Self(u64::MAX);

    /// The nearest amount; none for what is negative, immense or no number.
    pub fn of(amount: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within these bounds")]
        let millionths = |amount: f64| (amount * PER_DOLLAR).round() as u64;
        (0.0..=MOST_DOLLARS).contains(&amount).then(|| Self(millionths(amount)))
    }

    /// The amount as a number of dollars.
    pub fn amount(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a millionth of a billion dollars is lost to nobody")]
        let millionths = self.0 as f64;
        millionths / PER_DOLLAR
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.amount())
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(f64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not an amount between 0 and a billion dollars"))
    }
}

/// Tokens and dollars that calls of models cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Of every kind, as usage rows count them.
    pub tokens: u64,
    /// As far as prices are known.
    pub cost: Dollars,
}

impl Spent {
    /// Both together.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self { tokens: self.tokens.saturating_add(more.tokens), cost: Dollars(self.cost.0.saturating_add(more.cost.0)) }
    }

    /// What this is more than something earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self { tokens: self.tokens.saturating_sub(earlier.tokens), cost: Dollars(self.cost.0.saturating_sub(earlier.cost.0)) }
    }

    /// The larger of each.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        Self { tokens: self.tokens.max(other.tokens), cost: self.cost.max(other.cost) }
    }
}

/// Which of the two is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetKind {
    /// Tokens.
    Tokens,
    /// Dollars.
    Cost,
}

/// The most that is spent in a day; none is no limit. A call that began may exceed it by what its provider reports at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BudgetLimits {
    /// Tokens of every kind.
    pub tokens_per_day: Option<u64>,
    /// US dollars.
    pub cost_per_day: Option<Dollars>,
}

impl BudgetLimits {
    /// Whether nothing is limited.
    pub const fn is_open(&self) -> bool {
        self.tokens_per_day.is_none() && self.cost_per_day.is_none()
    }

    /// Which limit is reached, if one is.
    pub fn used_up_by(&self, spent: &Spent) -> Option<BudgetKind> {
        if self.tokens_per_day.is_some_and(|limit| spent.tokens >= limit) {
            Some(BudgetKind::Tokens)
        } else if self.cost_per_day.is_some_and(|limit| spent.cost >= limit) {
            Some(BudgetKind::Cost)
        } else {
            None
        }
    }

    /// The smaller of each.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            tokens_per_day: smaller(self.tokens_per_day, other.tokens_per_day),
            cost_per_day: smaller(self.cost_per_day, other.cost_per_day),
        }
    }
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The operator's budgets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BudgetRules {
    /// Tokens of an organisation that isn't named below.
    pub tokens_per_day: Option<u64>,
    /// Its dollars.
    pub cost_per_day: Option<Dollars>,
    /// Budgets of single organisations. Each takes the place of the general one as a whole.
    pub organizations: BTreeMap<OrgId, BudgetLimits>,
}

impl BudgetRules {
    /// What an organisation with this policy may spend in a day.
    pub fn of(&self, org: &OrgId, policy: &ManagedPolicy) -> BudgetLimits {
        let general = BudgetLimits { tokens_per_day: self.tokens_per_day, cost_per_day: self.cost_per_day };
        self.organizations.get(org).copied().unwrap_or(general).and(policy.provider_budget.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits(tokens: Option<u64>, dollars: Option<f64>) -> BudgetLimits {
        BudgetLimits { tokens_per_day: tokens, cost_per_day: dollars.and_then(Dollars::of) }
    }

    #[test]
    fn a_named_organisation_has_its_own_budget_and_a_policy_only_narrows() {
        let rules: BudgetRules =
            serde_json::from_str(r#"{ "tokensPerDay": 1000, "costPerDay": 2.5, "organizations": { "acme": { "tokensPerDay": 5000 } } }"#)
                .expect("well formed");
        let none = ManagedPolicy::default();
        assert_eq!(rules.of(&OrgId::new("other"), &none), limits(Some(1000), Some(2.5)));
        assert_eq!(rules.of(&OrgId::new("acme"), &none), limits(Some(5000), None));
        let own = ManagedPolicy { provider_budget: Some(limits(Some(2000), Some(1.0))), ..none };
        assert_eq!(rules.of(&OrgId::new("other"), &own), limits(Some(1000), Some(1.0)));
        assert_eq!(rules.of(&OrgId::new("acme"), &own), limits(Some(2000), Some(1.0)));
        for wrong in [r#"{ "tokensPerDay": -1 }"#, r#"{ "costPerDay": -0.1 }"#, r#"{ "tokens": 1 }"#, r#"{ "costPerDay": 1e300 }"#] {
            assert!(serde_json::from_str::<BudgetRules>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_budget_is_used_up_when_it_is_reached_and_nothing_is_a_budget_too() {
        let spent = |tokens, dollars| Spent { tokens, cost: Dollars::of(dollars).expect("an amount") };
        let both = limits(Some(100), Some(0.25));
        assert_eq!(both.used_up_by(&spent(99, 0.249_999)), None);
        assert_eq!(both.used_up_by(&spent(100, 0.0)), Some(BudgetKind::Tokens));
        assert_eq!(both.used_up_by(&spent(0, 0.25)), Some(BudgetKind::Cost));
        assert_eq!(limits(Some(0), None).used_up_by(&Spent::default()), Some(BudgetKind::Tokens));
        assert_eq!(limits(None, None).used_up_by(&spent(u64::MAX, 1e9)), None);
    }

    proptest! {
        #[test]
        fn amounts_and_sums_never_wrap(first: u64, second: u64, amount in -1e12_f64..1e12) {
            let (one, other) = (Spent { tokens: first, cost: Dollars(first) }, Spent { tokens: second, cost: Dollars(second) });
            let sum = one.plus(other);
            prop_assert!(sum.tokens >= first.max(second) && sum.since(one).tokens <= second);
            prop_assert_eq!(one.at_least(other), other.at_least(one));
            let read = Dollars::of(amount);
            prop_assert_eq!(read.is_some(), (0.0..=MOST_DOLLARS).contains(&amount));
            prop_assert!(read.is_none_or(|read| (read.amount() - amount).abs() < 1e-6));
        }
    }
}
