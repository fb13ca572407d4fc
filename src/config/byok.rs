//! Provider keys that organisations bring: for which providers, in which form, and how often they are checked.

use super::cluster::Role;
use super::environment::Environment;
use super::problem::Findings;
use super::secret::Secret;
use super::setting::{Kind, PREFIX, Setting};
use super::values::Values;
use cowork_domain::byok::{BudgetRules, CheckRules, KmsReferenceRules, ProviderRules};
use serde::Deserialize as _;
use std::{collections::BTreeMap, time::Duration};

const A_QUARTER: u64 = 90 * 86_400_000;
const AN_HOUR: u64 = 3_600_000;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "BYOK_PROVIDERS",
        Kind::List,
        "the providers that organisations may bring keys for; unset is any, an empty list in the file none",
    )
    .file("byok.providers"),
    Setting::new("BYOK_KMS_REFS", Kind::Flag, "take references into a key manager in place of keys")
        .or("false")
        .file("byok.kmsRefs.enabled"),
    Setting::new("BYOK_KMS_REF_PREFIXES", Kind::List, "what such a reference must begin with; without any, none fits")
        .file("byok.kmsRefs.prefixes"),
    Setting::new("BYOK_KMS_REF_ENVIRONMENT", Kind::Flag, "let references name environment variables of workers, within the prefixes")
        .or("false")
        .file("byok.kmsRefs.allowEnvironment"),
    Setting::new(
        "BYOK_BUDGET",
        Kind::Json,
        "what an organisation may spend at its model providers in a day of UTC: tokensPerDay, costPerDay in US dollars, organizations by id",
    )
    .file("byok.budget"),
    Setting::new(
        "BYOK_REVALIDATE_EVERY",
        Kind::Span { least: 0, most: A_QUARTER },
        "how often a provider key in use is checked again, up to a quarter earlier; 0 never",
    )
    .or("24h")
    .file("byok.revalidateEvery"),
    Setting::new("BYOK_CHECK_TIMEOUT", Kind::Span { least: 100, most: 60_000 }, "the longest that one check of a provider key takes")
        .or("10s")
        .file("byok.checkTimeout"),
    Setting::new(
        "BYOK_RETRY_PAUSE",
        Kind::Span { least: 100, most: AN_HOUR },
        "pause after a check that came to nothing; it doubles four times, then nobody tries by itself any more",
    )
    .or("30s")
    .file("byok.retryPause"),
    Setting::new(
        "BYOK_DOUBT_PAUSE",
        Kind::Span { least: 100, most: AN_HOUR },
        "after a key in use was refused, it is asked once more after this before it is taken out of use",
    )
    .or("60s")
    .file("byok.doubtPause"),
];

/// The `byok` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByokConfig {
    /// For which providers.
    pub providers: ProviderRules,
    /// Which references into key managers are taken.
    pub references: KmsReferenceRules,
    /// The variables of the environment that references may name; empty in roles that execute nothing.
    pub variables: BTreeMap<String, Secret>,
    /// What organisations may spend with them.
    pub budget: BudgetRules,
    /// When keys are checked.
    pub checks: CheckRules,
    /// The longest that one check takes.
    pub check_timeout: Duration,
}

impl ByokConfig {
    pub(super) fn read(values: &Values, environment: &Environment, role: Role, findings: &mut Findings) -> Self {
        let references = KmsReferenceRules {
            enabled: values.flag("BYOK_KMS_REFS"),
            allow_environment: values.flag("BYOK_KMS_REF_ENVIRONMENT"),
            prefixes: values.list("BYOK_KMS_REF_PREFIXES"),
        };
        let variables = if role.executes() { nameable(&references, environment) } else { BTreeMap::new() };
        let millis = |name: &str| i64::try_from(values.span(name).as_millis()).unwrap_or(i64::MAX);
        Self {
            providers: ProviderRules { allowed: values.is_configured("BYOK_PROVIDERS").then(|| values.list("BYOK_PROVIDERS")) },
            references,
            variables,
            budget: budget(values, findings),
            checks: CheckRules {
                first_pause: millis("BYOK_RETRY_PAUSE"),
                revalidate_every: Some(millis("BYOK_REVALIDATE_EVERY")).filter(|every| *every > 0),
                doubt_pause: millis("BYOK_DOUBT_PAUSE"),
                ..CheckRules::default()
            },
            check_timeout: values.span("BYOK_CHECK_TIMEOUT"),
        }
    }
}

/// A budget that can't be read must not become none, so it is a problem that stops the start.
fn budget(values: &Values, findings: &mut Findings) -> BudgetRules {
    let Some(given) = values.json("BYOK_BUDGET") else { return BudgetRules::default() };
    BudgetRules::deserialize(given).unwrap_or_else(|error| {
        findings.problem(format!("cloud.byok.budget is malformed: {error}"));
        BudgetRules::default()
    })
}

/// What references may name. Never a setting of our own: a reference would send the deployment's secrets to a provider.
fn nameable(rules: &KmsReferenceRules, environment: &Environment) -> BTreeMap<String, Secret> {
    let is_nameable = |name: &str| !name.starts_with(PREFIX) && rules.take(&format!("env:{name}")).is_ok();
    environment.all().filter(|(name, _)| is_nameable(name)).map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_reach_what_the_prefixes_allow_and_never_our_own_settings() {
        let environment = Environment::of([("ACME_KEY", "sk-acme"), ("OTHER", "x"), ("OPEN_COWORK_CLOUD_COOKIE_SECRET", "c")]);
        let rules = KmsReferenceRules { enabled: true, allow_environment: true, prefixes: vec!["env:".to_owned()] };
        let names = |rules: &KmsReferenceRules| nameable(rules, &environment).into_keys().collect::<Vec<_>>();
        assert_eq!(names(&rules), ["ACME_KEY", "OTHER"]);
        assert_eq!(names(&KmsReferenceRules { prefixes: vec!["env:ACME_".to_owned()], ..rules.clone() }), ["ACME_KEY"]);
        assert!(names(&KmsReferenceRules { allow_environment: false, ..rules }).is_empty());
    }
}
