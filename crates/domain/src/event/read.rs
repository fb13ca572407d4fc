//! Reading stored payloads back.
//!
//! Reading is lenient, so that a log written by another version, or copied from elsewhere, folds
//! like a typed event: alternative keys are accepted, unknown fields ignored, wrong types count as absent.

use super::{
    ArtifactRecord, Attachment, EventBody, EventType, ItemCounts, MessageMode, ProjectSource, QuestionTool, TaskRunEvent, ToolCallEvent,
};
use crate::{
    runtime_event::{Question, QuestionOption, TaskStatus, Todo, Tokens, ToolStatus},
    timestamp::Timestamp,
};
use serde_json::{Map, Value};

/// A payload that can't be that of an event of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPayload {
    /// Not a JSON object.
    #[error("the payload of a {0} event is not a JSON object")]
    NotAnObject(EventType),
    /// A field is missing without which the event says nothing.
    #[error("the payload of a {0} event has no {1}")]
    Missing(EventType, &'static str),
    /// The type is never stored.
    #[error("a {0} event is never stored")]
    NeverStored(EventType),
}

/// The fields of a payload; every getter treats a value of the wrong type as absent.
struct Fields(Map<String, Value>);

impl Fields {
    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The first of these fields that holds a non-empty text.
    fn name(&mut self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name).filter(|text| !text.is_empty()))
    }

    fn flag(&mut self, name: &str) -> bool {
        self.take(name) == Some(Value::Bool(true))
    }

    fn number(&mut self, name: &str) -> f64 {
        self.take(name).and_then(|value| value.as_f64()).filter(|number| number.is_finite()).unwrap_or(0.0)
    }

    fn object(&mut self, name: &str) -> Map<String, Value> {
        match self.take(name) {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    fn list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.take(name) {
            Some(Value::Array(items)) => Some(items),
            _ => None,
        }
    }

    fn parsed<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        self.take(name).and_then(|value| serde_json::from_value(value).ok())
    }

    fn attachments(&mut self) -> Option<Vec<Attachment>> {
        let items = self.list("attachments")?;
        Some(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect())
    }

    fn tokens(&mut self, name: &str) -> Tokens {
        self.take(name).as_ref().map(read_tokens).unwrap_or_default()
    }
}

impl EventBody {
    /// Reads the payload of a stored event.
    pub fn read(event_type: EventType, payload: &str) -> Result<Self, InvalidPayload> {
        let Ok(Value::Object(object)) = serde_json::from_str(payload) else {
            return Err(InvalidPayload::NotAnObject(event_type));
        };
        let mut fields = Fields(object);
        let missing = |name| InvalidPayload::Missing(event_type, name);
        Ok(match event_type {
            EventType::SessionCreated => {
                Self::SessionCreated { title: fields.text("title"), runtime_pending: fields.flag("runtimePending") }
            }
            EventType::SessionImported => Self::SessionImported {
                source_fingerprint: fields.text("sourceFingerprint").unwrap_or_default(),
                imported_at: fields.text("importedAt").and_then(|text| Timestamp::parse(&text)),
                item_counts: read_item_counts(fields.take("itemCounts").as_ref()),
            },
            EventType::ProjectSourceBound => {
                let project_source: Option<ProjectSource> = fields.parsed("projectSource");
                Self::ProjectSourceBound { project_source: project_source.ok_or(missing("projectSource"))? }
            }
            EventType::PromptSubmitted => Self::PromptSubmitted {
                command_id: fields.parsed("commandId"),
                message_id: fields.name(&["messageId"]),
                text: fields.text("text").unwrap_or_default(),
                agent: fields.text("agent"),
                attachments: fields.attachments(),
                imported: fields.flag("imported"),
            },
            EventType::AssistantMessage => Self::AssistantMessage {
                message_id: fields.name(&["messageId"]),
                content: fields.text("content").unwrap_or_default(),
                mode: if fields.text("mode").as_deref() == Some("append") { MessageMode::Append } else { MessageMode::Replace },
                attachments: fields.attachments(),
                imported: fields.flag("imported"),
            },
            EventType::ToolCall => Self::ToolCall(read_tool_call(&mut fields)),
            EventType::TaskRun => Self::TaskRun(read_task_run(&mut fields)),
            EventType::PermissionRequested => Self::PermissionRequested {
                permission_id: fields.name(&PERMISSION_KEYS).ok_or(missing("permissionId"))?,
                tool: fields.name(&["tool"]),
                input: fields.object("input"),
                description: fields.name(&["description"]),
                task_run_id: fields.name(&["taskRunId"]),
                source_session_id: fields.name(&["sourceSessionId"]),
            },
            EventType::PermissionResolved => {
                let reply = fields.name(&["reply", "response"]);
                Self::PermissionResolved {
                    command_id: fields.parsed("commandId"),
                    permission_id: fields.name(&PERMISSION_KEYS).ok_or(missing("permissionId"))?,
                    allowed: fields.flag("allowed") || matches!(reply.as_deref(), Some("allow" | "once" | "always")),
                    tool: fields.name(&["tool"]),
                    description: fields.name(&["description"]),
                }
            }
            EventType::QuestionAsked => Self::QuestionAsked {
                request_id: fields.name(&QUESTION_KEYS).ok_or(missing("requestId"))?,
                questions: fields.list("questions").unwrap_or_default().into_iter().filter_map(read_question).collect(),
                tool: read_question_tool(fields.object("tool")),
                source_session_id: fields.name(&["sourceSessionId"]),
            },
            EventType::QuestionResolved => Self::QuestionResolved {
                command_id: fields.parsed("commandId"),
                request_id: fields.name(&QUESTION_KEYS).ok_or(missing("requestId"))?,
                answers: fields.list("answers"),
                rejected: fields.flag("rejected"),
            },
            EventType::TodosUpdated => Self::TodosUpdated { todos: read_todos(fields.list("todos").unwrap_or_default()) },
            EventType::CostUpdated => {
                Self::CostUpdated { cost: fields.number("cost"), tokens: fields.tokens("tokens"), imported: fields.flag("imported") }
            }
            EventType::ArtifactCreated => Self::ArtifactCreated(read_artifact(&mut fields).ok_or(missing("artifactId"))?),
            EventType::ArtifactUpdated => Self::ArtifactUpdated(read_artifact(&mut fields).ok_or(missing("artifactId"))?),
            EventType::SessionStatus => Self::SessionStatus {
                status_type: fields.text("statusType").unwrap_or_default(),
                reason: fields.text("reason"),
                preserve_error: fields.flag("preserveError"),
            },
            EventType::SessionIdle => Self::SessionIdle { imported: fields.flag("imported"), preserve_error: fields.flag("preserveError") },
            EventType::SessionAborted => Self::SessionAborted { command_id: fields.parsed("commandId") },
            EventType::RuntimeError => Self::RuntimeError {
                id: fields.name(&["id"]),
                command_id: fields.parsed("commandId"),
                message: fields.text("message"),
                code: fields.text("code"),
            },
            EventType::SnapshotRequired | EventType::ChannelDelivery => return Err(InvalidPayload::NeverStored(event_type)),
        })
    }
}

