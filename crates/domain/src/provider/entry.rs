//! One provider of the table.

use super::{BaseUrl, Prices, Protocol, ProviderId};
use std::path::PathBuf;

/// A provider: where it is, what it speaks, how a key is shown to it and proved by it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderEntry {
    /// Its name in keys, models and configuration.
    pub id: ProviderId,
    /// Its name for people.
    pub label: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// It offers OpenAI's responses beside its chat completions.
    pub responses: bool,
    /// Where its API starts, version included.
    pub base_url: BaseUrl,
    /// How a key travels.
    pub auth: KeyPlacement,
    /// How one small call proves a key; `None` where no call does, so that only an override activates a key.
    pub validate: Option<Validation>,
    /// Its models.
    pub models: ModelList,
    /// It may live in a private network.
    pub allow_private_network: bool,
    /// The authorities that vouch for its certificate, in place of the system's: a PEM file.
    pub ca_file: Option<PathBuf>,
    /// It is reached as Azure's deployments are: the model's name in the path, and this version in the query.
    pub api_version: Option<String>,
    /// It reports usage in a stream only when asked by `stream_options`.
    pub asks_for_usage: bool,
    /// What the operator says that tokens cost, by model.
    pub prices: Prices,
}

/// How a key travels in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlacement {
    /// `Authorization: Bearer <key>`.
    Bearer,
    /// A header of its own, in lower case.
    Header(&'static str),
    /// There is no key: the demo model.
    None,
}

/// One small call that only a good key gets an answer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// A path below the base address that is fetched by `GET`. The answer must be a JSON object.
    pub path: String,
}

/// A provider's models, the default first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelList {
    /// Some of many: whatever the provider has may be named.
    Open(Vec<String>),
    /// The operator's list: nothing else may be named.
    Closed(Vec<String>),
}

impl ModelList {
    /// The listed models, the default first.
    pub fn listed(&self) -> &[String] {
        match self {
            Self::Open(models) | Self::Closed(models) => models,
        }
    }

    /// Answers where nobody names a model.
    pub fn default_model(&self) -> Option<&str> {
        self.listed().first().map(String::as_str)
    }

    /// Whether this model may be used.
    pub fn allows(&self, model: &str) -> bool {
        match self {
            Self::Open(_) => is_model_name(model),
            Self::Closed(models) => models.iter().any(|listed| listed == model),
        }
    }
}

/// Model names end up in paths, headers and logs, so they are printable, short, and can't leave their place.
fn is_model_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'@' | b'+');
    !name.is_empty() && name.len() <= 200 && name.bytes().all(plain) && !name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

impl ProviderEntry {
    /// Whether it speaks this protocol.
    pub fn speaks(&self, protocol: Protocol) -> bool {
        self.protocol == protocol || (self.responses && protocol == Protocol::OpenAiResponses)
    }

    /// Whether a key of the organisation is needed.
    pub fn needs_key(&self) -> bool {
        self.auth != KeyPlacement::None
    }

    /// The address of something below its base address.
    pub fn address(&self, path: &str) -> String {
        let address = self.base_url.join(path);
        match &self.api_version {
            Some(version) => format!("{address}?api-version={version}"),
            None => address,
        }
    }

    /// The address of a call of a model whose name travels in the body. Azure's deployments want it in the path, too.
    pub fn call_address(&self, call: &str, model: &str) -> String {
        if self.api_version.is_some() { self.address(&format!("deployments/{model}/{call}")) } else { self.address(call) }
    }

    /// The package with which OpenCode speaks to it.
    pub fn opencode_npm(&self) -> &'static str {
        self.protocol.opencode_npm()
    }
}
