//! The usage reports of the protocols.

use super::Counted;
use cowork_domain::{provider::Protocol, runtime_event::Tokens};
use serde::{Deserialize, de::IgnoredAny};

/// The newest word of the provider on each count. Reports of one answer add up to nothing: they are totals so far.
#[derive(Default)]
pub(super) struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    cost: Option<f64>,
    /// Something was reported that nobody was told of yet; true if nothing but the end follows.
    news: Option<bool>,
}

/// Wherever a protocol keeps its report.
#[derive(Deserialize)]
struct Document {
    /// OpenAI; Anthropic's later words.
    #[serde(default)]
    usage: Option<Report>,
    /// OpenAI's responses.
    #[serde(default)]
    response: Option<Inner>,
    /// Anthropic's first word.
    #[serde(default)]
    message: Option<Inner>,
    /// Google.
    #[serde(default, rename = "usageMetadata")]
    google: Option<GoogleReport>,
}

/// What tells the last report of an answer from one in the middle.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Ending {
    /// What kind of event it is, where the protocol has kinds.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// OpenAI's pieces of answers.
    choices: Vec<Piece>,
    /// Google's.
    candidates: Vec<Piece>,
}

/// A piece of an answer, as far as it says whether there is more.
#[derive(Deserialize)]
struct Piece {
    #[serde(default, alias = "finishReason")]
    finish_reason: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(default)]
    usage: Option<Report>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Report {
    #[serde(alias = "prompt_tokens")]
    input_tokens: Option<u64>,
    #[serde(alias = "completion_tokens")]
    output_tokens: Option<u64>,
    #[serde(alias = "prompt_tokens_details")]
    input_tokens_details: Option<InputDetails>,
    #[serde(alias = "completion_tokens_details")]
    output_tokens_details: Option<OutputDetails>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    prompt_cache_hit_tokens: Option<u64>,
    cost: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct GoogleReport {
    prompt_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
}

impl Ending {
    /// Whether an answer is complete with this document.
    fn is_here(protocol: Protocol, document: &[u8]) -> bool {
        let Self { kind, choices, candidates } = serde_json::from_slice(document).unwrap_or_default();
        let ended = |pieces: &[Piece]| pieces.iter().all(|piece| piece.finish_reason.is_some());
        match protocol {
            Protocol::OpenAiChat => ended(&choices),
            Protocol::Google => !candidates.is_empty() && ended(&candidates),
            Protocol::OpenAiResponses => kind.as_deref() == Some("response.completed"),
            Protocol::Anthropic => kind.as_deref() == Some("message_delta"),
        }
    }
}

impl Counts {
    /// Reads a report, if this is one.
    pub(super) fn read(&mut self, protocol: Protocol, text: &[u8]) {
        let Ok(document) = serde_json::from_slice::<Document>(text) else { return };
        if protocol == Protocol::Google {
            let Some(report) = document.google else { return };
            self.take_google(&report);
        } else {
            let inner = [document.response, document.message].into_iter().flatten().find_map(|inner| inner.usage);
            let Some(report) = document.usage.or(inner) else { return };
            self.take(&report);
        }
        self.news = Some(Ending::is_here(protocol, text));
    }

    fn take(&mut self, report: &Report) {
        let inputs = report.input_tokens_details.as_ref();
        let cached = inputs.and_then(|details| details.cached_tokens).or(report.prompt_cache_hit_tokens).or(report.cache_read_input_tokens);
        let written = report.cache_creation_input_tokens.or_else(|| inputs.and_then(|details| details.cache_write_tokens));
        newest(&mut self.input, report.input_tokens);
        newest(&mut self.output, report.output_tokens);
        newest(&mut self.reasoning, report.output_tokens_details.as_ref().and_then(|details| details.reasoning_tokens));
        newest(&mut self.cache_read, cached);
        newest(&mut self.cache_write, written);
        self.cost = report.cost.filter(|cost| cost.is_finite() && *cost >= 0.0).or(self.cost);
    }

    fn take_google(&mut self, report: &GoogleReport) {
        let sum = |first: Option<u64>, second: Option<u64>| first.map(|first| first.saturating_add(second.unwrap_or(0))).or(second);
        newest(&mut self.input, sum(report.prompt_token_count, report.tool_use_prompt_token_count));
        newest(&mut self.output, sum(report.candidates_token_count, report.thoughts_token_count));
        newest(&mut self.reasoning, report.thoughts_token_count);
        newest(&mut self.cache_read, report.cached_content_token_count);
    }

    /// Whether something was reported since this was asked last, and whether nothing but the end follows.
    pub(super) fn take_news(&mut self) -> Option<bool> {
        self.news.take()
    }

    /// The counts in one measure: providers but Anthropic count what the cache served into the prompt.
    pub(super) fn counted(&self, protocol: Protocol) -> Option<Counted> {
        if self.input.is_none() && self.output.is_none() && self.cost.is_none() {
            return None;
        }
        let (cache_read, cache_write) = (self.cache_read.unwrap_or(0), self.cache_write.unwrap_or(0));
        let input = self.input.unwrap_or(0);
        let input = if protocol == Protocol::Anthropic { input } else { input.saturating_sub(cache_read).saturating_sub(cache_write) };
        let tokens = Tokens { input, output: self.output.unwrap_or(0), reasoning: self.reasoning.unwrap_or(0), cache_read, cache_write };
        Some(Counted { tokens, cost: self.cost })
    }
}

fn newest(count: &mut Option<u64>, said: Option<u64>) {
    *count = said.or(*count);
}
