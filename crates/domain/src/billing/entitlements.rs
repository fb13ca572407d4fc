//! What a plan includes.

use super::{PlanLimit, PlanLimits};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A feature that a plan may leave out. Features that aren't named are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanFeature {
    /// Sessions and prompts.
    Chat,
    /// Execution by workers.
    Workflows,
    /// Own provider keys.
    Byok,
    /// Uploads.
    Artifacts,
    /// Chat systems.
    Channels,
}

impl PlanFeature {
    const ALL: [Self; 5] = [Self::Chat, Self::Workflows, Self::Byok, Self::Artifacts, Self::Channels];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Workflows => "workflows",
            Self::Byok => "byok",
            Self::Artifacts => "artifacts",
            Self::Channels => "channels",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.as_str() == name)
    }
}

/// What an organisation may do. The default is everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlements {
    /// Whether sessions may begin.
    pub allow_new_sessions: bool,
    /// Whether prompts are taken.
    pub allow_prompts: bool,
    /// Whether workers execute.
    pub allow_workers: bool,
    /// Profiles that sessions may have; empty is any.
    pub allowed_profiles: Vec<String>,
    /// Providers that keys may be brought for; empty is any.
    pub allowed_providers: Vec<String>,
    /// How much of everything.
    pub limits: PlanLimits,
    features: Option<BTreeMap<PlanFeature, bool>>,
}

/// Why a text describes no entitlements.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntitlementsInvalid {
    /// It is something else.
    #[error("expected an object")]
    NotAnObject,
    /// A name that means nothing.
    #[error("{0} is no entitlement")]
    Unknown(String),
    /// A feature that no plan can leave out.
    #[error("features.{0} is no feature that a plan decides about: these are chat, workflows, byok, artifacts and channels")]
    UnknownFeature(String),
    /// A value of another kind.
    #[error("{name}: expected {expected}")]
    Malformed {
        /// Of what.
        name: String,
        /// What it takes.
        expected: &'static str,
    },
}

impl Default for Entitlements {
    fn default() -> Self {
        Self {
            allow_new_sessions: true,
            allow_prompts: true,
            allow_workers: true,
            allowed_profiles: Vec::new(),
            allowed_providers: Vec::new(),
            limits: PlanLimits::default(),
            features: None,
        }
    }
}

impl Entitlements {
    /// Reads what a plan's description says, or a stored copy of it. What isn't named is not restricted.
    pub fn read(json: &Value) -> Result<Self, EntitlementsInvalid> {
        let fields = json.as_object().ok_or(EntitlementsInvalid::NotAnObject)?;
        let mut read = Self::default();
        for (name, value) in fields {
            let malformed = |expected| EntitlementsInvalid::Malformed { name: name.clone(), expected };
            let flag = || value.as_bool().ok_or_else(|| malformed("true or false"));
            let words = || words(value).ok_or_else(|| malformed("a list of names"));
            match name.as_str() {
                "allowNewSessions" => read.allow_new_sessions = flag()?,
                "allowPrompts" => read.allow_prompts = flag()?,
                "allowWorkers" => read.allow_workers = flag()?,
                "allowedProfiles" => read.allowed_profiles = words()?,
                "allowedProviders" => read.allowed_providers = words()?,
                "features" => read.features = Some(features(value)?),
                _ => {
                    let limit = PlanLimit::parse(name).ok_or_else(|| EntitlementsInvalid::Unknown(name.clone()))?;
                    let most =
                        if value.is_null() { None } else { Some(value.as_u64().ok_or_else(|| malformed("a whole number, or null"))?) };
                    read.limits.set(limit, most);
                }
            }
        }
        Ok(read)
    }

    /// Whether a feature is included.
    pub fn includes(&self, feature: PlanFeature) -> bool {
        self.features.as_ref().and_then(|features| features.get(&feature)).copied().unwrap_or(true)
    }

