//! A node on a database of its own, and what a user would do with it.

use super::script::Script;
use crate::{CreateSession, NodeHandle, NodeOptions, SessionError, Submitted, ViewShape};
use cowork_domain::{
    ids::{CommandId, OrgId, Sequence, SessionId, TenantId, UserId},
    principal::{AuthSource, Principal, Role},
    session::CommandKind,
};
use cowork_store::{Store, StoredEvent, test_database::TestDatabase};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

pub(super) struct World {
    pub(super) node: NodeHandle,
    pub(super) store: Store,
    pub(super) me: Principal,
    pub(super) database: TestDatabase,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(NodeOptions::default()).await
    }

    pub(super) async fn with(options: NodeOptions) -> Self {
        let (database, store) = TestDatabase::migrated().await;
        let node = start(&store, options).await;
        Self { node, store, me: principal("acme", "kim"), database }
    }

    /// Another life of the same node; the former one ends as after `kill -9`.
    pub(super) async fn restarted(self) -> Self {
        let store = self.database.store().await.expect("the database is there");
        self.node.clone().abandon();
        let node = start(&store, NodeOptions::default()).await;
        Self { node, store, ..self }
    }

    pub(super) async fn session(&self) -> SessionId {
        let id = self.node.clock().mint_session_id();
        let request = CreateSession { id, retry: false, title: None, profile_name: "full".into(), project_source: None };
        self.node.create_session(&self.me, request).await.expect("a session is created");
        id
    }

    pub(super) async fn prompt(&self, session: SessionId, text: &str) -> Submitted {
        self.try_prompt(session, self.node.clock().mint_command_id(), text).await.expect("a prompt is accepted")
    }

    pub(super) async fn try_prompt(&self, session: SessionId, id: CommandId, text: &str) -> Result<Submitted, SessionError> {
        let kind = CommandKind::Prompt { text: text.into(), agent: "build".into(), model: None };
        self.node.submit(&self.me, session, id, kind).await
    }

    pub(super) async fn view(&self, session: SessionId) -> Value {
        let text = self.node.read_session(&self.me, session, ViewShape::Cloud).await.expect("a session can be read");
        serde_json::from_str(&text).expect("a view is JSON")
    }

    /// Waits until the session shows what is wanted.
    pub(super) async fn until(&self, session: SessionId, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually("the session doesn't come to what is wanted", || async {
            let view = self.view(session).await;
            wanted(&view).then_some(view)
        })
        .await
    }

    /// The whole log; fails unless it is dense from 1 (I1).
    pub(super) async fn log(&self, session: SessionId) -> Vec<StoredEvent> {
        let events = self.store.read_events(session, Sequence::ZERO, 100_000).await.expect("the log can be read");
        for (event, expected) in events.iter().zip(1..) {
            assert_eq!(event.sequence.0, expected, "I1");
        }
        events
    }

    pub(super) async fn count(&self, session: SessionId, event_type: &str) -> usize {
        self.log(session).await.iter().filter(|event| event.event_type.as_str() == event_type).count()
    }

    pub(super) async fn supervision(&self) -> Value {
        serde_json::to_value(self.node.supervision().await).expect("a report serialises")
    }
}

pub(super) fn principal(tenant: &str, user: &str) -> Principal {
    Principal {
        tenant_id: TenantId::new(tenant),
        org_id: OrgId::new(tenant),
        tenant_name: tenant.into(),
        user_id: UserId::new(user),
        account_id: UserId::new(user),
        email: format!("{user}@{tenant}.test"),
        role: Role::Owner,
        auth_source: AuthSource::Header,
    }
}

pub(super) fn is_idle(view: &Value) -> bool {
    view["session"]["status"] == "idle"
}

pub(super) fn answer(view: &Value) -> &str {
    let messages = view["projection"]["view"]["messages"].as_array().expect("messages");
    messages.iter().rfind(|message| message["role"] == "assistant").map_or("", |message| message["content"].as_str().expect("text"))
}

/// Level-triggered waiting with a deadline.
pub(super) async fn eventually<T, F: Future<Output = Option<T>>>(complaint: &str, probe: impl Fn() -> F) -> T {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(seen) = probe().await {
            return seen;
        }
        assert!(std::time::Instant::now() < deadline, "{complaint}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn start(store: &Store, options: NodeOptions) -> NodeHandle {
    NodeHandle::start(options, store.clone(), Arc::new(Script)).await.expect("the node starts")
}
