//! The plans that a deployment sells.

use super::{Entitlements, EntitlementsInvalid};
use serde_json::{Value, json};

/// The key of the plan that every deployment has.
pub const SELF_HOST: &str = "self-host";
/// Keys are labels.
const LONGEST_KEY: usize = 100;

/// One plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its name for programs.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// What it includes.
    pub entitlements: Entitlements,
    /// Its price at the payment provider, by the provider's id.
    pub price: Option<String>,
}

/// All plans; the built-in one is always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plans {
    plans: Vec<Plan>,
    default: usize,
}

/// Why plans can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlansInvalid {
    /// One is described wrongly.
    #[error("plan \"{key}\": {what}")]
    Plan {
        /// Which one.
        key: String,
        /// In which way.
        what: String,
    },
    /// The default plan is none of them.
    #[error("the default plan \"{0}\" is none of the plans")]
    NoDefault(String),
}

impl Default for Plans {
    fn default() -> Self {
        Self { plans: vec![self_host()], default: 0 }
    }
}

impl Plans {
    /// Reads plans by key, each `{label?, entitlements?, priceId?}`. `default_price` is the price of a default plan that names none.
    pub fn read(described: Option<&Value>, default: &str, default_price: Option<&str>) -> Result<Self, PlansInvalid> {
        let mut plans = vec![self_host()];
        for (key, plan) in described.and_then(Value::as_object).into_iter().flatten() {
            let plan = read(key, plan).map_err(|what| PlansInvalid::Plan { key: key.clone(), what })?;
            if key == SELF_HOST { plans[0] = plan } else { plans.push(plan) }
        }
        let place = plans.iter().position(|plan| plan.key == default);
        let place = place.ok_or_else(|| PlansInvalid::NoDefault(default.to_owned()))?;
        if plans[place].price.is_none() {
            plans[place].price = default_price.map(str::to_owned);
        }
        Ok(Self { plans, default: place })
    }

    /// The plan with this key.
    pub fn get(&self, key: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.key == key)
    }

    /// The plan with this price.
    pub fn of_price(&self, price: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.price.as_deref() == Some(price))
    }

    /// The plan of whoever names none.
    pub fn default_plan(&self) -> &Plan {
        &self.plans[self.default]
    }

    /// All of them, the built-in one first.
    pub fn all(&self) -> &[Plan] {
        &self.plans
    }

    /// As the contract shows them.
    pub fn shown(&self) -> Value {
        let shown = |(place, plan): (usize, &Plan)| {
            json!({
                "planKey": plan.key, "label": plan.label, "default": place == self.default, "entitlements": plan.entitlements.shown(),
            })
        };
        self.plans.iter().enumerate().map(shown).collect()
    }
}

fn self_host() -> Plan {
    Plan { key: SELF_HOST.to_owned(), label: "Self-host".to_owned(), entitlements: Entitlements::default(), price: None }
}

fn read(key: &str, described: &Value) -> Result<Plan, String> {
    if key.is_empty() || key.chars().count() > LONGEST_KEY || key.chars().any(char::is_control) {
        return Err("a key has 1 to 100 characters".to_owned());
    }
    let fields = described.as_object().ok_or("expected an object")?;
    let mut plan = Plan { key: key.to_owned(), label: key.to_owned(), entitlements: Entitlements::default(), price: None };
    for (name, value) in fields {
        let text =
            || value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned).ok_or_else(|| format!("{name}: expected a text"));
        match name.as_str() {
            "label" => plan.label = text()?,
            "priceId" => plan.price = Some(text()?),
            "entitlements" => {
                let within = |error: EntitlementsInvalid| format!("entitlements: {error}");
                plan.entitlements = Entitlements::read(value).map_err(within)?;
            }
            _ => return Err(format!("{name} is no part of a plan: these are label, entitlements and priceId")),
        }
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_plan_comes_first_and_the_default_is_marked() {
        let described = json!({"starter": {"label": "Starter", "entitlements": {"maxPromptsPerHour": 2}}, "pro": {"priceId": "price_pro"}});
        let plans = Plans::read(Some(&described), "starter", Some("price_default")).expect("plans");
        let shown = plans.shown();
        let brief = |plan: &Value| format!("{} {} {}", plan["planKey"], plan["label"], plan["default"]);
        let mut listed: Vec<_> = shown.as_array().expect("a list").iter().map(brief).collect();
        assert_eq!(listed.remove(0), r#""self-host" "Self-host" false"#);
        listed.sort();
        assert_eq!(listed, [r#""pro" "pro" false"#, r#""starter" "Starter" true"#]);
        assert_eq!(plans.of_price("price_default").map(|plan| plan.key.as_str()), Some("starter"));
        assert_eq!(plans.of_price("price_pro").map(|plan| plan.key.as_str()), Some("pro"));
        assert_eq!(Plans::read(None, SELF_HOST, None), Ok(Plans::default()));
    }

    #[test]
    fn what_is_wrong_with_a_plan_is_said_with_its_name() {
        let refused = |described: Value, default| Plans::read(Some(&described), default, None).expect_err("malformed").to_string();
        assert_eq!(refused(json!({}), "gold"), "the default plan \"gold\" is none of the plans");
        assert_eq!(refused(json!({"a": []}), "a"), "plan \"a\": expected an object");
        assert_eq!(
            refused(json!({"a": {"price": 3}}), "a"),
            "plan \"a\": price is no part of a plan: these are label, entitlements and priceId"
        );
        assert_eq!(refused(json!({"a": {"entitlements": {"x": 1}}}), "a"), "plan \"a\": entitlements: x is no entitlement");
    }
}
