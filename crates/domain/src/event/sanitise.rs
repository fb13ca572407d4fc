//! What a payload may hold when it is stored (contract 01 §5).
//!
//! Structure is bounded everywhere, so that no event reaches 1 MiB; secrets and home paths are
//! redacted where tools, permissions and errors speak. Prompts and answers are kept verbatim,
//! except U+0000: PostgreSQL can't store it. Empty names count as absent, so that a body reads
//! back from its payload as it was.

use super::{Attachment, EventBody, TaskRunEvent, ToolCallEvent};
use crate::{
    redact,
    runtime_event::{Question, Todo},
};
use serde_json::{Map, Value};

/// How deep a value may be nested.
const MAX_DEPTH: usize = 16;
/// How many items a list or fields an object may have.
const MAX_ITEMS: usize = 1_000;
/// The longest text within a payload, as escaped JSON bytes.
const MAX_TEXT: usize = 64 * 1024;
/// The longest output of a tool and transcript of a delegated run, as escaped JSON bytes.
const MAX_OUTPUT: usize = 256 * 1024;
/// The longest id, name or title, as escaped JSON bytes.
const MAX_NAME: usize = 1024;
/// What one payload may hold of bounded parts, as escaped JSON bytes.
const MAX_PAYLOAD: usize = 512 * 1024;

const CUT: &str = "… [truncated]";
/// A lower bound for what any value costs: punctuation, or the longest number.
const VALUE_COST: usize = 24;

impl EventBody {
    /// The body as it may be stored.
    #[must_use]
    pub fn sanitised(mut self) -> Self {
        let mut bounds = Bounds::new(false);
        match &mut self {
            Self::SessionCreated { title, .. } => {
                if let Some(title) = title {
                    bounds.text(title, MAX_NAME);
                }
            }
            Self::SessionImported { source_fingerprint, .. } => bounds.text(source_fingerprint, MAX_NAME),
            Self::PromptSubmitted { message_id, text, agent, attachments, .. } => {
                bounds.name(message_id);
                bounds.name(agent);
                bounds.attachments(attachments);
                without_nul(text);
            }
            Self::AssistantMessage { message_id, content, attachments, .. } => {
                bounds.name(message_id);
                bounds.attachments(attachments);
                without_nul(content);
            }
            Self::ToolCall(call) => sanitise_tool_call(call),
            Self::TaskRun(run) => sanitise_task_run(run),
            Self::PermissionRequested { permission_id, tool, input, description, task_run_id, source_session_id } => {
                bounds.text(permission_id, MAX_NAME);
                bounds.names([tool, task_run_id, source_session_id]);
                let mut bounds = Bounds::new(true);
                bounds.optional(description, MAX_TEXT);
                bounds.object(input, 0);
            }
            Self::PermissionResolved { permission_id, tool, description, .. } => {
                bounds.text(permission_id, MAX_NAME);
                bounds.name(tool);
                bounds.optional(description, MAX_TEXT);
            }
            Self::QuestionAsked { request_id, questions, tool, source_session_id } => {
                bounds.text(request_id, MAX_NAME);
                bounds.name(source_session_id);
                if let Some(tool) = tool {
                    bounds.text(&mut tool.message_id, MAX_NAME);
                    bounds.text(&mut tool.call_id, MAX_NAME);
                }
                bounds.questions(questions);
            }
            Self::QuestionResolved { request_id, answers, .. } => {
                bounds.text(request_id, MAX_NAME);
                if let Some(answers) = answers {
                    bounds.list(answers, 0);
                }
            }
            Self::TodosUpdated { todos } => bounds.todos(todos),
            Self::CostUpdated { cost, .. } => finite(cost),
            Self::ArtifactCreated(record) | Self::ArtifactUpdated(record) => {
                bounds.text(&mut record.artifact_id, MAX_NAME);
                bounds.text(&mut record.filename, MAX_NAME);
                bounds.names([&mut record.mime, &mut record.task_run_id]);
                let texts =
                    [&mut record.kind, &mut record.status, &mut record.author_agent_id, &mut record.project_id, &mut record.task_id];
                for text in texts.into_iter().chain([&mut record.status_updated_by]).flatten() {
                    bounds.text(text, MAX_NAME);
                }
            }
            Self::SessionStatus { status_type, reason, .. } => {
                bounds.text(status_type, MAX_NAME);
                let mut bounds = Bounds::new(true);
                if let Some(reason) = reason {
                    bounds.text(reason, MAX_TEXT);
                }
            }
            Self::RuntimeError { id, message, code, .. } => {
                bounds.name(id);
                let mut bounds = Bounds::new(true);
                for text in [message, code].into_iter().flatten() {
                    bounds.text(text, MAX_TEXT);
                }
            }
            Self::ProjectSourceBound { .. } | Self::SessionIdle { .. } | Self::SessionAborted { .. } => {}
        }
        self
    }
}