const PERMISSION_KEYS: [&str; 4] = ["permissionId", "id", "requestId", "requestID"];
const QUESTION_KEYS: [&str; 3] = ["requestId", "requestID", "id"];

fn read_tool_call(fields: &mut Fields) -> ToolCallEvent {
    ToolCallEvent {
        id: fields.name(&["id", "callId", "toolCallId"]),
        name: fields.name(&["name", "tool"]),
        input: fields.object("input"),
        status: fields.parsed("status").unwrap_or(ToolStatus::Running),
        output: match fields.take("output") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(other) => Some(other.to_string()),
        },
        output_paths: fields
            .list("outputPaths")
            .map(|paths| paths.into_iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()),
        attachments: fields.attachments(),
        agent: fields.name(&["agent"]),
        source_session_id: fields.name(&["sourceSessionId"]),
        task_run_id: fields.name(&["taskRunId"]),
    }
}

fn read_task_run(fields: &mut Fields) -> TaskRunEvent {
    TaskRunEvent {
        id: fields.name(&["taskRunId", "id"]),
        title: fields.name(&["title", "taskTitle"]),
        agent: fields.name(&["agent"]),
        status: fields.parsed("status").unwrap_or(TaskStatus::Queued),
        source_session_id: fields.name(&["sourceSessionId"]),
        parent_session_id: fields.name(&["parentSessionId"]),
        content: fields.text("content").unwrap_or_default(),
        error: fields.text("error"),
        session_cost: fields.number("sessionCost"),
        session_tokens: fields.tokens("sessionTokens"),
        started_at: fields.text("startedAt"),
        finished_at: fields.text("finishedAt"),
    }
}

fn read_artifact(fields: &mut Fields) -> Option<ArtifactRecord> {
    let artifact_id = fields.name(&["artifactId", "cloudArtifactId", "id"])?;
    Some(ArtifactRecord {
        filename: fields.name(&["filename"]).unwrap_or_else(|| artifact_id.clone()),
        artifact_id,
        mime: fields.name(&["mime", "contentType"]),
        size: fields.take("size").as_ref().and_then(whole_number),
        created_at: fields.text("createdAt"),
        updated_at: fields.text("updatedAt"),
        kind: fields.text("kind"),
        status: fields.text("status"),
        author_agent_id: fields.text("authorAgentId"),
        project_id: fields.text("projectId"),
        task_id: fields.text("taskId"),
        task_run_id: fields.name(&["taskRunId"]),
        status_updated_by: fields.text("statusUpdatedBy"),
        status_updated_at: fields.text("statusUpdatedAt"),
        checksum_sha256: fields.text("checksumSha256"),
    })
}

/// As leniently as from the log.
impl<'de> serde::Deserialize<'de> for ArtifactRecord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields(Map::deserialize(deserializer)?);
        read_artifact(&mut fields).ok_or_else(|| serde::de::Error::missing_field("artifactId"))
    }
}

