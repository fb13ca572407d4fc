//! Which model answers a prompt.

use super::{ProviderEntry, ProviderId, ProviderTable};
use crate::policy::ManagedPolicy;
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
    /// What the organisation allows.
    pub policy: &'a ManagedPolicy,
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
    /// The organisation's policy excludes the provider.
    #[error("the organization's policy doesn't allow the provider {0}")]
    ProviderDenied(ProviderId),
    /// The organisation's policy excludes the model.
    #[error("the organization's policy doesn't allow the model {provider}/{model}")]
    ModelDenied {
        /// The provider.
        provider: ProviderId,
        /// The model.
        model: String,
    },
}

/// The prompt's model, else the profile's, else the first model of the organisation's first active provider, else the demo
/// model; otherwise a key is missing. Where nobody named a model for this prompt, one that the policy excludes makes room for the
/// next that it allows.
pub fn choose(choice: &Choice<'_>) -> Result<Chosen, ChoiceError> {
    let [prompt, profile] = [choice.prompt, choice.profile].map(|name| name.map(str::trim).filter(|name| !name.is_empty()));
    match (prompt, profile) {
        (Some(name), _) => choice.named(name),
        (None, Some(name)) => match choice.named(name) {
            Err(denied @ (ChoiceError::ProviderDenied(_) | ChoiceError::ModelDenied { .. })) => choice.default().map_err(|_| denied),
            answer => answer,
        },
        (None, None) => choice.default(),
    }
}

impl<'a> Choice<'a> {
    fn named(&self, name: &str) -> Result<Chosen, ChoiceError> {
        // Only the first slash separates: models of gateways have slashes of their own.
        let (provider, model) = match name.split_once('/') {
            Some((provider, model)) => (Some(provider), Some(model).filter(|model| !model.is_empty())),
            None if self.find(name).is_some() => (Some(name), None),
            None => (None, Some(name)),
        };
        let provider = match provider {
            None => self.default_providers().next().ok_or(ChoiceError::NoKey)?,
            Some(name) => self.find(name).ok_or_else(|| ChoiceError::UnknownProvider(name.chars().take(64).collect()))?,
        };
        if !self.policy.admits_provider(&provider.id) {
            return Err(ChoiceError::ProviderDenied(provider.id.clone()));
        }
        if provider.needs_key() && !self.active.contains(&provider.id) {
            return Err(ChoiceError::KeyMissing(provider.id.clone()));
        }
        match model {
            Some(model) => self.admitted(provider, model),
            None => self.default_of(provider),
        }
    }

    /// The first provider's first model that may be used; if none may, why the very first may not.
    fn default(&self) -> Result<Chosen, ChoiceError> {
        let mut choices = self.default_providers().map(|provider| self.default_of(provider));
        let first = choices.next().ok_or(ChoiceError::NoKey)?;
        first.or_else(|reason| choices.find_map(Result::ok).ok_or(reason))
    }

    fn default_of(&self, provider: &Arc<ProviderEntry>) -> Result<Chosen, ChoiceError> {
        if !self.policy.admits_provider(&provider.id) {
            return Err(ChoiceError::ProviderDenied(provider.id.clone()));
        }
        let first = self.admitted(provider, provider.models.default_model().unwrap_or_default());
        let further = provider.models.listed().iter().skip(1).map(String::as_str);
        let mut further = further.chain(self.policy.models_of(&provider.id));
        first.or_else(|reason| further.find_map(|model| self.admitted(provider, model).ok()).ok_or(reason))
    }

    fn admitted(&self, provider: &Arc<ProviderEntry>, model: &str) -> Result<Chosen, ChoiceError> {
        if !provider.models.allows(model) {
            return Err(ChoiceError::ModelNotAllowed { provider: provider.id.clone(), model: model.chars().take(200).collect() });
        }
        if !self.policy.admits_model(&provider.id, model) {
            return Err(ChoiceError::ModelDenied { provider: provider.id.clone(), model: model.to_owned() });
        }
        Ok(Chosen { provider: Arc::clone(provider), model: model.to_owned() })
    }

    fn find(&self, name: &str) -> Option<&'a Arc<ProviderEntry>> {
        self.table.get(&ProviderId::parse(name).ok()?)
    }

    /// Those with an active key, or the demo model where there is none.
    fn default_providers(&self) -> impl Iterator<Item = &'a Arc<ProviderEntry>> + use<'a> {
        let table = self.table;
        let mut keyed = self.active.iter().filter_map(|id| table.get(id)).peekable();
        let demo = if keyed.peek().is_none() { table.demo() } else { None };
        keyed.chain(demo)
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
            let policy = &ManagedPolicy::default();
            choose(&Choice { table, prompt, profile, active, policy }).map(|chosen| format!("{} {}", chosen.provider.id, chosen.model))
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

    #[test]
    fn what_the_policy_excludes_makes_room_unless_the_prompt_names_it() {
        let table = ProviderTable::builtin().with_demo("http://127.0.0.1:1/v1");
        let id = |name: &str| ProviderId::parse(name).unwrap();
        let active = [id("anthropic"), id("openai")];
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let pick = |prompt, profile, policy: &ManagedPolicy| {
            let choice = Choice { table: &table, prompt, profile, active: &active, policy };
            choose(&choice).map(|chosen| format!("{}/{}", chosen.provider.id, chosen.model))
        };
        let openai = table.get(&active[1]).and_then(|entry| entry.models.default_model()).expect("a default model");
        let denied = |provider: &str, model: &str| Err(ChoiceError::ModelDenied { provider: id(provider), model: model.into() });

        let no_sonnet = ManagedPolicy { denied_models: names(&["claude-sonnet-5-5"]), ..ManagedPolicy::default() };
        let next = table.get(&active[0]).expect("an entry").models.listed()[1].clone();
        assert_eq!(pick(None, None, &no_sonnet), Ok(format!("anthropic/{next}")), "the provider's next model");
        assert_eq!(
            pick(None, Some("anthropic/claude-sonnet-5-5"), &no_sonnet),
            Ok(format!("anthropic/{next}")),
            "the profile's gives way, too"
        );
        assert_eq!(
            pick(Some("anthropic/claude-sonnet-5-5"), None, &no_sonnet),
            denied("anthropic", "claude-sonnet-5-5"),
            "the prompt's word doesn't"
        );

        let openai_only = ManagedPolicy { allowed_models: Some(names(&[&format!("openai/{openai}")])), ..ManagedPolicy::default() };
        assert_eq!(pick(None, None, &openai_only), Ok(format!("openai/{openai}")), "the next provider");
        let unlisted = ManagedPolicy { allowed_models: Some(names(&["anthropic/claude-of-next-year"])), ..ManagedPolicy::default() };
        assert_eq!(pick(None, None, &unlisted).as_deref(), Ok("anthropic/claude-of-next-year"), "what only the policy lists");
        let none = ManagedPolicy { allowed_models: Some(Vec::new()), ..ManagedPolicy::default() };
        assert_eq!(pick(None, None, &none), denied("anthropic", "claude-sonnet-5-5"), "never the demo model in the place of a key");

        let no_openai = ManagedPolicy { denied_providers: names(&["openai"]), ..ManagedPolicy::default() };
        assert_eq!(pick(Some("openai/x"), None, &no_openai), Err(ChoiceError::ProviderDenied(id("openai"))));
        assert_eq!(pick(None, Some("openai/x"), &no_openai).as_deref(), Ok("anthropic/claude-sonnet-5-5"));
    }
}
