//! Turns in every protocol: text, a tool call with its result, and the count.

use super::{Behaviour, Double, KEY, Stage, turn};
use crate::{
    house::{PATIENCE, answers, brisk, broker, finish, org, runtime, tool_ends, willing},
    keys::Keys,
};
use cowork_domain::{
    provider::{ProviderId, ProviderTable},
    runtime_event::{RuntimeEvent, Tokens, ToolStatus},
};
use cowork_runtime::{Runtime as _, TurnRequest};

const ANTHROPIC_TOOL: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"model-a\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":30,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"todo\",\"input\":{}}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"todos\\\":[{\\\"content\\\":\\\"work\\\",\\\"status\\\":\\\"pending\\\"}]}\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":12}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
);
pub(crate) const ANTHROPIC_TEXT: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"model-a\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":40,\"cache_read_input_tokens\":8,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"all \"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"done\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":5}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
);
const GOOGLE_TOOL: &str = "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"functionCall\":{\"name\":\"todo\",\"args\":{\"todos\":[{\"content\":\"work\",\"status\":\"pending\"}]}}}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":30,\"candidatesTokenCount\":12,\"totalTokenCount\":42},\"modelVersion\":\"model-a\",\"responseId\":\"r1\"}\r\n\r\n";
pub(crate) const GOOGLE_TEXT: &str = concat!(
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"all \"}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":48},\"modelVersion\":\"model-a\",\"responseId\":\"r2\"}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"done\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":48,\"candidatesTokenCount\":5,\"cachedContentTokenCount\":8,\"totalTokenCount\":53},\"modelVersion\":\"model-a\",\"responseId\":\"r2\"}\r\n\r\n"
);
const OPENAI_TOOL: &str = concat!(
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"todo\",\"arguments\":\"{\\\"todos\\\":[{\\\"content\\\":\\\"work\\\",\\\"status\\\":\\\"pending\\\"}]}\"}}]},\"finish_reason\":null}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":12,\"total_tokens\":42}}\n\ndata: [DONE]\n\n"
);
pub(crate) const OPENAI_TEXT: &str = concat!(
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"all \"},\"finish_reason\":null}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"done\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":48,\"completion_tokens\":5,\"total_tokens\":53,\"prompt_tokens_details\":{\"cached_tokens\":8}}}\n\ndata: [DONE]\n\n"
);

#[tokio::test]
async fn every_protocol_talks_uses_tools_and_is_counted() {
    for (kind, header, key, path, streams) in [
        ("openai-compatible", "authorization", format!("Bearer {KEY}"), "/v1/chat/completions", [OPENAI_TOOL, OPENAI_TEXT]),
        ("anthropic", "x-api-key", KEY.to_owned(), "/v1/messages", [ANTHROPIC_TOOL, ANTHROPIC_TEXT]),
        ("google", "x-goog-api-key", KEY.to_owned(), "/v1/models/model-a:streamGenerateContent?alt=sse", [GOOGLE_TOOL, GOOGLE_TEXT]),
    ] {
        let stage = Stage::new(kind, Behaviour::Streams(streams.into())).await;
        let events = finish(stage.runtime(brisk()).start(turn("do the work")), willing).await;
        assert_eq!(events.last(), Some(&RuntimeEvent::Finished), "{kind}: {events:?}");
        assert_eq!(answers(&events), ["all done"], "{kind}");
        assert!(matches!(tool_ends(&events)[..], [("todo", ToolStatus::Complete, _)]), "{kind}: {events:?}");
        let costs: Vec<_> = events
            .iter()
            .filter_map(|event| if let RuntimeEvent::ModelCall { cost, tokens, .. } = event { Some((*cost, *tokens)) } else { None })
            .collect();
        let first = Tokens { input: 30, output: 12, ..Tokens::default() };
        let second = Tokens { input: 40, output: 5, cache_read: 8, ..Tokens::default() };
        assert_eq!(costs.iter().map(|(_, tokens)| *tokens).collect::<Vec<_>>(), [first, second], "{kind}");
        assert!((costs[0].0 - 0.000_54).abs() < 1e-9, "{kind}: 30 at 10 and 12 at 20 dollars per million: {costs:?}");

        let seen = stage.double.seen();
        assert_eq!(seen.len(), 2, "{kind}");
        for request in &seen {
            assert_eq!((request.path.as_str(), request.headers[header].to_str().ok()), (path, Some(key.as_str())), "{kind}");
            assert!(
                request.body.get("tools").is_some_and(|tools| !tools.as_array().is_none_or(Vec::is_empty)),
                "{kind}: tools are offered as tools"
            );
        }
        let result = seen[1].body.to_string();
        assert!(
            ["\"tool_call_id\"", "\"tool_result\"", "\"functionResponse\""].iter().any(|shape| result.contains(shape)),
            "{kind}: {result}"
        );
    }
}

#[tokio::test]
async fn what_is_built_in_is_called_where_it_listens() {
    for (name, path, stream) in [
        ("openai", "/v1/chat/completions", OPENAI_TEXT),
        ("mistral", "/v1/chat/completions", OPENAI_TEXT),
        ("groq", "/v1/chat/completions", OPENAI_TEXT),
        ("openrouter", "/v1/chat/completions", OPENAI_TEXT),
        ("deepseek", "/v1/chat/completions", OPENAI_TEXT),
        ("xai", "/v1/chat/completions", OPENAI_TEXT),
        ("anthropic", "/v1/messages", ANTHROPIC_TEXT),
        ("google", "/v1/models/newest:streamGenerateContent?alt=sse", GOOGLE_TEXT),
    ] {
        let provider = ProviderId::parse(name).expect("it is a name");
        let (double, keys) = (Double::start(Behaviour::Streams(vec![stream])).await, Keys::none());
        keys.place(&org(), &provider, KEY);
        let moved = serde_json::json!({ "baseUrl": format!("{}/v1", double.origin), "allowPrivateNetwork": true });
        let moved = serde_json::from_value(moved).expect("it is one");
        let table = ProviderTable::builtin().with([(provider, moved)].into()).expect("a sound provider");
        let (broker, folder) = (broker(table, &keys, PATIENCE).await, tempfile::tempdir().expect("a temporary folder"));
        let runtime = runtime(&broker, folder.path().to_owned(), brisk());
        let events = finish(runtime.start(TurnRequest { model: Some(format!("{name}/newest")), ..turn("hello") }), willing).await;
        assert_eq!((events.last(), answers(&events)), (Some(&RuntimeEvent::Finished), vec!["all done"]), "{name}: {events:?}");
        let seen = double.seen();
        assert_eq!((seen.len(), seen[0].path.as_str()), (1, path), "{name}");
        assert!(seen[0].body.get("tools").is_some() && (name == "google" || seen[0].body["model"] == "newest"), "{name}: {}", seen[0].body);
    }
}
