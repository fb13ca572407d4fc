//! Counting what a call costs, from the answer as it passes by.

mod counts;

use counts::Counts;
use cowork_domain::{
    provider::{Protocol, ProviderId},
    runtime_event::{RuntimeEvent, Tokens},
};

/// Beyond this a line, or an answer that is no stream, isn't looked at.
const MAX_LOOKED_AT: usize = 4 << 20;

/// What a call cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// Who answered.
    pub provider: ProviderId,
    /// Which model.
    pub model: String,
    /// Its tokens: `input` without what the cache served or took, `output` with reasoning.
    pub tokens: Tokens,
    /// US dollars, if the provider or the operator's prices say so.
    pub cost: Option<f64>,
}

impl From<Usage> for RuntimeEvent {
    fn from(usage: Usage) -> Self {
        let Usage { provider, model, tokens, cost } = usage;
        Self::ModelCall { provider, model, cost: cost.unwrap_or(0.0), tokens }
    }
}

/// Tokens, and a cost if the provider names one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counted {
    pub(super) tokens: Tokens,
    pub(super) cost: Option<f64>,
}

/// What the provider has reported so far.
pub(super) struct Report {
    pub(super) counted: Counted,
    /// Nothing but the end follows.
    pub(super) is_last: bool,
}

/// Reads along. It never holds anything back: lines that are spread over several pieces are put together in a copy.
pub(super) struct Meter {
    protocol: Protocol,
    /// A stream of events, or one document.
    streams: bool,
    /// The beginning of a line whose end hasn't come, or the document so far.
    begun: Vec<u8>,
    /// What has begun is too long to be looked at.
    skips: bool,
    counts: Counts,
}

impl Meter {
    pub(super) fn new(protocol: Protocol, streams: bool) -> Self {
        Self { protocol, streams, begun: Vec::new(), skips: false, counts: Counts::default() }
    }

    /// The next piece of the answer.
    pub(super) fn see(&mut self, piece: &[u8]) {
        if !self.streams {
            return self.keep(piece);
        }
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if self.begun.is_empty() && !self.skips {
                self.line(line);
            } else {
                self.keep(line);
                let whole = std::mem::take(&mut self.begun);
                if !std::mem::take(&mut self.skips) {
                    self.line(&whole);
                }
            }
            rest = after;
        }
        self.keep(rest);
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.skips || self.begun.len() + piece.len() > MAX_LOOKED_AT {
            self.skips = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(piece);
        }
    }

    fn line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data:") else { return };
        // Most events are text; only those that speak of usage are read.
        if data.windows(5).any(|word| word.eq_ignore_ascii_case(b"usage")) {
            self.counts.read(self.protocol, data);
        }
    }

    /// What the provider reported since this was asked last.
    pub(super) fn news(&mut self) -> Option<Report> {
        let is_last = self.counts.take_news()?;
        self.counts.counted(self.protocol).map(|counted| Report { counted, is_last })
    }

    /// What was counted, if the provider said anything.
    pub(super) fn finish(&mut self) -> Option<Counted> {
        let begun = std::mem::take(&mut self.begun);
        if !self.skips {
            if self.streams {
                self.line(&begun);
            } else {
                self.counts.read(self.protocol, &begun);
            }
        }
        self.counts.counted(self.protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(protocol: Protocol, stream: &str, size: usize) -> Option<Counted> {
        let mut meter = Meter::new(protocol, true);
        stream.as_bytes().chunks(size).for_each(|piece| meter.see(piece));
        meter.finish()
    }

    #[test]
    fn every_protocol_is_counted_however_it_is_cut_into_pieces() {
        let openai = "data: {\"choices\":[{\"delta\":{\"content\":\"no usage here\"}}],\"usage\":null}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"prompt_tokens_details\":{\"cached_tokens\":60},\"completion_tokens_details\":{\"reasoning_tokens\":5},\"cost\":0.25}}\n\ndata: [DONE]\n\n";
        let responses = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":100,\"output_tokens\":20,\"input_tokens_details\":{\"cached_tokens\":60},\"output_tokens_details\":{\"reasoning_tokens\":5}}}}\n\n";
        let anthropic = "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":40,\"cache_read_input_tokens\":60,\"cache_creation_input_tokens\":7,\"output_tokens\":1}}}\r\n\r\nevent: message_delta\r\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":20}}\r\n\r\n";
        let google = "data: {\"candidates\":[],\"usageMetadata\":{\"promptTokenCount\":100}}\r\n\r\ndata: {\"usageMetadata\":{\"promptTokenCount\":100,\"candidatesTokenCount\":15,\"thoughtsTokenCount\":5,\"cachedContentTokenCount\":60}}\r\n\r\n";
        for size in [1, 7, 64, 4096] {
            let tokens = Tokens { input: 40, output: 20, reasoning: 5, cache_read: 60, cache_write: 0 };
            assert_eq!(count(Protocol::OpenAiChat, openai, size), Some(Counted { tokens, cost: Some(0.25) }));
            assert_eq!(count(Protocol::OpenAiResponses, responses, size), Some(Counted { tokens, cost: None }));
            assert_eq!(count(Protocol::Google, google, size), Some(Counted { tokens, cost: None }));
            let tokens = Tokens { reasoning: 0, cache_write: 7, ..tokens };
            assert_eq!(count(Protocol::Anthropic, anthropic, size), Some(Counted { tokens, cost: None }));
        }
    }

    /// A budget ends what goes on, never what is complete.
    #[test]
    fn a_report_in_the_middle_is_told_from_the_last_one() {
        for (protocol, report, is_last) in [
            (Protocol::OpenAiChat, r#"{"choices":[],"usage":{"prompt_tokens":1}}"#, true),
            (Protocol::OpenAiChat, r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#, true),
            (Protocol::OpenAiChat, r#"{"choices":[{"finish_reason":null}],"usage":{"prompt_tokens":1}}"#, false),
            (Protocol::OpenAiResponses, r#"{"type":"response.completed","response":{"usage":{"input_tokens":1}}}"#, true),
            (Protocol::Anthropic, r#"{"type":"message_start","message":{"usage":{"input_tokens":1}}}"#, false),
            (Protocol::Anthropic, r#"{"type":"message_delta","usage":{"output_tokens":1}}"#, true),
            (Protocol::Google, r#"{"candidates":[{"content":{}}],"usageMetadata":{"promptTokenCount":1}}"#, false),
            (Protocol::Google, r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1}}"#, true),
        ] {
            let mut meter = Meter::new(protocol, true);
            meter.see(format!("data: {report}\n\n").as_bytes());
            assert_eq!(meter.news().map(|report| report.is_last), Some(is_last), "{report}");
            assert!(meter.news().is_none(), "it is told once");
        }
    }

    #[test]
    fn an_answer_that_is_no_stream_is_counted_too_and_nonsense_is_not() {
        let mut meter = Meter::new(Protocol::Anthropic, false);
        meter.see(br#"{"content":[],"usage":{"input_tokens":3,"#);
        meter.see(br#""output_tokens":4}}"#);
        assert_eq!(meter.finish().map(|counted| (counted.tokens.input, counted.tokens.output)), Some((3, 4)));
        for stream in ["", "data: usage\n", "data: {\"usage\":7}\n", "usage", "data: {\"usage\":{\"prompt_tokens\":-1}}\n\n"] {
            assert_eq!(count(Protocol::OpenAiChat, stream, 64), None, "{stream}");
        }
    }
}