    /// As it is stored: [`Self::read`] reads it again.
    pub fn stored(&self) -> Value {
        let mut fields = self.without_limits();
        for (limit, most) in self.limits.named() {
            fields.insert(limit.as_str().to_owned(), most.into());
        }
        Value::Object(fields)
    }

    /// As the contract shows it, with every limit.
    pub fn shown(&self) -> Value {
        let mut fields = self.without_limits();
        self.limits.show(&mut fields);
        Value::Object(fields)
    }

    fn without_limits(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("allowNewSessions".to_owned(), self.allow_new_sessions.into());
        fields.insert("allowPrompts".to_owned(), self.allow_prompts.into());
        fields.insert("allowWorkers".to_owned(), self.allow_workers.into());
        fields.insert("allowedProfiles".to_owned(), self.allowed_profiles.clone().into());
        fields.insert("allowedProviders".to_owned(), self.allowed_providers.clone().into());
        if let Some(features) = &self.features {
            let features: Map<_, _> = features.iter().map(|(feature, on)| (feature.as_str().to_owned(), Value::Bool(*on))).collect();
            fields.insert("features".to_owned(), Value::Object(features));
        }
        fields
    }
}

/// Null is as good as an empty list: nothing is restricted.
fn words(value: &Value) -> Option<Vec<String>> {
    if value.is_null() {
        return Some(Vec::new());
    }
    value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

fn features(value: &Value) -> Result<BTreeMap<PlanFeature, bool>, EntitlementsInvalid> {
    let malformed = |name: &str, expected| EntitlementsInvalid::Malformed { name: name.to_owned(), expected };
    let named = value.as_object().ok_or_else(|| malformed("features", "an object of true and false by name"))?;
    let feature = |(name, on): (&String, &Value)| {
        let feature = PlanFeature::parse(name).ok_or_else(|| EntitlementsInvalid::UnknownFeature(name.clone()))?;
        Ok((feature, on.as_bool().ok_or_else(|| malformed(&format!("features.{name}"), "true or false"))?))
    };
    named.iter().map(feature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_is_shown_with_every_limit_and_stored_as_it_was_said() {
        let said =
            json!({"maxPromptsPerHour": 2, "maxQueuedCommandsPerOrg": null, "features": {"channels": false}, "allowedProfiles": null});
        let read = Entitlements::read(&said).expect("entitlements");
        assert_eq!(Entitlements::read(&read.stored()), Ok(read.clone()));
        assert_eq!(read.stored()["maxPromptsPerHour"], 2);
        assert!(read.stored().get("maxArtifactBytesPerDay").is_none());
        let shown = read.shown();
        assert_eq!((&shown["maxPromptsPerHour"], &shown["maxArtifactBytesPerDay"]), (&json!(2), &Value::Null));
        assert_eq!((&shown["features"], &shown["allowedProfiles"]), (&json!({"channels": false}), &json!([])));
        assert_eq!(shown.as_object().map(Map::len), Some(18));
        assert!(!read.includes(PlanFeature::Channels) && read.includes(PlanFeature::Byok));
        let everything = Entitlements::default().shown();
        assert!(everything.get("features").is_none() && everything.as_object().is_some_and(|fields| fields.len() == 17));
    }

    #[test]
    fn a_slip_of_the_pen_is_named() {
        let refused = |json: Value| Entitlements::read(&json).expect_err("malformed").to_string();
        assert_eq!(refused(json!([])), "expected an object");
        assert_eq!(refused(json!({"maxPrompts": 2})), "maxPrompts is no entitlement");
        assert_eq!(refused(json!({"maxPromptsPerHour": -2})), "maxPromptsPerHour: expected a whole number, or null");
        assert_eq!(refused(json!({"allowPrompts": "no"})), "allowPrompts: expected true or false");
        assert_eq!(refused(json!({"features": {"channels": 0}})), "features.channels: expected true or false");
        assert!(refused(json!({"features": {"sso": true}})).starts_with("features.sso is no feature"));
    }
}
