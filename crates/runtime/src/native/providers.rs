//! The configured providers, ready to be called.

use super::{
    NativeError, Provider, ProviderKind,
    chat_wire::{ChatWire, EncodedTools},
    failure::Failure,
    http::{self, TurnHttp},
};
use ::http::HeaderValue;
use rig_core::{
    Model, ProviderError,
    completion::{CompletionRequest, ToolDefinition},
    message::{Message, UserContent},
    providers::openai::wire::{Dialect, OpenAIConfig},
    streaming::CompletionStream,
};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// OpenAI's protocol at any address.
const OPENAI_COMPATIBLE: Dialect = Dialect::gateway("openai-compatible", "", "");

/// All providers by name.
pub(super) struct Providers {
    by_id: HashMap<String, Arc<Ready>>,
    default: Option<Arc<Ready>>,
}

/// A provider with everything that its turns share.
struct Ready {
    protocol: Protocol,
    pool: reqwest::Client,
    tools: Vec<ToolDefinition>,
    default_model: String,
}

/// A protocol with its settings. Another kind of provider is another variant, and an arm in [`ModelHandle::stream`].
enum Protocol {
    OpenAi { config: OpenAIConfig, tools: EncodedTools },
}

/// One model of one provider, for one turn.
pub(super) struct ModelHandle {
    provider: Arc<Ready>,
    model: String,
    http: TurnHttp,
}

impl Providers {
    pub(super) fn new(providers: Vec<Provider>, default: Option<&str>, tools: &[ToolDefinition]) -> Result<Self, NativeError> {
        let mut by_id = HashMap::with_capacity(providers.len());
        let mut first = None;
        for provider in providers {
            let ready = Arc::new(Ready::new(&provider, tools)?);
            first.get_or_insert_with(|| Arc::clone(&ready));
            if by_id.insert(provider.id.clone(), ready).is_some() {
                return Err(NativeError::Duplicate(provider.id));
            }
        }
        let default = match default {
            Some(id) => Some(by_id.get(id).cloned().ok_or_else(|| NativeError::UnknownDefault(id.to_owned()))?),
            None if by_id.len() == 1 => first,
            None => None,
        };
        Ok(Self { by_id, default })
    }

    /// Finds the model that a turn names as `provider/model`, or the default.
    pub(super) fn model(&self, name: Option<&str>, turn: HeaderValue, silence: Duration) -> Result<ModelHandle, Failure> {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let (provider, model) = match name {
            None => (self.default.as_ref(), None),
            Some(name) => match name.split_once('/') {
                None => (self.default.as_ref(), Some(name)),
                Some((provider, model)) => (self.by_id.get(provider), Some(model)),
            },
        };
        let Some(provider) = provider else {
            let missing = name.and_then(|name| name.split_once('/')).map_or("any provider", |(provider, _)| provider);
            return Err(Failure::new("byok.key_missing", format!("no key is configured for {missing}; add a provider key first")));
        };
        let model = model.filter(|model| !model.is_empty()).unwrap_or(&provider.default_model).to_owned();
        let http = TurnHttp { pool: provider.pool.clone(), turn, silence };
        Ok(ModelHandle { provider: Arc::clone(provider), model, http })
    }
}

impl Ready {
    fn new(provider: &Provider, tools: &[ToolDefinition]) -> Result<Self, NativeError> {
        let wrong_url = || NativeError::BaseUrl { provider: provider.id.clone(), url: provider.base_url.clone() };
        let url = reqwest::Url::parse(&provider.base_url).map_err(|_| wrong_url())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong_url());
        }
        let key = provider.api_key.expose();
        if HeaderValue::from_str(key).is_err() {
            return Err(NativeError::Key(provider.id.clone()));
        }
        let pool = http::pool(&url).map_err(|error| NativeError::Tls(error.without_url().to_string()))?;
        let protocol = match provider.kind {
            ProviderKind::OpenAiCompatible => {
                let config = OpenAIConfig::with_key(&OPENAI_COMPATIBLE, key.clone());
                let config = config.with_base_url(provider.base_url.trim_end_matches('/'));
                Protocol::OpenAi { config, tools: EncodedTools::new(tools) }
            }
        };
        Ok(Self { protocol, pool, tools: tools.to_vec(), default_model: provider.default_model.clone() })
    }
}

impl ModelHandle {
    /// Prepares a call, with or without tools; nothing is sent before the stream is polled.
    #[expect(clippy::result_large_err, reason = "this is rig's error, on its way to be sorted once per failed call")]
    pub(super) fn stream(&self, mut request: CompletionRequest, tools: bool) -> Result<CompletionStream, ProviderError> {
        match &self.provider.protocol {
            Protocol::OpenAi { config, tools: encoded } => {
                // Rig turns tool results into prose unless the request itself offers tools, so the short way is for
                // the first call of a turn; most turns need no other.
                let is_first = !request.chat_history.last().is_some_and(answers_a_call);
                if tools && !is_first {
                    request.tools.clone_from(&self.provider.tools);
                }
                let wire = ChatWire::new(config, &self.model, (tools && is_first).then(|| encoded.clone()));
                Model::new(wire, self.http.clone()).stream(request)
            }
        }
    }
}

fn answers_a_call(message: &Message) -> bool {
    matches!(message, Message::User { content } if content.iter().any(|part| matches!(part, UserContent::ToolResult(_))))
}
