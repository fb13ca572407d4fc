//! The models that turns of this runtime call, each in its provider's protocol.

use super::{
    chat_wire::{ChatWire, EncodedTools},
    failure::Failure,
    http::{self, LoopbackPool, TurnHttp, Way},
};
use crate::{
    TurnRequest,
    broker::{Grant, KeyBroker, Usage},
};
use ::http::HeaderValue;
use cowork_domain::{
    ids::OrgId,
    policy::Ceiling,
    provider::{Chosen, Protocol, ProviderEntry},
};
use parking_lot::Mutex;
use rig_core::{
    Model, ProviderError,
    completion::{CompletionRequest, ToolDefinition},
    message::{Message, UserContent},
    providers::{
        anthropic::{self, Anthropic, AnthropicConfig},
        gemini::{Gemini, GeminiConfig},
        openai::wire::{Dialect, OpenAIConfig, by_name},
    },
    streaming::CompletionStream,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc::UnboundedReceiver;

/// OpenAI's protocol at any address.
const OPENAI_COMPATIBLE: Dialect = Dialect::gateway("openai-compatible", "", "");
/// Anthropic's protocol at any address.
const ANTHROPIC_COMPATIBLE: anthropic::Dialect = anthropic::compatible("anthropic-compatible", "", "", None);
/// Anthropic wants to be told how long an answer may be. This much every model of theirs can say; of a newer one nobody here knows more.
const UNKNOWN_MODEL_ANSWER: u64 = 8192;
/// Where requests seem to go that are handed to the broker. It takes the path alone.
const BROKER: &str = "http://broker.invalid";
/// Clients want a key in any case; the broker puts the real one in its place, and the demo model takes any.
const NO_KEY: &str = "none";

/// What all turns share.
pub(super) struct Providers {
    broker: KeyBroker,
    /// The profile's model.
    default_model: Option<String>,
    tools: Vec<ToolDefinition>,
    encoded: EncodedTools,
    demo: Option<Demo>,
}

/// The demo model needs no key and so no broker. Its turns are short, so everything for them is made beforehand.
struct Demo {
    pool: Arc<LoopbackPool>,
    config: Arc<OpenAIConfig>,
}

/// One model of one provider, for one turn.
pub(super) struct ModelHandle {
    shared: Arc<Providers>,
    speaker: Speaker,
    http: TurnHttp,
    /// What the broker counted. The demo model's calls are counted by their protocol.
    metered: Option<Mutex<UnboundedReceiver<Usage>>>,
}

/// A protocol, ready for one model.
enum Speaker {
    OpenAi { config: Arc<OpenAIConfig>, model: String },
    Anthropic { config: AnthropicConfig, model: String },
    Google { config: GeminiConfig, model: String },
}

impl Providers {
    pub(super) fn new(broker: KeyBroker, default_model: Option<String>, tools: Vec<ToolDefinition>) -> Self {
        let demo = broker.table().demo().map(|entry| {
            let config = OpenAIConfig::with_key(&OPENAI_COMPATIBLE, NO_KEY).with_base_url(entry.base_url.as_str());
            Demo { pool: Arc::new(http::loopback_pool()), config: Arc::new(config) }
        });
        Self { broker, default_model, encoded: EncodedTools::new(&tools), tools, demo }
    }

    /// How far a tool of an organisation's agents may go.
    pub(super) async fn ceiling(&self, org: &OrgId, tool: &str) -> Result<Ceiling, Failure> {
        Ok(self.broker.ceiling(org, tool).await?)
    }

    /// The model that answers this turn.
    pub(super) async fn model(self: &Arc<Self>, turn: &TurnRequest, silence: Duration) -> Result<ModelHandle, Failure> {
        let resolved = self.broker.resolve(&turn.org, turn.model.as_deref(), self.default_model.as_deref()).await;
        let Chosen { provider, model } = resolved?;
        let shared = Arc::clone(self);
        match &self.demo {
            Some(Demo { pool, config }) if !provider.needs_key() => {
                let name = HeaderValue::from_str(&format!("{}.{}", turn.command, turn.attempt)).expect("an id is hex digits and a prefix");
                let http = TurnHttp { way: Way::Direct { pool: Arc::clone(pool), turn: name }, silence };
                Ok(ModelHandle { shared, speaker: Speaker::OpenAi { config: Arc::clone(config), model }, http, metered: None })
            }
            _ => {
                let mut lease = self.broker.grant(Grant {
                    org: turn.org.clone(),
                    provider: provider.id.clone(),
                    model: model.clone(),
                    session: turn.session,
                    command: turn.command,
                    attempt: turn.attempt,
                });
                let metered = lease.usage().map(Mutex::new);
                let http = TurnHttp { way: Way::Brokered { broker: self.broker.clone(), lease: Arc::new(lease) }, silence };
                Ok(ModelHandle { shared, speaker: Speaker::new(&provider, model), http, metered })
            }
        }
    }
}

impl Speaker {
    fn new(provider: &ProviderEntry, model: String) -> Self {
        let name = provider.id.as_str();
        match provider.protocol {
            Protocol::OpenAiChat | Protocol::OpenAiResponses => {
                // Known providers have habits of their own, which a dialect knows. Rig knows more of them than are built in here,
                // and some by other addresses than an operator would give.
                let is_known = matches!(name, "openai" | "mistral" | "groq" | "openrouter" | "deepseek" | "xai");
                let dialect = by_name(name).filter(|_| is_known).unwrap_or(&OPENAI_COMPATIBLE);
                let config = OpenAIConfig::with_key(dialect, NO_KEY).with_base_url(BROKER);
                Self::OpenAi { config: Arc::new(config), model }
            }
            Protocol::Anthropic => {
                let dialect = if name == anthropic::PROVIDER_NAME { &anthropic::ANTHROPIC } else { &ANTHROPIC_COMPATIBLE };
                Self::Anthropic { config: AnthropicConfig::with_key(dialect, NO_KEY).with_base_url(BROKER), model }
            }
            Protocol::Google => Self::Google { config: GeminiConfig::new(NO_KEY).with_base_url(BROKER), model },
        }
    }
}

impl ModelHandle {
    /// Prepares a call, with or without tools; nothing is sent before the stream is polled.
    #[expect(clippy::result_large_err, reason = "this is rig's error, on its way to be sorted once per failed call")]
    pub(super) fn stream(&self, mut request: CompletionRequest, tools: bool) -> Result<CompletionStream, ProviderError> {
        match &self.speaker {
            Speaker::OpenAi { config, model } => {
                // Rig turns tool results into prose unless the request itself offers tools, so the short way is for
                // the first call of a turn; most turns need no other.
                let is_first = !request.chat_history.last().is_some_and(answers_a_call);
                if tools && !is_first {
                    request.tools.clone_from(&self.shared.tools);
                }
                let wire = ChatWire::new(config, model, (tools && is_first).then(|| self.shared.encoded.clone()));
                Model::new(wire, self.http.clone()).stream(request)
            }
            Speaker::Anthropic { config, model } => {
                self.offer(&mut request, tools);
                if config.dialect.default_max_tokens(model).is_none() {
                    request.max_tokens = Some(UNKNOWN_MODEL_ANSWER);
                }
                let client: Anthropic = config.clone().connect(self.http.clone());
                client.completion(model).stream(request)
            }
            Speaker::Google { config, model } => {
                self.offer(&mut request, tools);
                let client: Gemini = config.clone().connect(self.http.clone());
                client.completion(model).stream(request)
            }
        }
    }

    fn offer(&self, request: &mut CompletionRequest, tools: bool) {
        if tools {
            request.tools.clone_from(&self.shared.tools);
        }
    }

    /// What the broker counted since it was asked last; `None` where the broker isn't on the way.
    pub(super) fn metered(&self) -> Option<Vec<Usage>> {
        let mut metered = self.metered.as_ref()?.lock();
        Some(std::iter::from_fn(|| metered.try_recv().ok()).collect())
    }
}

fn answers_a_call(message: &Message) -> bool {
    matches!(message, Message::User { content } if content.iter().any(|part| matches!(part, UserContent::ToolResult(_))))
}
