//! Copying a local session to the cloud (contract 01, `POST /api/import/sessions`).

mod safety;
mod stored_events;

use crate::{
    artifact::{PublishArtifact, Transfer},
    audit::{AuditAction, AuditRow, UsageRow},
    codes::Code,
    event::{ArtifactRecord, Attachment, EventBody, ItemCounts, MessageMode, read_item_counts, read_todos, read_tokens},
    ids::SessionId,
    principal::Principal,
    runtime_event::Tokens,
    session::{Changes, SessionIdentity, open},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest title, in characters.
pub const MAX_TITLE: usize = 512;
/// Further messages are left out.
pub const MAX_MESSAGES: usize = 2_000;
/// The longest message, in characters.
pub const MAX_CONTENT: usize = 1_000_000;
/// Further to-dos are left out.
pub const MAX_TODOS: usize = 500;
/// More artifacts than this are refused.
pub const MAX_ARTIFACTS: usize = 25;

const DEFAULT_TITLE: &str = "Imported session";

/// A local session, checked and ready to be copied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// Title of the new session.
    pub title: String,
    /// The profile that was asked for.
    pub profile_name: Option<String>,
    /// Names the local session.
    pub source_fingerprint: String,
    /// What the client counted.
    pub item_counts: ItemCounts,
    /// What follows `session.created`, oldest first.
    #[serde(with = "stored_events")]
    pub events: Vec<(Timestamp, EventBody)>,
    /// Files that come with it, whose contents are stored already.
    #[serde(default)]
    pub artifacts: Vec<ArtifactRecord>,
}

/// Why a session can't be imported; its text goes to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The request holds what must not leave a person's machine.
    #[error("Session import payload contains local paths or secret-like values.")]
    Unsafe,
    /// It isn't said which local session it is.
    #[error("Session import requires a redacted local source fingerprint.")]
    Source,
    /// The title is too long.
    #[error("Import title exceeds {MAX_TITLE} characters.")]
    Title,
    /// A message is too long; counted from 1.
    #[error("Session import message {0} exceeds {MAX_CONTENT} characters.")]
    Message(usize),
}

impl ImportError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unsafe => Code::ImportUnsafe,
            Self::Source | Self::Title | Self::Message(_) => Code::InvalidField,
        }
    }
}

/// Checks a request in the order of the contract: safety, source, then the rest. Its artifacts were taken out before.
pub fn plan(body: &Value, now: Timestamp) -> Result<ImportPlan, ImportError> {
    if safety::is_unsafe(body) {
        return Err(ImportError::Unsafe);
    }
    let source = body.get("source").filter(|source| source.get("kind") == Some(&Value::from("local-session")));
    let source_fingerprint = source.and_then(|source| text(source, "fingerprint")).ok_or(ImportError::Source)?;
    let title = text(body, "title").or_else(|| source.and_then(|source| text(source, "title")));
    let title = title.unwrap_or_else(|| DEFAULT_TITLE.to_owned());
    if title.chars().count() > MAX_TITLE {
        return Err(ImportError::Title);
    }
    let item_counts = read_item_counts(body.get("itemCounts"));
    let imported = EventBody::SessionImported { source_fingerprint: source_fingerprint.clone(), imported_at: Some(now), item_counts };
    let mut events = vec![(now, imported)];
    events.extend(read_messages(body, now)?);
    events.extend(read_totals(body).into_iter().map(|body| (now, body)));
    events.push((now, EventBody::SessionIdle { imported: true, preserve_error: false }));
    let events = events.into_iter().map(|(at, body)| (at, body.sanitised())).collect();
    let profile_name = text(body, "profileName");
    Ok(ImportPlan { title, profile_name, source_fingerprint, item_counts, events, artifacts: Vec::new() })
}

