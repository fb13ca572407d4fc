//! The languages that providers speak.

use serde::{Deserialize, Serialize};

/// A protocol of model calls. It decides which paths exist, where the model is named, and how usage is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// OpenAI's chat completions: `POST chat/completions`.
    OpenAiChat,
    /// OpenAI's responses: `POST responses`.
    OpenAiResponses,
    /// Anthropic's messages: `POST messages`.
    Anthropic,
    /// Google's generateContent: `POST models/<model>:streamGenerateContent`.
    Google,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 4] = [Self::OpenAiChat, Self::OpenAiResponses, Self::Anthropic, Self::Google];

    /// The name in configuration, metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::OpenAiResponses => "openai-responses",
            Self::Anthropic => "anthropic",
            Self::Google => "google",
        }
    }

    /// The package with which OpenCode speaks it; these come with OpenCode, so nothing is fetched at run time.
    pub const fn opencode_npm(self) -> &'static str {
        match self {
            Self::OpenAiChat => "@ai-sdk/openai-compatible",
            Self::OpenAiResponses => "@ai-sdk/openai",
            Self::Anthropic => "@ai-sdk/anthropic",
            Self::Google => "@ai-sdk/google",
        }
    }

    /// The version that starts the paths of clients of this protocol. In the table the base address holds it.
    pub const fn version_segment(self) -> &'static str {
        match self {
            Self::Google => "v1beta",
            _ => "v1",
        }
    }
}
