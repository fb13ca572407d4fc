//! What a session promises, by example and by property.

mod artifacts;
mod examples;
mod properties;

use super::decide;
use crate::{
    event::SessionEvent,
    ids::{CommandId, OrgId, SessionId, TenantId, UserId},
    principal::{AuthSource, Principal, Role},
    runtime_event::{RuntimeEvent, TaskStatus, ToolReport, ToolStatus},
    session::{CommandKind, CommandSource, Decision, SessionIdentity, SessionInput, SessionState, Submission, open},
    timestamp::Timestamp,
};
use serde_json::Map;
use uuid::Uuid;

/// A session whose decisions are committed at once.
struct Story {
    state: SessionState,
    now: Timestamp,
    log: Vec<SessionEvent>,
}

impl Story {
    fn begin() -> Self {
        let now = Timestamp::parse("2026-03-04T05:06:07.890Z").expect("valid");
        let identity = SessionIdentity {
            session: SessionId::from_uuid(Uuid::from_u128(1)),
            tenant: TenantId::new("acme"),
            user: UserId::new("kim"),
            org: OrgId::new("acme"),
            profile_name: "full".to_owned(),
            created_at: now,
        };
        let mut state = SessionState::new(identity.clone());
        let log = state.commit(open(&identity, "New session", None, &kim(), now));
        Self { state, now, log }
    }

    fn does(&mut self, input: SessionInput) -> Decision {
        self.now = self.now.plus_millis(10);
        let decision = decide(&self.state, input, self.now);
        self.log.extend(self.state.commit(decision.changes.clone()));
        decision
    }

    fn submits(&mut self, number: u32, kind: CommandKind) -> Decision {
        self.does(SessionInput::Submit(Box::new(Submission { id: id(number), kind, by: kim(), source: CommandSource::Api })))
    }

    fn reports(&mut self, number: u32, attempt: u32, events: Vec<RuntimeEvent>) -> Decision {
        self.does(SessionInput::Runtime { command: id(number), attempt, events })
    }

    fn has_open_work(&self) -> bool {
        let projection = &self.state.projection;
        let running = |calls: &[crate::projection::ToolCall]| calls.iter().any(|call| call.status == ToolStatus::Running);
        let runs = projection.task_runs();
        !projection.pending_approvals().is_empty()
            || !projection.pending_questions().is_empty()
            || running(projection.tool_calls())
            || runs.iter().any(|run| matches!(run.status, TaskStatus::Queued | TaskStatus::Running) || running(&run.tool_calls))
    }
}

fn kim() -> Principal {
    Principal {
        tenant_id: TenantId::new("acme"),
        org_id: OrgId::new("acme"),
        tenant_name: "Acme".to_owned(),
        user_id: UserId::new("kim"),
        account_id: UserId::new("kim"),
        email: "kim@acme.example".to_owned(),
        role: Role::Member,
        auth_source: AuthSource::Header,
    }
}

fn id(number: u32) -> CommandId {
    CommandId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn prompt(text: &str) -> CommandKind {
    CommandKind::Prompt { text: text.to_owned(), agent: "build".to_owned(), model: None }
}

fn says(message: &str, delta: &str) -> RuntimeEvent {
    RuntimeEvent::Text { message: message.to_owned(), delta: delta.to_owned(), replace: false }
}

fn asks_to(id: &str) -> RuntimeEvent {
    RuntimeEvent::PermissionRequested { id: id.to_owned(), tool: "bash".to_owned(), input: Map::new(), description: "Run it?".to_owned() }
}

fn calls(id: &str, status: ToolStatus) -> RuntimeEvent {
    RuntimeEvent::Tool(ToolReport { id: id.to_owned(), name: "read".to_owned(), input: Map::new(), status, output: None })
}