impl ImportPlan {
    /// What the import writes: all of it in one transaction, so that no half-created session remains.
    pub fn changes(self, identity: &SessionIdentity, by: &Principal, at: Timestamp) -> Changes {
        let cause = identity.session.to_string();
        let mut changes = open(identity, &self.title, None, by, at);
        changes.events.extend(self.events);
        let metadata = json!({
            "sourceFingerprint": self.source_fingerprint,
            "profileName": identity.profile_name,
            "itemCounts": self.item_counts,
        });
        let row = |action| AuditRow::on_session(by, identity.session, &cause, action, metadata.clone(), at);
        changes.audit = [AuditAction::SessionImportRequested, AuditAction::SessionImported].map(row).into();
        let used = json!({ "userId": by.user_id, "tenantId": identity.tenant, "sessionId": identity.session });
        changes.usage = vec![UsageRow::once(&identity.org, Some(&by.account_id), &cause, "session.created", used, at)];
        for record in self.artifacts {
            let publish = PublishArtifact { by: by.clone(), record, transfer: Transfer::Buffered };
            let (usage, audit) = publish.rows(identity, at);
            changes.usage.push(usage);
            changes.audit.push(audit);
            changes.events.push((at, EventBody::ArtifactCreated(publish.record).sanitised()));
        }
        changes.audit.push(row(AuditAction::SessionImportCompleted));
        changes
    }
}

/// The audit rows of an import that failed, with the stable code of its refusal. No session exists under this id.
pub fn failed(by: &Principal, session: SessionId, code: &'static str, at: Timestamp) -> [AuditRow; 2] {
    let metadata = json!({ "result": "failure", "errorCode": code });
    [AuditAction::SessionImportRequested, AuditAction::SessionImportFailed]
        .map(|action| AuditRow::on_session(by, session, &session.to_string(), action, metadata.clone(), at))
}

/// A non-blank text field; everything else is absent (contract 00 §2).
fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// The messages of people and of the assistant, in the order in which they came.
fn read_messages(body: &Value, now: Timestamp) -> Result<Vec<(Timestamp, EventBody)>, ImportError> {
    let Some(Value::Array(messages)) = body.get("messages") else { return Ok(Vec::new()) };
    let mut events = Vec::with_capacity(messages.len().min(MAX_MESSAGES));
    for (message, number) in messages.iter().take(MAX_MESSAGES).zip(1..) {
        let content = message.get("content").and_then(Value::as_str).unwrap_or_default();
        if content.chars().count() > MAX_CONTENT {
            return Err(ImportError::Message(number));
        }
        let content = content.to_owned();
        let message_id = text(message, "id");
        let at = text(message, "timestamp").and_then(|at| Timestamp::parse(&at)).unwrap_or(now);
        let attachments = Some(read_attachments(message));
        let body = match message.get("role").and_then(Value::as_str) {
            Some("user") => {
                EventBody::PromptSubmitted { command_id: None, message_id, text: content, agent: None, attachments, imported: true }
            }
            Some("assistant") => {
                EventBody::AssistantMessage { message_id, content, mode: MessageMode::Replace, attachments, imported: true }
            }
            _ => continue,
        };
        events.push((at, body));
    }
    Ok(events)
}

fn read_attachments(message: &Value) -> Vec<Attachment> {
    let items = message.get("attachments").and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| serde_json::from_value(item.clone()).ok()).collect()
}

