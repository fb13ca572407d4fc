//! A change of a managed policy, read from a request and checked as a whole before anything is applied.

use super::{Ceiling, KeyManagement, ManagedPolicy, PermissionCeilings};
use crate::byok::BudgetLimits;
use serde::{Deserialize as _, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const MOST_ENTRIES: usize = 500;
const LONGEST_ENTRY: usize = 200;
const MOST_FEATURES: usize = 500;
const LONGEST_FEATURE: usize = 64;
const LONGEST_CHANNEL: usize = 64;

/// What is changed; everything else stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManagedPolicyEdit {
    allowed_providers: Change<Option<Vec<String>>>,
    denied_providers: Change<Vec<String>>,
    allowed_models: Change<Option<Vec<String>>>,
    denied_models: Change<Vec<String>>,
    key_management: Change<KeyManagement>,
    extensions: BTreeMap<&'static str, bool>,
    features: Change<BTreeMap<String, bool>>,
    ceilings: Vec<(String, Ceiling)>,
    update_channel: Change<Option<String>>,
    provider_budget: Change<Option<BudgetLimits>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Change<T> {
    #[default]
    Keep,
    Set(T),
}

impl<T: Clone> Change<T> {
    fn apply(&self, field: &mut T) {
        if let Self::Set(value) = self {
            field.clone_from(value);
        }
    }
}

/// A change that can't be made. The texts of the first ones are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManagedPolicyInvalid {
    /// An allow-list of another type.
    #[error("\"{0}\" must be an array of strings or null.")]
    NotAllowList(&'static str),
    /// A deny-list of another type.
    #[error("\"{0}\" must be an array of strings.")]
    NotDenyList(&'static str),
    /// A map of another type.
    #[error("\"{0}\" must be an object or null.")]
    NotObject(&'static str),
    /// A text of another type.
    #[error("\"{0}\" must be a string or null.")]
    NotText(&'static str),
    /// Too much.
    #[error("\"{0}\" must not hold more than 500 entries.")]
    TooMany(&'static str),
    /// A text that is too long or can't be stored.
    #[error("\"{0}\" holds a text that is longer than {1} characters or not plain.")]
    Text(&'static str, usize),
    /// No such way of managing keys.
    #[error("\"keyManagement\" must be any, byok_required or org_managed_required.")]
    KeyManagement,
    /// An extension that is neither on nor off.
    #[error("\"extensions\" must hold booleans.")]
    Extension,
    /// A feature that is neither on nor off, or has no proper name.
    #[error("\"features\" must hold booleans under names of at most 64 letters, digits, _ or -, beginning with a letter.")]
    Feature,
    /// A dimension or ceiling that there isn't.
    #[error("\"permissionCeilings\" must hold allow, ask or deny for bash, fileWrite, web, webSearch, task, mcp or externalDirectory.")]
    Ceiling,
    /// A budget that is none.
    #[error("\"providerBudget\" must be null or hold tokensPerDay and costPerDay, each a number of at least 0 or null.")]
    Budget,
}

impl ManagedPolicyEdit {
    /// Reads the fields of a request. Unknown fields and extensions are ignored.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, ManagedPolicyInvalid> {
        Ok(Self {
            allowed_providers: allow_list(fields, "allowedProviders")?,
            denied_providers: deny_list(fields, "deniedProviders")?,
            allowed_models: allow_list(fields, "allowedModels")?,
            denied_models: deny_list(fields, "deniedModels")?,
            key_management: match fields.get("keyManagement") {
                None | Some(Value::Null) => Change::Keep,
                Some(value) => Change::Set(named(value).ok_or(ManagedPolicyInvalid::KeyManagement)?),
            },
            extensions: extensions(fields)?,
            features: features(fields)?,
            ceilings: ceilings(fields)?,
            update_channel: update_channel(fields)?,
            provider_budget: provider_budget(fields)?,
        })
    }

    /// The policy after the change.
    pub fn apply(&self, mut policy: ManagedPolicy) -> ManagedPolicy {
        self.allowed_providers.apply(&mut policy.allowed_providers);
        self.denied_providers.apply(&mut policy.denied_providers);
        self.allowed_models.apply(&mut policy.allowed_models);
        self.denied_models.apply(&mut policy.denied_models);
        self.key_management.apply(&mut policy.key_management);
        self.features.apply(&mut policy.features);
        self.update_channel.apply(&mut policy.update_channel);
        self.provider_budget.apply(&mut policy.provider_budget);
        let kept = policy.extensions;
        let extension = |name, before| self.extensions.get(name).copied().unwrap_or(before);
        policy.extensions.custom_providers = extension("customProviders", kept.custom_providers);
        policy.extensions.custom_mcps = extension("customMcps", kept.custom_mcps);
        policy.extensions.custom_skills = extension("customSkills", kept.custom_skills);
        for (name, ceiling) in &self.ceilings {
            if let Some(field) = policy.permission_ceilings.named_mut(name) {
                *field = *ceiling;
            }
        }
        policy
    }
}

fn allow_list(fields: &Map<String, Value>, name: &'static str) -> Result<Change<Option<Vec<String>>>, ManagedPolicyInvalid> {
    match fields.get(name) {
        None => Ok(Change::Keep),
        Some(Value::Null) => Ok(Change::Set(None)),
        Some(value) => Ok(Change::Set(Some(entries(value, name, ManagedPolicyInvalid::NotAllowList(name))?))),
    }
}

fn deny_list(fields: &Map<String, Value>, name: &'static str) -> Result<Change<Vec<String>>, ManagedPolicyInvalid> {
    let Some(value) = fields.get(name) else { return Ok(Change::Keep) };
    Ok(Change::Set(entries(value, name, ManagedPolicyInvalid::NotDenyList(name))?))
}

/// Each once, sorted, without blank ones; counted after that.
fn entries(value: &Value, name: &'static str, wrong: ManagedPolicyInvalid) -> Result<Vec<String>, ManagedPolicyInvalid> {
    let items = value.as_array().ok_or(wrong)?;
    let mut kept = BTreeSet::new();
    for item in items {
        let text = item.as_str().ok_or(wrong)?.trim();
        if !text.is_empty() {
            kept.insert(plain(text, name, LONGEST_ENTRY)?);
        }
    }
    if kept.len() > MOST_ENTRIES {
        return Err(ManagedPolicyInvalid::TooMany(name));
    }
    Ok(kept.into_iter().collect())
}

fn plain(text: &str, name: &'static str, longest: usize) -> Result<String, ManagedPolicyInvalid> {
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        return Err(ManagedPolicyInvalid::Text(name, longest));
    }
    Ok(text.to_owned())
}

/// An object; absent and null change nothing.
fn object<'a>(fields: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a Map<String, Value>>, ManagedPolicyInvalid> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(ManagedPolicyInvalid::NotObject(name)),
    }
}

fn extensions(fields: &Map<String, Value>) -> Result<BTreeMap<&'static str, bool>, ManagedPolicyInvalid> {
    let mut changed = BTreeMap::new();
    let Some(given) = object(fields, "extensions")? else { return Ok(changed) };
    for name in ["customProviders", "customMcps", "customSkills"] {
        if let Some(value) = given.get(name) {
            changed.insert(name, value.as_bool().ok_or(ManagedPolicyInvalid::Extension)?);
        }
    }
    Ok(changed)
}

fn features(fields: &Map<String, Value>) -> Result<Change<BTreeMap<String, bool>>, ManagedPolicyInvalid> {
    let Some(given) = object(fields, "features")? else { return Ok(Change::Keep) };
    if given.len() > MOST_FEATURES {
        return Err(ManagedPolicyInvalid::TooMany("features"));
    }
    let is_name = |name: &str| {
        name.len() <= LONGEST_FEATURE
            && name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let mut features = BTreeMap::new();
    for (name, value) in given {
        let on = value.as_bool().filter(|_| is_name(name)).ok_or(ManagedPolicyInvalid::Feature)?;
        features.insert(name.clone(), on);
    }
    Ok(Change::Set(features))
}

fn ceilings(fields: &Map<String, Value>) -> Result<Vec<(String, Ceiling)>, ManagedPolicyInvalid> {
    let Some(given) = object(fields, "permissionCeilings")? else { return Ok(Vec::new()) };
    let mut known = PermissionCeilings::default();
    let mut changed = Vec::new();
    for (name, value) in given {
        let ceiling = named(value).filter(|_| known.named_mut(name).is_some()).ok_or(ManagedPolicyInvalid::Ceiling)?;
        changed.push((name.clone(), ceiling));
    }
    Ok(changed)
}

fn update_channel(fields: &Map<String, Value>) -> Result<Change<Option<String>>, ManagedPolicyInvalid> {
    match fields.get("updateChannel") {
        None => Ok(Change::Keep),
        Some(Value::Null) => Ok(Change::Set(None)),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Change::Set(None)),
        Some(Value::String(text)) => Ok(Change::Set(Some(plain(text.trim(), "updateChannel", LONGEST_CHANNEL)?))),
        Some(_) => Err(ManagedPolicyInvalid::NotText("updateChannel")),
    }
}

/// Replaced as a whole; null, and a budget that limits nothing, clear it.
fn provider_budget(fields: &Map<String, Value>) -> Result<Change<Option<BudgetLimits>>, ManagedPolicyInvalid> {
    match fields.get("providerBudget") {
        None => Ok(Change::Keep),
        Some(Value::Null) => Ok(Change::Set(None)),
        Some(value) => {
            let limits = BudgetLimits::deserialize(value).map_err(|_| ManagedPolicyInvalid::Budget)?;
            Ok(Change::Set(Some(limits).filter(|limits| !limits.is_open())))
        }
    }
}

/// One of an enum's names.
fn named<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edit(fields: &Value) -> Result<ManagedPolicyEdit, ManagedPolicyInvalid> {
        ManagedPolicyEdit::read(fields.as_object().expect("an object"))
    }

    #[test]
    fn a_change_merges_as_the_contract_says() {
        let first = edit(&json!({
            "allowedProviders": ["openrouter", " anthropic ", "openrouter", ""], "keyManagement": "byok_required",
            "permissionCeilings": { "bash": "deny" }, "extensions": { "customMcps": false, "unknown": 1 }, "updateChannel": "beta",
            "features": { "x": false },
        }));
        let policy = first.expect("valid").apply(ManagedPolicy::default());
        assert_eq!(policy.allowed_providers.as_deref(), Some(&["anthropic".to_owned(), "openrouter".to_owned()][..]));
        let mut disabled: Vec<String> = policy.disabled().keys().cloned().collect();
        disabled.sort();
        assert_eq!(disabled, ["bash", "customMcps", "keyManagement", "providers", "updateChannel"]);
        let kept = edit(&json!({ "keyManagement": null, "extensions": null, "features": null, "permissionCeilings": null }));
        assert_eq!(kept.expect("valid").apply(policy.clone()), policy);
        let second = edit(&json!({
            "allowedProviders": null, "updateChannel": null, "features": { "y": true }, "permissionCeilings": { "web": "ask" },
        }));
        let changed = second.expect("valid").apply(policy);
        assert_eq!((changed.allowed_providers.clone(), changed.update_channel.clone()), (None, None));
        assert_eq!(changed.features, BTreeMap::from([("y".to_owned(), true)]));
        assert_eq!((changed.permission_ceilings.bash, changed.permission_ceilings.web), (Ceiling::Deny, Ceiling::Ask));
        assert!(!changed.extensions.custom_mcps && changed.extensions.custom_skills);
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_field_in_the_text() {
        let text = |fields: Value| edit(&fields).expect_err("refused").to_string();
        assert_eq!(text(json!({ "allowedProviders": "x" })), "\"allowedProviders\" must be an array of strings or null.");
        assert_eq!(text(json!({ "deniedProviders": null })), "\"deniedProviders\" must be an array of strings.");
        assert_eq!(text(json!({ "features": [] })), "\"features\" must be an object or null.");
        assert_eq!(text(json!({ "updateChannel": 1 })), "\"updateChannel\" must be a string or null.");
        for (fields, invalid) in [
            (json!({ "keyManagement": "mine" }), ManagedPolicyInvalid::KeyManagement),
            (json!({ "permissionCeilings": { "sudo": "deny" } }), ManagedPolicyInvalid::Ceiling),
            (json!({ "permissionCeilings": { "bash": "maybe" } }), ManagedPolicyInvalid::Ceiling),
            (json!({ "extensions": { "customSkills": "no" } }), ManagedPolicyInvalid::Extension),
            (json!({ "features": { "1x": true } }), ManagedPolicyInvalid::Feature),
            (json!({ "features": { "x": 1 } }), ManagedPolicyInvalid::Feature),
            (json!({ "providerBudget": { "tokensPerDay": -1 } }), ManagedPolicyInvalid::Budget),
            (json!({ "providerBudget": { "euros": 1 } }), ManagedPolicyInvalid::Budget),
            (json!({ "deniedModels": ["x".repeat(201)] }), ManagedPolicyInvalid::Text("deniedModels", 200)),
            (
                json!({ "allowedModels": (0..501).map(|number| number.to_string()).collect::<Vec<_>>() }),
                ManagedPolicyInvalid::TooMany("allowedModels"),
            ),
            (json!({ "updateChannel": "x".repeat(65) }), ManagedPolicyInvalid::Text("updateChannel", 64)),
        ] {
            assert_eq!(edit(&fields), Err(invalid), "{fields}");
        }
    }

    #[test]
    fn an_organisation_without_a_policy_allows_everything() {
        let view = ManagedPolicy::default().view();
        assert_eq!(
            (&view["allowedProviders"], &view["keyManagement"], &view["disabledByPolicy"]),
            (&Value::Null, &json!("any"), &json!({}))
        );
        assert_eq!(view["permissionCeilings"]["externalDirectory"], "allow");
        assert_eq!(view["extensions"], json!({ "customProviders": true, "customMcps": true, "customSkills": true }));
    }
}
