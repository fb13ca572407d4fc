//! OpenAI's chat completions as rig speaks them, without the work that is the same for every turn.
//!
//! Rig's wire encodes and fingerprints the tool definitions for each request, and parses each chunk of a
//! stream several times into JSON trees: 380 of the 475 µs of CPU that a short turn took. Here the
//! definitions are encoded once and spliced into the request, and a chunk that holds nothing but text is
//! read directly. Whatever else a provider sends goes through rig's own decoder.

use rig_core::{
    completion::{CompletionRequest, ToolDefinition},
    error::{EncodeError, ProviderError},
    operation::{Block, Completion},
    providers::openai::wire::{Chat, OpenAIConfig},
    wire::{
        Body, Decoder, Descriptor, Encoded, Flow, Mode, Out, Wire, WireEvent, WireFrame,
        document::{Reassemble, Serves},
    },
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};
use std::{borrow::Cow, sync::Arc};

/// The tool definitions as the end of a request: `,"tools":[…]}`.
#[derive(Clone)]
pub(super) struct EncodedTools(Arc<str>);

impl EncodedTools {
    pub(super) fn new(definitions: &[ToolDefinition]) -> Self {
        let tools: Vec<Value> = definitions
            .iter()
            .map(|tool| {
                let function = json!({ "name": tool.name, "description": tool.description, "parameters": tool.parameters });
                json!({ "type": "function", "function": function })
            })
            .collect();
        Self(format!(r#","tools":{}}}"#, Value::Array(tools)).into())
    }

    fn splice_into(&self, body: &mut Body) {
        if let Body::Bytes(bytes) = body
            && bytes.len() > 2
            && bytes.last() == Some(&b'}')
        {
            bytes.pop();
            bytes.extend_from_slice(self.0.as_bytes());
        }
    }
}

/// Rig's wire with the tools beside it. Cloned with every call, so it is one reference.
#[derive(Clone)]
pub(super) struct ChatWire(Arc<Parts>);

struct Parts {
    chat: Chat,
    tools: Option<EncodedTools>,
}

impl ChatWire {
    pub(super) fn new(config: &OpenAIConfig, model: &str, tools: Option<EncodedTools>) -> Self {
        Self(Arc::new(Parts { chat: Chat::new(config.clone(), model), tools }))
    }
}

impl Wire for ChatWire {
    type Op = Completion;
    type Payload = Encoded;
    type Frame = WireFrame;
    type Decoder<'id> = ChunkDecoder<<Chat as Wire>::Decoder<'id>>;
    type Reassembler = NoDocument;

    fn describe(&self) -> Descriptor<'_> {
        self.0.chat.describe()
    }

    fn encode(&self, request: CompletionRequest, mode: Mode) -> Result<Encoded, EncodeError> {
        let mut encoded = self.0.chat.encode(request, mode)?;
        if let Some(tools) = &self.0.tools {
            tools.splice_into(encoded.request.body_mut());
        }
        Ok(encoded)
    }

    fn decoder<'id>(&self) -> Self::Decoder<'id> {
        ChunkDecoder(self.0.chat.decoder())
    }
}

/// Reads plain text chunks itself, and leaves the others to rig.
pub(super) struct ChunkDecoder<D>(D);

/// One chunk of the stream.
pub(super) enum Chunk<E> {
    Text(String),
    Other(E),
}

impl<'id, D: Decoder<'id, Completion, WireFrame>> Decoder<'id, Completion, WireFrame> for ChunkDecoder<D> {
    type Event = Chunk<D::Event>;

    fn classify(&self, frame: WireFrame) -> WireEvent<Self::Event> {
        if let Some(text) = plain_text(&frame.as_str()) {
            return WireEvent::Known(Chunk::Text(text));
        }
        match self.0.classify(frame) {
            WireEvent::Known(event) => WireEvent::Known(Chunk::Other(event)),
            WireEvent::Unknown { event_type, value } => WireEvent::Unknown { event_type, value },
            WireEvent::Corrupt(error) => WireEvent::Corrupt(error),
        }
    }

    fn decode(&mut self, event: Self::Event, mut out: Out<'id, Completion>) -> Result<Flow, ProviderError> {
        match event {
            Chunk::Text(text) => {
                if !text.is_empty() {
                    out.run(Block::Text, &text)?;
                }
                Ok(Flow::More)
            }
            Chunk::Other(event) => self.0.decode(event, out),
        }
    }

    fn eof(&mut self, out: Out<'id, Completion>) -> Result<Flow, ProviderError> {
        self.0.eof(out)
    }
}

/// Nobody reads the provider's own document, so none is put together.
#[derive(Default)]
pub(super) struct NoDocument;

impl Serves<Completion> for NoDocument {}

impl Reassemble<WireFrame> for NoDocument {
    fn absorb(&mut self, _frame: &WireFrame) {}

    fn finish(self) -> Value {
        Value::Null
    }
}

/// The text of a chunk that holds text and nothing else that matters.
fn plain_text(data: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Plain<'a> {
        #[serde(borrow)]
        choices: [Choice<'a>; 1],
        #[serde(default)]
        usage: Option<IgnoredAny>,
        #[serde(default)]
        error: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Choice<'a> {
        #[serde(default)]
        index: u32,
        #[serde(borrow)]
        delta: Delta<'a>,
        #[serde(default)]
        finish_reason: Option<IgnoredAny>,
        #[serde(default)]
        message: Option<IgnoredAny>,
    }
    // Reasoning, refusals and tool calls are further fields of the delta: any of them is rig's to read.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Delta<'a> {
        #[serde(borrow)]
        content: Cow<'a, str>,
        #[serde(default, rename = "role")]
        _role: IgnoredAny,
    }
    let Plain { choices: [choice], usage: None, error: None } = serde_json::from_str(data).ok()? else { return None };
    (choice.index == 0 && choice.finish_reason.is_none() && choice.message.is_none()).then(|| choice.delta.content.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_text_is_read_directly() {
        let chunk =
            |delta: &str, rest: &str| plain_text(&format!(r#"{{"id":"x","choices":[{{"index":0,"delta":{delta}{rest}}}],"usage":null}}"#));
        assert_eq!(
            chunk(r#"{"role":"assistant","content":"a \"b\""}"#, r#","finish_reason":null,"logprobs":null"#).as_deref(),
            Some("a \"b\"")
        );
        assert_eq!(chunk(r#"{"content":"a"}"#, r#","finish_reason":"stop""#), None);
        for delta in
            [r#"{"content":null}"#, r#"{"content":"a","reasoning":"b"}"#, r#"{"content":[]}"#, r#"{"content":"","tool_calls":[]}"#, "{}"]
        {
            assert_eq!(chunk(delta, ""), None, "{delta}");
        }
        for other in ["[DONE]", r#"{"error":{"message":"x"}}"#, r#"{"choices":[],"usage":{}}"#] {
            assert_eq!(plain_text(other), None, "{other}");
        }
    }
}