fn sanitise_tool_call(call: &mut ToolCallEvent) {
    let mut bounds = Bounds::new(false);
    bounds.names([&mut call.id, &mut call.name, &mut call.agent, &mut call.source_session_id, &mut call.task_run_id]);
    bounds.attachments(&mut call.attachments);
    if let Some(paths) = &mut call.output_paths {
        paths.truncate(MAX_ITEMS);
        paths.iter_mut().for_each(|path| bounds.text(path, MAX_NAME));
    }
    let mut bounds = Bounds::new(true);
    if let Some(output) = &mut call.output {
        bounds.text(output, MAX_OUTPUT);
    }
    bounds.object(&mut call.input, 0);
}

fn sanitise_task_run(run: &mut TaskRunEvent) {
    let mut bounds = Bounds::new(false);
    bounds.names([&mut run.id, &mut run.title, &mut run.agent, &mut run.source_session_id, &mut run.parent_session_id]);
    for time in [&mut run.started_at, &mut run.finished_at].into_iter().flatten() {
        bounds.text(time, MAX_NAME);
    }
    finite(&mut run.session_cost);
    bounds.text(&mut run.content, MAX_OUTPUT);
    if let Some(error) = &mut run.error {
        Bounds::new(true).text(error, MAX_TEXT);
    }
}

fn finite(number: &mut f64) {
    if !number.is_finite() {
        *number = 0.0;
    }
}

/// PostgreSQL refuses U+0000 in text, and so does everything that parses the payload as its JSON.
fn without_nul(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{fffd}");
    }
}

/// What is left of a payload's allowance.
struct Bounds {
    left: usize,
    redact: bool,
}

impl Bounds {
    const fn new(redact: bool) -> Self {
        Self { left: MAX_PAYLOAD, redact }
    }

    fn text(&mut self, text: &mut String, longest: usize) {
        without_nul(text);
        // First redact, then cut: half a secret is harder to recognise.
        if self.redact {
            *text = redact::redacted(text);
        }
        let longest = longest.min(self.left);
        let mut length = 0;
        let cut = text.char_indices().find_map(|(place, character)| {
            length += escaped_length(character);
            (length > longest).then_some(place)
        });
        if let Some(place) = cut {
            let keep = text.floor_char_boundary(place.saturating_sub(CUT.len()));
            text.truncate(keep);
            text.push_str(CUT);
        }
        self.left = self.left.saturating_sub(length);
    }

    fn optional(&mut self, text: &mut Option<String>, longest: usize) {
        if text.as_ref().is_some_and(String::is_empty) {
            *text = None;
        }
        if let Some(text) = text {
            self.text(text, longest);
        }
    }

    fn name(&mut self, name: &mut Option<String>) {
        self.optional(name, MAX_NAME);
    }