/// To-dos and costs, only when there is something to say.
fn read_totals(body: &Value) -> Vec<EventBody> {
    let mut events = Vec::new();
    let todos = body.get("todos").and_then(Value::as_array).map(|todos| todos.iter().take(MAX_TODOS).cloned().collect());
    let todos = read_todos(todos.unwrap_or_default());
    if !todos.is_empty() {
        events.push(EventBody::TodosUpdated { todos });
    }
    let cost = body.get("sessionCost").and_then(Value::as_f64).filter(|cost| cost.is_finite() && *cost > 0.0).unwrap_or(0.0);
    let tokens = body.get("sessionTokens").map(read_tokens).unwrap_or_default();
    if cost > 0.0 || tokens != Tokens::default() {
        events.push(EventBody::CostUpdated { cost, tokens, imported: true });
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::SessionEvent,
        ids::{Sequence, SessionId},
        projection::Projection,
    };
    use uuid::Uuid;

    fn request() -> Value {
        json!({
            "source": {"kind": "local-session", "fingerprint": "fp1", "title": "Local chat"},
            "title": "Imported chat",
            "itemCounts": {"messages": 2, "artifacts": 0, "attachments": 0, "projectSource": 0, "excluded": -1},
            "messages": [
                {"id": "m1", "role": "user", "content": "Hi", "timestamp": "2026-01-02T03:04:05.000Z", "order": 1},
                {"id": "s", "role": "system", "content": "skipped"},
                {"id": "m2", "role": "assistant", "content": "Hello", "timestamp": "2026-01-02T03:04:06.000Z", "order": 2}
            ],
            "todos": [{"content": "Do it", "status": "pending", "priority": "high"}],
            "sessionCost": 0.5,
            "sessionTokens": {"input": 5, "output": 7}
        })
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-21T17:53:30.237Z").expect("valid")
    }

    #[test]
    fn a_plan_is_carried_to_another_node_unchanged() {
        let plan = plan(&request(), now()).expect("a good import");
        let carried: ImportPlan = serde_json::from_str(&serde_json::to_string(&plan).expect("a plan serialises")).expect("and reads back");
        assert_eq!(carried, plan);
    }

    #[test]
    fn an_import_becomes_the_recorded_events() {
        let plan = plan(&request(), now()).expect("importable");
        let payloads: Vec<_> = plan.events.iter().map(|(_, body)| (body.event_type().as_str(), body.payload())).collect();
        let expected = [
            (
                "session.imported",
                r#"{"sourceFingerprint":"fp1","importedAt":"2026-11-21T17:53:30.237Z","itemCounts":{"messages":2,"artifacts":0,"attachments":0,"projectSource":0,"excluded":0}}"#,
            ),
            ("prompt.submitted", r#"{"messageId":"m1","text":"Hi","attachments":[],"imported":true}"#),
            ("assistant.message", r#"{"messageId":"m2","content":"Hello","attachments":[],"imported":true}"#),
            ("todos.updated", r#"{"todos":[{"content":"Do it","status":"pending","priority":"high"}]}"#),
            ("cost.updated", r#"{"cost":0.5,"tokens":{"input":5,"output":7,"reasoning":0,"cacheRead":0,"cacheWrite":0},"imported":true}"#),
            ("session.idle", r#"{"imported":true}"#),
        ];
        assert_eq!(payloads, expected.map(|(event_type, payload)| (event_type, payload.to_owned())));

        let mut projection = Projection::new(SessionId::from_uuid(Uuid::nil()), "full", now());
        for ((at, body), sequence) in plan.events.into_iter().zip(1..) {
            projection.apply(&SessionEvent { sequence: Sequence(sequence), at, body });
        }
        let view = serde_json::to_value(&projection).expect("serialises");
        assert_eq!(
            view["messages"][0],
            json!({"id": "m1", "role": "user", "content": "Hi", "createdAt": "2026-01-02T03:04:05.000Z", "attachments": [], "sequence": 2})
        );
        assert_eq!(
            (&view["status"], &view["lastInputTokens"], &view["origin"]["kind"]),
            (&json!("idle"), &json!(5), &json!("local-session-import"))
        );
    }

    #[test]
    fn refusals_come_in_the_order_of_the_contract() {
        let mut body = request();
        body["title"] = json!("x".repeat(513));
        assert_eq!(plan(&body, now()).expect_err("long").to_string(), "Import title exceeds 512 characters.");
        body["source"] = json!({"kind": "other"});
        assert_eq!(plan(&body, now()), Err(ImportError::Source));
        body["messages"][0]["content"] = json!("look into /home/kim/x");
        assert_eq!(plan(&body, now()), Err(ImportError::Unsafe));
        assert_eq!(plan(&json!(null), now()), Err(ImportError::Source));
    }
}
