//! A node with a lane, and what a session writes.

use cowork_domain::{
    event::EventType,
    ids::{CommandId, Epoch, Incarnation, NodeNumber, OrgId, Sequence, SessionId, ShardId, TenantId, UserId, WorkspaceId},
    session::{CommandKind, CommandStatus, CommandWrite, SessionIdentity, SessionStatus},
    timestamp::Timestamp,
};
use cowork_store::{Append, HeadUpdate, LaneConnection, NodeRegistration, Store, StoredEvent, test_database::TestDatabase};
use std::{collections::HashMap, sync::Arc, time::Duration};
use uuid::Uuid;

pub(crate) const LEASE: Duration = Duration::from_secs(60);

pub(crate) struct Node {
    pub(crate) database: Arc<TestDatabase>,
    pub(crate) store: Store,
    pub(crate) name: String,
    pub(crate) number: NodeNumber,
    pub(crate) incarnation: Incarnation,
    pub(crate) epochs: HashMap<ShardId, Epoch>,
}

impl Node {
    /// The only node of a fresh cluster, which owns everything.
    pub(crate) async fn alone() -> Self {
        let mut node = Self::idle().await;
        node.claim(&all()).await;
        node
    }

    /// The only node of a fresh cluster, which owns nothing yet.
    pub(crate) async fn idle() -> Self {
        let (database, store) = TestDatabase::migrated().await;
        Self::registered(Arc::new(database), store, "a").await
    }

    /// Another node of the same cluster, which owns nothing yet.
    pub(crate) async fn another(&self, name: &str) -> Self {
        Self::registered(self.database.clone(), self.store.clone(), name).await
    }

    async fn registered(database: Arc<TestDatabase>, store: Store, name: &str) -> Self {
        let registered = store.register_node(registration(name, LEASE)).await.unwrap();
        let (number, incarnation) = (registered.node, registered.incarnation);
        Self { database, store, name: name.to_owned(), number, incarnation, epochs: HashMap::new() }
    }

    /// Claims shards; returns what it owns then.
    pub(crate) async fn claim(&mut self, wanted: &[ShardId]) -> Vec<ShardId> {
        let owned = self.store.claim_shards(self.number, self.incarnation, wanted).await.unwrap();
        self.epochs = owned.iter().copied().collect();
        owned.into_iter().map(|(shard, _)| shard).collect()
    }

    /// Its lease ends, and it doesn't notice.
    pub(crate) async fn outlive_lease(&self) {
        self.store.renew_lease(self.number, self.incarnation, Duration::ZERO).await.unwrap();
    }

    /// A new incarnation, which owns what the one before did.
    pub(crate) async fn rejoin(&mut self) {
        self.rejoin_without_claim().await;
        self.claim(&all()).await;
    }

    /// A new incarnation, which owns nothing.
    pub(crate) async fn rejoin_without_claim(&mut self) {
        self.incarnation = self.store.register_node(registration(&self.name, LEASE)).await.unwrap().incarnation;
        self.epochs.clear();
    }

    /// A transaction that has the node's lock exclusively.
    pub(crate) async fn taker(&self, pool: &sqlx::PgPool) -> sqlx::Transaction<'static, sqlx::Postgres> {
        let mut taker = pool.begin().await.unwrap();
        sqlx::query("select pg_advisory_xact_lock(77001, $1)").bind(self.number.0).execute(&mut *taker).await.unwrap();
        taker
    }

    pub(crate) async fn lane(&self, lane: i32) -> LaneConnection {
        self.store.open_lane(self.number, self.incarnation, lane).await.unwrap()
    }

    /// An append with so many events, from the given place on.
    pub(crate) fn append(&self, session: &Arc<SessionIdentity>, first: u64, events: u64) -> Append {
        let shard = ShardId::of(session.session.as_uuid(), 256);
        let event = |sequence| StoredEvent {
            sequence: Sequence(sequence),
            event_type: if sequence == 1 { EventType::SessionCreated } else { EventType::AssistantMessage },
            payload: format!("{{\"b\" : \"{sequence}\", \"a\":\"\u{e4}\u{1f600}\"}}").into(),
            at: at(sequence),
        };
        Append {
            shard,
            epoch: self.epochs[&shard],
            identity: session.clone(),
            workspace: session.workspace(),
            first: Sequence(first),
            events: (first..first + events).map(event).collect(),
            head: HeadUpdate {
                status: SessionStatus::Idle,
                title: (first == 1).then(|| "New session".to_owned()),
                updated_at: at(first + events),
                command_count: 0,
                runtime_session: String::new(),
                project_source: None,
            },
            commands: Vec::new(),
            work: Vec::new(),
            usage: Vec::new(),
            audit: Vec::new(),
        }
    }
}

/// Waits until a question about a backend is answered with yes.
pub(crate) async fn until(pool: &sqlx::PgPool, question: &'static str, pid: i32) {
    let ask = async {
        while !sqlx::query_scalar::<_, bool>(question).bind(pid).fetch_one(pool).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ask).await.expect(question);
}

/// All shards of a fresh cluster.
pub(crate) fn all() -> Vec<ShardId> {
    (0..256).map(ShardId).collect()
}

pub(crate) fn registration(name: &str, lease: Duration) -> NodeRegistration {
    NodeRegistration { name: name.to_owned(), address: "127.0.0.1:1".to_owned(), roles: vec!["worker".to_owned()], lease }
}

pub(crate) fn session(user: &str) -> Arc<SessionIdentity> {
    Arc::new(SessionIdentity {
        session: SessionId::from_uuid(fresh()),
        tenant: TenantId::new("t"),
        user: UserId::new(user),
        org: OrgId::new("o"),
        profile_name: "full".to_owned(),
        created_at: at(0),
    })
}

pub(crate) fn workspace(user: &str) -> WorkspaceId {
    WorkspaceId::of(&TenantId::new("t"), &UserId::new(user))
}

/// An id that nobody else has.
#[expect(clippy::disallowed_methods, reason = "a test needs no reproducible ids")]
pub(crate) fn fresh() -> Uuid {
    Uuid::new_v4()
}

pub(crate) fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + i64::try_from(second).unwrap() * 1000)
}

pub(crate) fn prompt(created_sequence: u64, status: CommandStatus, attempt: u32) -> CommandWrite {
    CommandWrite {
        id: CommandId::from_uuid(fresh()),
        kind: CommandKind::Prompt { text: "hello".to_owned(), agent: "build".to_owned(), model: None },
        created_sequence,
        created_at: at(created_sequence),
        status,
        attempt,
        error: None,
        is_new: true,
    }
}

/// The command as it is written the next time.
pub(crate) fn then(command: &CommandWrite, status: CommandStatus, attempt: u32) -> CommandWrite {
    CommandWrite { status, attempt, is_new: false, ..command.clone() }
}
