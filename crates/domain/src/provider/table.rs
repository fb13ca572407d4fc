//! All providers of a deployment.

use super::{BaseUrlError, ConfiguredProvider, ProviderEntry, ProviderId, builtin};
use std::{collections::BTreeMap, sync::Arc};

/// The provider of tier `local` that needs no key.
const DEMO: &str = "demo";

/// The providers by name. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderTable {
    entries: Arc<BTreeMap<ProviderId, Arc<ProviderEntry>>>,
}

/// A configured provider that can't be in the table.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TableError {
    /// Nothing built in has this name, so its kind must be said.
    #[error("cloud.providers.{0} needs a kind: openai-compatible, openai, azure-openai, anthropic or google")]
    NoKind(ProviderId),
    /// Nothing built in has this name, so its address must be said.
    #[error("cloud.providers.{0} needs a baseUrl")]
    NoAddress(ProviderId),
    /// The address can't be used.
    #[error("cloud.providers.{id}.baseUrl can't be used: {cause}")]
    Address {
        /// The provider.
        id: ProviderId,
        /// Why.
        cause: BaseUrlError,
    },
    /// No model would answer.
    #[error("cloud.providers.{0} needs at least one model")]
    NoModels(ProviderId),
    /// A model's name can't travel.
    #[error("cloud.providers.{id}.models: {model:?} is not a model name")]
    Model {
        /// The provider.
        id: ProviderId,
        /// The name.
        model: String,
    },
    /// The path would leave the base address.
    #[error("cloud.providers.{0}.validatePath is not a plain path")]
    ValidatePath(ProviderId),
    /// Without TLS there is no certificate.
    #[error("cloud.providers.{0}.caFile has no effect on an address that is not https")]
    CaFile(ProviderId),
    /// Other providers have their version in the address.
    #[error("cloud.providers.{0}.apiVersion is for the kind azure-openai, and looks like 2024-10-21")]
    ApiVersion(ProviderId),
    /// A price that is none.
    #[error("cloud.providers.{id}.prices: the price of {model} is not a number of at least 0")]
    Price {
        /// The provider.
        id: ProviderId,
        /// The model.
        model: String,
    },
    /// The name of the demo model.
    #[error("cloud.providers.demo: the name belongs to the demo model")]
    Demo,
}

impl ProviderTable {
    /// What is built in.
    pub fn builtin() -> Self {
        let entries = builtin::entries().map(|entry| (entry.id.clone(), Arc::new(entry))).collect();
        Self { entries: Arc::new(entries) }
    }

