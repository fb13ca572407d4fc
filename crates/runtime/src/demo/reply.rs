//! The demo model's answers as bytes: OpenAI's chat completions, whole or as an event stream.

use super::plan::Round;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A fixed birthday, so that equal requests get equal answers.
const CREATED: u64 = 1_767_225_600;

/// Token counts of one answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    input: u64,
    output: u64,
    cost: Option<f64>,
}

impl Usage {
    pub(super) fn of(round: &Round, prompt_words: u64) -> Self {
        match round.cost {
            Some(_) => Self { input: 100, output: 10, cost: round.cost },
            None => Self { input: prompt_words, output: round.text.pieces().count() as u64, cost: None },
        }
    }

    fn json(self) -> Value {
        let mut usage = json!({ "prompt_tokens": self.input, "completion_tokens": self.output, "total_tokens": self.input + self.output });
        if let Some(cost) = self.cost {
            usage["cost"] = json!(cost);
        }
        usage
    }
}

/// Writes the chunks of one streamed answer.
pub(super) struct Chunks {
    head: String,
    id: String,
}

impl Chunks {
    pub(super) fn new(id: &str, model: &str) -> Self {
        let head = format!(
            r#"data: {{"id":"{id}","object":"chat.completion.chunk","created":{CREATED},"model":{},"choices":["#,
            Value::from(model)
        );
        Self { head, id: id.to_owned() }
    }

    fn chunk(&self, out: &mut String, delta: std::fmt::Arguments<'_>, finish: &str) {
        out.push_str(&self.head);
        let _ = write!(out, r#"{{"index":0,"delta":{{{delta}}},"finish_reason":{finish}}}]}}"#);
        out.push_str("\n\n");
    }

    pub(super) fn role(&self, out: &mut String) {
        self.chunk(out, format_args!(r#""role":"assistant","content":"""#), "null");
    }

    pub(super) fn text(&self, out: &mut String, piece: &str) {
        self.chunk(out, format_args!(r#""content":{}"#, Value::from(piece)), "null");
    }

    pub(super) fn reasoning(&self, out: &mut String, text: &str) {
        self.chunk(out, format_args!(r#""reasoning_content":{}"#, Value::from(text)), "null");
    }

    /// A tool call comes in two pieces, as real models send it: its name, then its arguments.
    pub(super) fn call(&self, out: &mut String, call: &super::plan::ToolCall) {
        let (id, name) = (call_id(&self.id, call.number), call.name);
        let opening = json!([{ "index": 0, "id": id, "type": "function", "function": { "name": name, "arguments": "" } }]);
        self.chunk(out, format_args!(r#""tool_calls":{opening}"#), "null");
        let arguments = json!([{ "index": 0, "function": { "arguments": call.arguments.to_string() } }]);
        self.chunk(out, format_args!(r#""tool_calls":{arguments}"#), "null");
    }

    pub(super) fn end(&self, out: &mut String, round: &Round, usage: Option<Usage>) {
        let finish = if round.call.is_some() { r#""tool_calls""# } else { r#""stop""# };
        self.chunk(out, format_args!(""), finish);
        if let Some(usage) = usage {
            let _ = write!(out, "{}],\"usage\":{}}}\n\n", self.head, usage.json());
        }
        out.push_str("data: [DONE]\n\n");
    }
}

/// The whole answer as one document.
pub(super) fn whole(id: &str, model: &str, round: &Round, usage: Usage) -> String {
    let text: String = round.text.pieces().collect();
    let mut message = json!({ "role": "assistant", "content": text });
    if !round.reasoning.is_empty() {
        message["reasoning_content"] = json!(round.reasoning);
    }
    if let Some(call) = &round.call {
        let function = json!({ "name": call.name, "arguments": call.arguments.to_string() });
        message["tool_calls"] = json!([{ "id": call_id(id, call.number), "type": "function", "function": function }]);
    }
    let finish = if round.call.is_some() { "tool_calls" } else { "stop" };
    json!({
        "id": id, "object": "chat.completion", "created": CREATED, "model": model,
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
        "usage": usage.json(),
    })
    .to_string()
}

/// An error in OpenAI's shape.
pub(super) fn error(status: u16, message: &str) -> String {
    let kind = match status {
        401 | 403 => "authentication_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        400..500 => "invalid_request_error",
        _ => "server_error",
    };
    let code = match status {
        401 => Value::from("invalid_api_key"),
        429 => Value::from("rate_limit_exceeded"),
        _ => Value::Null,
    };
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }).to_string()
}

/// The models there are: one.
pub(super) fn models() -> String {
    json!({ "object": "list", "data": [{ "id": "demo", "object": "model", "created": CREATED, "owned_by": "open-cowork-cloud" }] })
        .to_string()
}

fn call_id(reply: &str, number: usize) -> String {
    format!("call_{}_{number}", reply.trim_start_matches("chatcmpl-"))
}
