//! The providers that everybody has, as data.

use super::{BaseUrl, KeyPlacement, ModelList, Prices, Protocol, ProviderEntry, ProviderId, ProviderKind, Validation};

/// A row of the table.
struct Row {
    id: &'static str,
    label: &'static str,
    protocol: Protocol,
    base_url: &'static str,
    auth: KeyPlacement,
    /// What only a good key can fetch. A list of models that is public would prove nothing.
    validate: &'static str,
    models: &'static [&'static str],
    responses: bool,
    asks_for_usage: bool,
}

const OPENAI_LIKE: Row = Row {
    id: "",
    label: "",
    protocol: Protocol::OpenAiChat,
    base_url: "",
    auth: KeyPlacement::Bearer,
    validate: "models",
    models: &[],
    responses: false,
    asks_for_usage: true,
};

const ROWS: [Row; 8] = [
    Row {
        id: "openai",
        label: "OpenAI",
        base_url: "https://api.openai.com/v1",
        models: &["gpt-5.6", "gpt-6-sol", "gpt-6-luna", "gpt-5.4-mini", "gpt-5.4-nano"],
        responses: true,
        ..OPENAI_LIKE
    },
    Row {
        id: "anthropic",
        label: "Anthropic",
        protocol: Protocol::Anthropic,
        base_url: "https://api.anthropic.com/v1",
        auth: KeyPlacement::Header("x-api-key"),
        models: &["claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5"],
        asks_for_usage: false,
        ..OPENAI_LIKE
    },
    Row {
        id: "google",
        label: "Google Gemini",
        protocol: Protocol::Google,
        base_url: "https://generativelanguage.googleapis.com/v1beta",
        auth: KeyPlacement::Header("x-goog-api-key"),
        models: &["gemini-3.8-flash", "gemini-2.5-flash"],
        asks_for_usage: false,
        ..OPENAI_LIKE
    },
    Row {
        id: "mistral",
        label: "Mistral",
        base_url: "https://api.mistral.ai/v1",
        models: &["mistral-large-latest", "mistral-medium-latest", "mistral-small-latest", "codestral-latest"],
        // It reports usage unasked, and refuses fields that it doesn't know.
        asks_for_usage: false,
        ..OPENAI_LIKE
    },
    Row {
        id: "groq",
        label: "Groq",
        base_url: "https://api.groq.com/openai/v1",
        models: &["openai/gpt-oss-120b", "openai/gpt-oss-20b", "llama-3.3-70b-versatile"],
        ..OPENAI_LIKE
    },
    Row {
        id: "openrouter",
        label: "OpenRouter",
        base_url: "https://openrouter.ai/api/v1",
        // Its list of models is public.
        validate: "key",
        models: &["anthropic/claude-sonnet-5.5", "anthropic/claude-haiku-4.5", "deepseek/deepseek-v4-pro"],
        asks_for_usage: false,
        ..OPENAI_LIKE
    },
    Row {
        id: "deepseek",
        label: "DeepSeek",
        base_url: "https://api.deepseek.com",
        models: &["deepseek-v4-pro", "deepseek-v4-flash"],
        ..OPENAI_LIKE
    },
    Row { id: "xai", label: "xAI", base_url: "https://api.x.ai/v1", models: &["grok-4.7", "grok-4.3"], responses: true, ..OPENAI_LIKE },
];

/// Every provider that is built in.
pub(super) fn entries() -> impl Iterator<Item = ProviderEntry> {
    ROWS.iter().map(Row::entry)
}

/// The provider after which a kind is modelled, if it has models that every such provider has.
pub(super) fn of_kind(kind: ProviderKind) -> Option<ProviderEntry> {
    let id = match kind {
        ProviderKind::OpenaiCompatible | ProviderKind::AzureOpenai => return None,
        ProviderKind::Openai => "openai",
        ProviderKind::Anthropic => "anthropic",
        ProviderKind::Google => "google",
    };
    ROWS.iter().find(|row| row.id == id).map(Row::entry)
}

/// The demo model, wherever it listens: no key, no private network beyond this machine.
pub(super) fn demo(base_url: &str) -> Option<ProviderEntry> {
    let base_url = BaseUrl::parse(base_url, true).ok()?;
    Some(ProviderEntry {
        id: ProviderId::parse("demo").expect("it is a name"),
        label: "Demo model".to_owned(),
        protocol: Protocol::OpenAiChat,
        responses: false,
        base_url,
        auth: KeyPlacement::None,
        validate: None,
        models: ModelList::Open(vec!["demo".to_owned()]),
        allow_private_network: true,
        ca_file: None,
        api_version: None,
        asks_for_usage: true,
        prices: Prices::new(),
    })
}

impl Row {
    fn entry(&self) -> ProviderEntry {
        ProviderEntry {
            id: ProviderId::parse(self.id).expect("a test reads every row"),
            label: self.label.to_owned(),
            protocol: self.protocol,
            responses: self.responses,
            base_url: BaseUrl::parse(self.base_url, false).expect("a test reads every row"),
            auth: self.auth,
            validate: Some(Validation { path: self.validate.to_owned() }),
            models: ModelList::Open(self.models.iter().map(|model| (*model).to_owned()).collect()),
            allow_private_network: false,
            ca_file: None,
            api_version: None,
            asks_for_usage: self.asks_for_usage,
            prices: Prices::new(),
        }
    }
}
