//! Providers of the operator's configuration: `cloud.providers.<id>`.

use super::{BaseUrl, KeyPlacement, ModelList, Prices, Protocol, ProviderEntry, ProviderId, TableError, Validation, builtin};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What kind of provider it is; the kinds differ in protocol and in how the key travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// OpenAI's chat completions at any address.
    OpenaiCompatible,
    /// OpenAI's chat completions and responses.
    Openai,
    /// OpenAI's models at Azure: `https://<resource>.openai.azure.com/openai/v1`; models are deployments. With an `apiVersion` the
    /// address ends with `/openai`.
    AzureOpenai,
    /// Anthropic's messages.
    Anthropic,
    /// Google's generateContent.
    Google,
}

/// One provider as configured. What is absent stays as built in, or as its kind has it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConfiguredProvider {
    /// What it speaks; not needed for a provider that is built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ProviderKind>,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where its API starts, version included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The models that may be used, the default first; none listed means whatever the provider has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// It may live in a private network and speak http.
    pub allow_private_network: bool,
    /// The authorities that vouch for its certificate, in place of the system's: a PEM file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The version of Azure's API by deployments, such as `2024-10-21`; its v1 API needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// A path below the base address that answers a good key alone; `models` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate_path: Option<String>,
    /// US dollars per million tokens, by model.
    #[serde(skip_serializing_if = "Prices::is_empty")]
    pub prices: Prices,
}

impl ProviderKind {
    fn protocol(self) -> Protocol {
        match self {
            Self::OpenaiCompatible | Self::Openai | Self::AzureOpenai => Protocol::OpenAiChat,
            Self::Anthropic => Protocol::Anthropic,
            Self::Google => Protocol::Google,
        }
    }

    fn auth(self) -> KeyPlacement {
        match self {
            Self::OpenaiCompatible | Self::Openai => KeyPlacement::Bearer,
            Self::AzureOpenai => KeyPlacement::Header("api-key"),
            Self::Anthropic => KeyPlacement::Header("x-api-key"),
            Self::Google => KeyPlacement::Header("x-goog-api-key"),
        }
    }
}

impl ConfiguredProvider {
    /// The entry that it makes, over the one that is built in, if any.
    pub(super) fn entry(self, id: &ProviderId, built_in: Option<&ProviderEntry>) -> Result<ProviderEntry, TableError> {
        let private = self.allow_private_network;
        let base_url = match (&self.base_url, built_in) {
            (Some(text), _) => BaseUrl::parse(text, private).map_err(|cause| TableError::Address { id: id.clone(), cause })?,
            (None, Some(entry)) => entry.base_url.clone(),
            (None, None) => return Err(TableError::NoAddress(id.clone())),
        };
        let mut entry = match (self.kind, built_in) {
            (None, Some(entry)) => entry.clone(),
            (None, None) => return Err(TableError::NoKind(id.clone())),
            (Some(kind), _) => ProviderEntry {
                id: id.clone(),
                label: built_in.map_or_else(|| id.to_string(), |entry| entry.label.clone()),
                protocol: kind.protocol(),
                responses: matches!(kind, ProviderKind::Openai | ProviderKind::AzureOpenai),
                base_url: base_url.clone(),
                auth: kind.auth(),
                validate: Some(Validation { path: "models".to_owned() }),
                models: ModelList::Open(builtin::of_kind(kind).map(|entry| entry.models.listed().to_vec()).unwrap_or_default()),
                allow_private_network: private,
                ca_file: None,
                api_version: None,
                asks_for_usage: kind.protocol() == Protocol::OpenAiChat,
                prices: Prices::new(),
            },
        };
        entry.base_url = base_url;
        entry.allow_private_network = private;
        if let Some(file) = self.ca_file {
            if !entry.base_url.is_secure() {
                return Err(TableError::CaFile(id.clone()));
            }
            entry.ca_file = Some(file);
        }
        if let Some(version) = self.api_version {
            let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if self.kind != Some(ProviderKind::AzureOpenai) || !is_version {
                return Err(TableError::ApiVersion(id.clone()));
            }
            // The API by deployments has no responses.
            (entry.api_version, entry.responses) = (Some(version), false);
        }
        if let Some(label) = self.label {
            entry.label = label;
        }
        if let Some(path) = self.validate_path {
            let path = path.trim_matches('/').to_owned();
            if path.is_empty() || path.split('/').any(|part| matches!(part, "" | "." | "..")) || path.contains(['?', '#', '@', '\\', ' ']) {
                return Err(TableError::ValidatePath(id.clone()));
            }
            entry.validate = Some(Validation { path });
        }
        if !self.models.is_empty() {
            let open = ModelList::Open(Vec::new());
            if let Some(wrong) = self.models.iter().find(|model| !open.allows(model)) {
                return Err(TableError::Model { id: id.clone(), model: wrong.clone() });
            }
            entry.models = ModelList::Closed(self.models);
        }
        if entry.models.default_model().is_none() {
            return Err(TableError::NoModels(id.clone()));
        }
        if let Some((model, _)) = self.prices.iter().find(|(_, price)| !price.is_sound()) {
            return Err(TableError::Price { id: id.clone(), model: model.clone() });
        }
        if !self.prices.is_empty() {
            entry.prices = self.prices;
        }
        Ok(entry)
    }
}
