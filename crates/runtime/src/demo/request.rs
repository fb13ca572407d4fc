//! The part of a chat-completions request that the demo model looks at.

use super::dialect::Dialect;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize)]
pub(super) struct ChatRequest<'a> {
    #[serde(borrow, default = "unnamed")]
    pub(super) model: Cow<'a, str>,
    #[serde(borrow)]
    messages: Vec<ChatMessage<'a>>,
    #[serde(default)]
    pub(super) stream: bool,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(borrow, default)]
    tools: Option<Vec<Tool<'a>>>,
}

/// A tool on offer.
#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize)]
struct ChatMessage<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow, default)]
    content: Option<Content<'a>>,
}

/// Content is a string, or a list of parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Parts(#[serde(borrow)] Vec<Part<'a>>),
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

fn unnamed() -> Cow<'static, str> {
    Cow::Borrowed("demo")
}

impl ChatRequest<'_> {
    /// What the user wrote last.
    pub(super) fn last_user_text(&self) -> String {
        self.messages.iter().rev().find(|message| message.role == "user").map(ChatMessage::text).unwrap_or_default()
    }

    /// The tool results since then, oldest first: they say how far the script is.
    pub(super) fn results(&self) -> Vec<String> {
        let since = self.messages.iter().rposition(|message| message.role == "user").map_or(0, |position| position + 1);
        self.messages[since..].iter().filter(|message| message.role == "tool").map(ChatMessage::text).collect()
    }

    /// Tools may be called.
    pub(super) fn offers_tools(&self) -> bool {
        self.tools.as_ref().is_some_and(|tools| !tools.is_empty())
    }

    /// Whose tools they are.
    pub(super) fn dialect(&self) -> Dialect {
        let names = self.tools.iter().flatten().filter_map(|tool| tool.function.as_ref()).map(|function| function.name.as_ref());
        Dialect::of(names)
    }

    /// A stream ends with a usage chunk.
    pub(super) fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }

    /// A rough count of what was sent, for the usage report.
    pub(super) fn prompt_words(&self) -> u64 {
        self.messages.iter().map(|message| message.text().split_whitespace().count() as u64).sum()
    }
}

impl ChatMessage<'_> {
    fn text(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Text(text)) => text.to_string(),
            Some(Content::Parts(parts)) => parts.iter().filter_map(|part| part.text.as_deref()).collect(),
        }
    }
}
