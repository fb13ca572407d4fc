//! What the reports of a running turn become.

use super::{
    draft::{Draft, RUNNING, prompt_message_id},
    usage::ModelCall,
};
use crate::{
    audit::UsageRow,
    codes::Code,
    event::{ArtifactRecord, EventBody, MessageMode, QuestionTool, TaskRunEvent, ToolCallEvent, inferred_kind},
    ids::CommandId,
    redact,
    runtime_event::{RuntimeEvent, TaskReport, TaskStatus, Tokens, ToolReport},
    session::CommandWrite,
};
use serde_json::json;

const LEFT_OPEN: &str = "interrupted: the turn ended before this did";

impl Draft<'_> {
    pub(super) fn runtime_reported(&mut self, command: CommandId, attempt: u32, events: Vec<RuntimeEvent>) {
        let Some(running) = self.running(command, attempt) else { return };
        for event in events {
            match event {
                RuntimeEvent::Finished => return self.finished(&running),
                RuntimeEvent::Failed { code, message } => return self.failed(&running, code, &message),
                RuntimeEvent::ModelCall { provider, model, cost, tokens } => {
                    let place = self.event(EventBody::CostUpdated { cost, tokens, imported: false });
                    self.used_model(&running, place, &ModelCall { provider: &provider, model: &model, cost, tokens });
                }
                other => {
                    if let Some(body) = self.event_of(command, other) {
                        self.account_for_artifact(&body);
                        self.event(body);
                    }
                }
            }
        }
    }

    fn finished(&mut self, command: &CommandWrite) {
        self.close_open_work(LEFT_OPEN);
        self.event(EventBody::SessionIdle { imported: false, preserve_error: false });
        self.end(command, None);
        self.start_next();
    }

    fn failed(&mut self, command: &CommandWrite, code: String, message: &str) {
        self.close_open_work(LEFT_OPEN);
        let is_code =
            !code.is_empty() && code.len() <= 100 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let code = if is_code { code } else { Code::RuntimeFailed.as_str().to_owned() };
        let mut message = redact::redacted(&message.replace('\0', "\u{fffd}"));
        message.truncate(message.floor_char_boundary(4096));
        self.fail(command, code, message);
    }

    /// The event that a report becomes; none if it says nothing, or names nothing that could be closed or answered.
    fn event_of(&self, command: CommandId, report: RuntimeEvent) -> Option<EventBody> {
        let at = self.at.to_string();
        Some(match report {
            RuntimeEvent::Tool(ToolReport { id, .. })
            | RuntimeEvent::Task(TaskReport { id, .. })
            | RuntimeEvent::PermissionRequested { id, .. }
            | RuntimeEvent::QuestionAsked { id, .. }
            | RuntimeEvent::Artifact { id, .. }
                if id.is_empty() =>
            {
                return None;
            }
            RuntimeEvent::Text { delta, replace: false, .. } if delta.is_empty() => return None,
            RuntimeEvent::Text { message, delta, replace } => {
                let mode = if replace { MessageMode::Replace } else { MessageMode::Append };
                message_event(command, &message, delta, mode)
            }
            RuntimeEvent::TextDone { message, content } => message_event(command, &message, content, MessageMode::Replace),
            RuntimeEvent::Tool(report) => tool_event(report),
            RuntimeEvent::Task(report) => task_event(report, at),
            RuntimeEvent::PermissionRequested { id, tool, input, description } => EventBody::PermissionRequested {
                permission_id: id,
                tool: Some(tool),
                input,
                description: Some(description),
                task_run_id: None,
                source_session_id: None,
            },
            RuntimeEvent::QuestionAsked { id, questions, tool_call } => EventBody::QuestionAsked {
                request_id: id,
                questions,
                tool: tool_call
                    .filter(|call| !call.is_empty())
                    .map(|call_id| QuestionTool { message_id: self.asking_message(command), call_id }),
                source_session_id: None,
            },
            RuntimeEvent::Todos(todos) => EventBody::TodosUpdated { todos },
            RuntimeEvent::Cost { cost, tokens } => EventBody::CostUpdated { cost, tokens, imported: false },
            RuntimeEvent::Artifact { id, filename, path: _, mime, size, sha256 } => EventBody::ArtifactCreated(ArtifactRecord {
                kind: Some(inferred_kind(Some(&mime), &filename).to_owned()),
                status: Some(if inferred_kind(Some(&mime), &filename) == "chart" { "final" } else { "draft" }.to_owned()),
                artifact_id: id,
                filename,
                mime: Some(mime.to_ascii_lowercase()),
                size: Some(size),
                created_at: Some(at.clone()),
                updated_at: Some(at),
                checksum_sha256: Some(sha256),
                ..ArtifactRecord::default()
            }),
            RuntimeEvent::Retrying { reason, .. } | RuntimeEvent::Notice { text: reason } => {
                EventBody::SessionStatus { status_type: RUNNING.to_owned(), reason: Some(reason), preserve_error: false }
            }
            RuntimeEvent::ModelCall { .. } | RuntimeEvent::Finished | RuntimeEvent::Failed { .. } => return None,
        })
    }

    /// What a turn publishes counts like what a person uploads.
    fn account_for_artifact(&mut self, body: &EventBody) {
        let EventBody::ArtifactCreated(record) = body else { return };
        let identity = self.identity();
        let cause = format!("{}:{}", identity.session, record.artifact_id);
        let used = json!({ "tenantId": identity.tenant, "sessionId": identity.session, "artifactId": record.artifact_id });
        let size = i64::try_from(record.size.unwrap_or(0)).unwrap_or(i64::MAX);
        self.changes.usage.push(UsageRow::bytes(&identity.org, None, &cause, "artifact.uploaded", size, used, self.at));
    }

    /// The message that a question belongs to: the newest of the turn.
    fn asking_message(&self, command: CommandId) -> String {
        self.state.projection.messages().last().map_or_else(|| prompt_message_id(command), |message| message.id.clone())
    }
}

fn message_event(command: CommandId, message: &str, content: String, mode: MessageMode) -> EventBody {
    // `{command}:user` is the prompt's own message.
    let message = if message == "user" { "assistant" } else { message };
    EventBody::AssistantMessage { message_id: Some(format!("{command}:{message}")), content, mode, attachments: None, imported: false }
}

fn tool_event(report: ToolReport) -> EventBody {
    EventBody::ToolCall(ToolCallEvent {
        id: Some(report.id),
        name: Some(report.name),
        input: report.input,
        status: report.status,
        output: report.output,
        output_paths: None,
        attachments: None,
        agent: None,
        source_session_id: None,
        task_run_id: None,
    })
}

fn task_event(report: TaskReport, at: String) -> EventBody {
    let is_over = matches!(report.status, TaskStatus::Complete | TaskStatus::Error);
    EventBody::TaskRun(TaskRunEvent {
        id: Some(report.id),
        title: Some(report.title),
        agent: report.agent,
        status: report.status,
        source_session_id: None,
        parent_session_id: None,
        content: report.content,
        error: report.error,
        session_cost: 0.0,
        session_tokens: Tokens::default(),
        started_at: None,
        finished_at: is_over.then_some(at),
    })
}