    fn names<'n>(&mut self, names: impl IntoIterator<Item = &'n mut Option<String>>) {
        for name in names {
            self.name(name);
        }
    }

    fn value(&mut self, value: &mut Value, depth: usize) {
        self.left = self.left.saturating_sub(VALUE_COST);
        match value {
            Value::String(text) => self.text(text, MAX_TEXT),
            Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => *value = Value::from(CUT),
            Value::Array(items) => self.list(items, depth),
            Value::Object(fields) => self.object(fields, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn list(&mut self, items: &mut Vec<Value>, depth: usize) {
        items.truncate(MAX_ITEMS);
        let mut kept = 0;
        while kept < items.len() && self.left > 0 {
            self.value(&mut items[kept], depth + 1);
            kept += 1;
        }
        items.truncate(kept);
    }

    fn object(&mut self, fields: &mut Map<String, Value>, depth: usize) {
        let taken = std::mem::take(fields);
        for (mut name, mut value) in taken.into_iter().take(MAX_ITEMS) {
            if self.left == 0 {
                break;
            }
            if self.redact && redact::is_secret_name(&name) && !value.is_null() {
                value = Value::from(redact::REDACTED);
            }
            self.text(&mut name, MAX_NAME);
            self.value(&mut value, depth + 1);
            fields.insert(name, value);
        }
    }

    fn questions(&mut self, questions: &mut Vec<Question>) {
        questions.retain(|question| !question.question.trim().is_empty());
        questions.truncate(MAX_ITEMS / 10);
        for question in questions {
            self.text(&mut question.header, MAX_NAME);
            self.text(&mut question.question, MAX_NAME);
            question.options.truncate(MAX_ITEMS / 10);
            for option in &mut question.options {
                self.text(&mut option.label, MAX_NAME);
                self.text(&mut option.description, MAX_NAME);
            }
        }
    }

    fn todos(&mut self, todos: &mut Vec<Todo>) {
        todos.retain(|todo| !todo.content.trim().is_empty());
        todos.truncate(MAX_ITEMS / 2);
        for todo in todos {
            for (text, default) in [(&mut todo.status, "pending"), (&mut todo.priority, "medium")] {
                if text.is_empty() {
                    default.clone_into(text);
                }
                self.text(text, MAX_NAME);
            }
            self.text(&mut todo.content, MAX_NAME);
            self.name(&mut todo.id);
        }
    }

    /// Only what is inside the URL itself, and of the type that it claims (contract 01 §5).
    fn attachments(&mut self, attachments: &mut Option<Vec<Attachment>>) {
        let Some(attachments) = attachments else { return };
        attachments.retain_mut(|attachment| {
            let prefix = format!("data:{};base64,", attachment.mime);
            let fits = attachment.url.len() <= self.left && attachment.mime.len() <= MAX_NAME;
            if !fits || !attachment.url.starts_with(&prefix) || attachment.url.contains(['\0', '"', '\\']) {
                return false;
            }
            self.left -= attachment.url.len();
            if let Some(filename) = &mut attachment.filename {
                let base = filename.rsplit(['/', '\\']).next().unwrap_or_default();
                *filename = base[..base.floor_char_boundary(128)].to_owned();
                without_nul(filename);
            }
            true
        });
    }
}

const fn escaped_length(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '\0'..='\x1f' => 6,
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime_event::ToolStatus;
    use proptest::prelude::*;
    use serde_json::json;

    fn call(input: &Value, output: String) -> ToolCallEvent {
        let input = input.as_object().cloned().unwrap_or_default();
        ToolCallEvent {
            id: Some(String::new()),
            name: Some("read\0".to_owned()),
            input,
            status: ToolStatus::Complete,
            output: Some(output),
            output_paths: None,
            attachments: None,
            agent: None,
            source_session_id: None,
            task_run_id: None,
        }
    }

    #[test]
    fn tools_leak_neither_secrets_nor_homes() {
        let input = json!({"headers": {"Authorization": ["x"]}, "path": "/home/kim/a", "n": 1});
        let EventBody::ToolCall(call) = EventBody::ToolCall(call(&input, "token sk-aaaabbbbcccc".to_owned())).sanitised() else {
            panic!("still a tool call");
        };
        assert_eq!(Value::from(call.input), json!({"headers": {"Authorization": "[redacted]"}, "path": "~/a", "n": 1}));
        assert_eq!(call.output.as_deref(), Some("token [redacted]"));
        assert_eq!((call.id, call.name.as_deref()), (None, Some("read\u{fffd}")));
    }

    #[test]
    fn answers_stay_verbatim_but_for_nul() {
        let content = "my key is sk-aaaabbbbcccc\0".to_owned();
        let body = EventBody::AssistantMessage {
            message_id: None,
            content,
            mode: super::super::MessageMode::Append,
            attachments: None,
            imported: false,
        };
        let EventBody::AssistantMessage { content, .. } = body.sanitised() else { panic!("still a message") };
        assert_eq!(content, "my key is sk-aaaabbbbcccc\u{fffd}");
    }

    fn monster() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<f64>().prop_map(Value::from),
            (0_usize..200_000, any::<char>()).prop_map(|(length, filler)| Value::from(filler.to_string().repeat(length / 4))),
        ];
        leaf.prop_recursive(24, 60, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                inner.prop_map(|value| json!({ "\u{1}": value })),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_event_reaches_a_mebibyte_and_all_read_back(values in proptest::collection::vec(monster(), 0..12), output in 0_usize..400_000) {
            let body = EventBody::ToolCall(call(&json!({ "values": values }), "\u{1}".repeat(output))).sanitised();
            let payload = body.payload();
            prop_assert!(payload.len() < 1024 * 1024, "{}", payload.len());
            prop_assert_eq!(EventBody::read(body.event_type(), &payload).expect("readable"), body);
        }
    }
}