    /// The table with the operator's providers, which may change what is built in. All that is wrong is reported at once.
    pub fn with(mut self, configured: BTreeMap<ProviderId, ConfiguredProvider>) -> Result<Self, Vec<TableError>> {
        let entries = Arc::make_mut(&mut self.entries);
        let mut errors = Vec::new();
        for (id, provider) in configured {
            if id.as_str() == DEMO {
                errors.push(TableError::Demo);
                continue;
            }
            match provider.entry(&id, entries.get(&id).map(Arc::as_ref)) {
                Ok(entry) => drop(entries.insert(id, Arc::new(entry))),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// The table with the demo model at this address of this machine.
    #[must_use]
    pub fn with_demo(mut self, base_url: &str) -> Self {
        if let Some(demo) = builtin::demo(base_url) {
            Arc::make_mut(&mut self.entries).insert(demo.id.clone(), Arc::new(demo));
        }
        self
    }

    /// The provider of this name.
    pub fn get(&self, id: &ProviderId) -> Option<&Arc<ProviderEntry>> {
        self.entries.get(id)
    }

    /// The demo model, if it runs here.
    pub fn demo(&self) -> Option<&Arc<ProviderEntry>> {
        self.entries.values().find(|entry| !entry.needs_key())
    }

    /// All providers, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ProviderEntry>> {
        self.entries.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(json: &str) -> Result<ProviderTable, Vec<TableError>> {
        ProviderTable::builtin().with(serde_json::from_str(json).expect("well formed"))
    }

    #[test]
    fn every_built_in_provider_is_complete() {
        let table = ProviderTable::builtin();
        assert_eq!(table.iter().count(), 8);
        for entry in table.iter() {
            assert!(entry.base_url.is_secure() && entry.needs_key() && entry.validate.is_some(), "{}", entry.id);
            assert!(entry.models.listed().iter().all(|model| entry.models.allows(model)), "{}", entry.id);
        }
    }

    #[test]
    fn the_operator_adds_and_changes() {
        let table = configured(
            r#"{ "house": { "kind": "openai-compatible", "baseUrl": "http://10.0.0.7:8000/v1", "models": ["qwen/qwen3"], "allowPrivateNetwork": true },
                 "azure": { "kind": "azure-openai", "baseUrl": "https://we.openai.azure.com/openai/v1", "models": ["gpt"] },
                 "openai": { "models": ["gpt-6-sol"], "prices": { "gpt-6-sol": { "input": 2, "output": 8 } } } }"#,
        )
        .unwrap();
        let entry = |id: &str| table.get(&ProviderId::parse(id).unwrap()).unwrap();
        assert!(
            entry("house").allow_private_network && entry("house").models.allows("qwen/qwen3") && !entry("house").models.allows("other")
        );
        assert_eq!(entry("azure").auth, super::super::KeyPlacement::Header("api-key"));
        assert_eq!((entry("openai").base_url.host(), entry("openai").models.default_model()), ("api.openai.com", Some("gpt-6-sol")));
        let versioned = configured(
            r#"{ "azure": { "kind": "azure-openai", "baseUrl": "https://we.openai.azure.com/openai", "models": ["gpt"], "apiVersion": "2024-10-21" } }"#,
        )
        .unwrap();
        let versioned = versioned.get(&ProviderId::parse("azure").unwrap()).unwrap();
        assert_eq!(versioned.address("models"), "https://we.openai.azure.com/openai/models?api-version=2024-10-21");
        let call = versioned.call_address("chat/completions", "gpt");
        assert_eq!(call, "https://we.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21");
        assert!(!versioned.responses && entry("azure").responses);
        assert_eq!(entry("azure").call_address("chat/completions", "gpt"), "https://we.openai.azure.com/openai/v1/chat/completions");
        assert!(!entry("openai").models.allows("gpt-5.6") && entry("groq").models.allows("anything/else"));
    }

    #[test]
    fn every_mistake_is_named() {
        let errors = configured(
            r#"{ "a": { "baseUrl": "https://a.example", "models": ["m"] }, "b": { "kind": "anthropic" },
                 "c": { "kind": "openai-compatible", "baseUrl": "http://c.example", "models": ["m"] },
                 "d": { "kind": "openai-compatible", "baseUrl": "https://d.example" }, "demo": {},
                 "e": { "kind": "google", "baseUrl": "https://e.example", "models": ["../x"] },
                 "f": { "kind": "google", "baseUrl": "https://f.example", "validatePath": "../x" },
                 "g": { "kind": "google", "baseUrl": "https://g.example", "prices": { "m": { "input": -1 } } },
                 "h": { "kind": "openai", "baseUrl": "http://10.0.0.1", "allowPrivateNetwork": true, "caFile": "/ca.pem" },
                 "i": { "kind": "openai", "baseUrl": "https://i.example", "apiVersion": "2024-10-21" },
                 "j": { "kind": "azure-openai", "baseUrl": "https://j.example", "models": ["m"], "apiVersion": "1&x=y" } }"#,
        )
        .unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        for (text, part) in texts.iter().zip([
            "a needs a kind",
            "b needs a baseUrl",
            "not https",
            "at least one model",
            "demo",
            "../x",
            "plain path",
            "price of m",
            "h.caFile",
            "i.apiVersion",
            "j.apiVersion",
        ]) {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(texts.len(), 11);
    }
}