fn read_question(item: Value) -> Option<Question> {
    let Value::Object(object) = item else { return None };
    let mut fields = Fields(object);
    let question = fields.name(&["question"]).filter(|text| !text.trim().is_empty())?;
    let options = fields.list("options").unwrap_or_default().into_iter().filter_map(|option| match option {
        Value::String(label) => Some(QuestionOption { label, description: String::new() }),
        other => serde_json::from_value(other).ok(),
    });
    Some(Question {
        header: fields.text("header").unwrap_or_default(),
        question,
        options: options.collect(),
        multiple: fields.flag("multiple"),
        custom: fields.take("custom") != Some(Value::Bool(false)),
    })
}

fn read_question_tool(object: Map<String, Value>) -> Option<QuestionTool> {
    let mut fields = Fields(object);
    Some(QuestionTool { message_id: fields.name(&["messageId", "messageID"])?, call_id: fields.name(&["callId", "callID"])? })
}

/// Entries without content are dropped (contract 01 §5); also the reading of an import.
pub(crate) fn read_todos(items: Vec<Value>) -> Vec<Todo> {
    let read = |item| {
        let Value::Object(object) = item else { return None };
        let mut fields = Fields(object);
        Some(Todo {
            content: fields.name(&["content"]).filter(|text| !text.trim().is_empty())?,
            status: fields.name(&["status"]).unwrap_or_else(|| "pending".to_owned()),
            priority: fields.name(&["priority"]).unwrap_or_else(|| "medium".to_owned()),
            id: fields.name(&["id"]),
        })
    };
    items.into_iter().filter_map(read).collect()
}

/// Counts of tokens, in the flat form or with a nested `cache`.
pub(crate) fn read_tokens(value: &Value) -> Tokens {
    let count = |value: Option<&Value>| value.and_then(whole_number).unwrap_or(0);
    let cache = |flat: &str, nested: &str| match value.get(flat) {
        Some(found) => count(Some(found)),
        None => count(value.get("cache").and_then(|cache| cache.get(nested))),
    };
    Tokens {
        input: count(value.get("input")),
        output: count(value.get("output")),
        reasoning: count(value.get("reasoning")),
        cache_read: cache("cacheRead", "read"),
        cache_write: cache("cacheWrite", "write"),
    }
}

/// Counts of an import's items; whatever isn't a non-negative number counts as zero.
pub(crate) fn read_item_counts(value: Option<&Value>) -> ItemCounts {
    let count = |name| value.and_then(|value| value.get(name)).and_then(whole_number).unwrap_or(0);
    ItemCounts {
        messages: count("messages"),
        artifacts: count("artifacts"),
        attachments: count("attachments"),
        project_source: count("projectSource"),
        excluded: count("excluded"),
    }
}

/// A non-negative number without its fraction; not more than a JSON reader keeps exactly (2^53).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number was checked to be within 0 and 2^53")]
fn whole_number(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    let number = value.as_f64().filter(|number| number.is_finite() && *number >= 0.0)?;
    Some(number.min(EXACT) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event_type: EventType, payload: &str) -> EventBody {
        EventBody::read(event_type, payload).expect("readable")
    }

    #[test]
    fn alternative_keys_mean_the_same() {
        for payload in
            [r#"{"id":"t","name":"read"}"#, r#"{"callId":"t","tool":"read","status":"odd"}"#, r#"{"toolCallId":"t","name":"read","x":1}"#]
        {
            let EventBody::ToolCall(call) = read(EventType::ToolCall, payload) else { panic!("not a tool call") };
            assert_eq!((call.id.as_deref(), call.name.as_deref(), call.status), (Some("t"), Some("read"), ToolStatus::Running));
        }
        for key in PERMISSION_KEYS {
            let body = read(EventType::PermissionResolved, &format!(r#"{{"{key}":"p","reply":"always"}}"#));
            assert!(matches!(body, EventBody::PermissionResolved { permission_id, allowed: true, .. } if permission_id == "p"));
        }
        let body = read(EventType::CostUpdated, r#"{"cost":1,"tokens":{"input":2,"cache":{"read":3,"write":4}}}"#);
        let tokens = Tokens { input: 2, cache_read: 3, cache_write: 4, ..Tokens::default() };
        assert_eq!(body, EventBody::CostUpdated { cost: 1.0, tokens, imported: false });
    }

    #[test]
    fn what_says_nothing_is_refused_and_the_rest_is_not() {
        assert_eq!(
            EventBody::read(EventType::PermissionRequested, "{}"),
            Err(InvalidPayload::Missing(EventType::PermissionRequested, "permissionId"))
        );
        assert!(EventBody::read(EventType::ToolCall, "[]").is_err());
        for event_type in
            [EventType::SessionCreated, EventType::ToolCall, EventType::TaskRun, EventType::TodosUpdated, EventType::RuntimeError]
        {
            assert!(EventBody::read(event_type, r#"{"todos":[1,{}],"status":{},"tokens":7,"title":null}"#).is_ok());
        }
    }
}
