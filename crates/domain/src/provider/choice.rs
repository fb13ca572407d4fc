//! Which model answers a prompt.

use super::{ProviderEntry, ProviderId, ProviderTable};
use std::sync::Arc;

/// What there is to choose from.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The deployment's providers; the demo model is among them where it runs.
    pub table: &'a ProviderTable,
    /// What the prompt names, as `provider/model`.
    pub prompt: Option<&'a str>,
    /// What the profile names.
    pub profile: Option<&'a str>,
    /// The organisation's providers with an active, validated key, the oldest activation first.
    pub active: &'a [ProviderId],
}

/// The model that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its provider.
    pub provider: Arc<ProviderEntry>,
    /// Its name at the provider.
    pub model: String,
}

/// Why no model answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// Nobody brought a key.
    #[error("no provider key is active; add one first")]
    NoKey,
    /// Nobody brought a key of the provider that is named.
    #[error("no key of {0} is active; add one first")]
    KeyMissing(ProviderId),
    /// The deployment doesn't have this provider.
    #[error("this deployment has no provider named {0}")]
    UnknownProvider(String),
    /// The operator's list of models doesn't have it.
    #[error("{provider} has no model {model} here")]
    ModelNotAllowed {
        /// The provider.
        provider: ProviderId,
        /// The model.
        model: String,
    },
}

/// The prompt's model, else the profile's, else the first model of the organisation's first active provider, else the demo
/// model; otherwise a key is missing.
pub fn choose(choice: &Choice<'_>) -> Result<Chosen, ChoiceError> {
    let named = [choice.prompt, choice.profile].into_iter().flatten().map(str::trim).find(|name| !name.is_empty());
    let Some(name) = named else { return choice.default_provider().and_then(|provider| chosen(provider, None)) };
    // Only the first slash separates: models of gateways have slashes of their own.
    let (provider, model) = match name.split_once('/') {
        Some((provider, model)) => (Some(provider), Some(model).filter(|model| !model.is_empty())),
        None if choice.find(name).is_some() => (Some(name), None),
        None => (None, Some(name)),
    };
    let provider = match provider {
        None => choice.default_provider()?,
        Some(name) => {
            let provider = choice.find(name).ok_or_else(|| ChoiceError::UnknownProvider(name.chars().take(64).collect()))?;
            if provider.needs_key() && !choice.active.contains(&provider.id) {
                return Err(ChoiceError::KeyMissing(provider.id.clone()));
            }
            provider
        }
    };
    chosen(provider, model)
}

fn chosen(provider: &Arc<ProviderEntry>, model: Option<&str>) -> Result<Chosen, ChoiceError> {
    let model = model.or_else(|| provider.models.default_model()).unwrap_or_default();
    if !provider.models.allows(model) {
        return Err(ChoiceError::ModelNotAllowed { provider: provider.id.clone(), model: model.chars().take(200).collect() });
    }
    Ok(Chosen { provider: Arc::clone(provider), model: model.to_owned() })
}

impl<'a> Choice<'a> {
    fn find(&self, name: &str) -> Option<&'a Arc<ProviderEntry>> {
        self.table.get(&ProviderId::parse(name).ok()?)
    }

    fn default_provider(&self) -> Result<&'a Arc<ProviderEntry>, ChoiceError> {
        let first = self.active.iter().find_map(|id| self.table.get(id));
        first.or_else(|| self.table.demo()).ok_or(ChoiceError::NoKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_counts() {
        let keyed = ProviderTable::builtin();
        let local = keyed.clone().with_demo("http://127.0.0.1:1/v1");
        let id = |name: &str| ProviderId::parse(name).unwrap();
        let active = [id("anthropic"), id("openrouter")];
        let pick = |table: &ProviderTable, prompt, profile, active: &[ProviderId]| {
            choose(&Choice { table, prompt, profile, active }).map(|chosen| format!("{} {}", chosen.provider.id, chosen.model))
        };
        let name = "openrouter/anthropic/claude-haiku-4.5";
        for (prompt, profile, answer) in [
            (Some(name), Some("anthropic/claude-opus-5-5"), "openrouter anthropic/claude-haiku-4.5"),
            (Some(" "), Some("anthropic/claude-opus-5-5"), "anthropic claude-opus-5-5"),
            (None, None, "anthropic claude-sonnet-5-5"),
            (Some("Anthropic"), None, "anthropic claude-sonnet-5-5"),
            (Some("anthropic/"), None, "anthropic claude-sonnet-5-5"),
            (Some("some-model"), None, "anthropic some-model"),
        ] {
            assert_eq!(pick(&keyed, prompt, profile, &active).as_deref(), Ok(answer), "{prompt:?} {profile:?}");
        }
        assert_eq!(pick(&local, None, None, &[]).as_deref(), Ok("demo demo"));
        assert_eq!(pick(&local, None, None, &active).as_deref(), Ok("anthropic claude-sonnet-5-5"));
        assert_eq!(pick(&local, Some("demo/any"), None, &active).as_deref(), Ok("demo any"));
        assert_eq!(pick(&keyed, None, None, &[]), Err(ChoiceError::NoKey));
        assert_eq!(pick(&local, Some("openai/gpt"), None, &active), Err(ChoiceError::KeyMissing(id("openai"))));
        assert_eq!(pick(&local, Some("zzz/gpt"), None, &active), Err(ChoiceError::UnknownProvider("zzz".into())));
        assert!(matches!(pick(&keyed, Some("anthropic/../x"), None, &active), Err(ChoiceError::ModelNotAllowed { .. })));
    }
}
