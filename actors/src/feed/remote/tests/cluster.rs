//! Nodes with a hub and a journal lane each, on one database.

use super::board::Board;
use crate::{
    clock::Clock,
    feed::{FeedHub, FeedOptions, SessionFrames, Subscription, WorkspaceFrames, remote::RemoteFeeds, remote::RemoteOptions},
};
use cowork_domain::{
    event::EventType,
    ids::{Epoch, Incarnation, NodeNumber, OrgId, Sequence, SessionId, ShardId, TenantId, UserId},
    session::{SessionIdentity, SessionStatus},
};
use cowork_store::{Append, BatchOutcome, HeadUpdate, LaneConnection, NodeRegistration, Store, StoredEvent, test_database::TestDatabase};
use futures_util::StreamExt;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(super) const OPTIONS: RemoteOptions = RemoteOptions {
    renewal: Duration::from_millis(300),
    lease: Duration::from_millis(1200),
    poll: Duration::from_millis(100),
    patience: Duration::from_millis(300),
};

/// The database has one node with a lane for each node of the test: which of them owns what is only on
/// the board.
pub(super) struct Cluster {
    pub(super) board: Arc<Board>,
    pub(super) store: Store,
    database: TestDatabase,
    number: NodeNumber,
    incarnation: Incarnation,
    epochs: HashMap<ShardId, Epoch>,
    stop: CancellationToken,
}

pub(super) struct Node {
    name: String,
    pub(super) hub: Arc<FeedHub>,
    pub(super) feeds: Arc<RemoteFeeds>,
    pub(super) store: Store,
    lane: Mutex<(LaneConnection, u64)>,
    epochs: HashMap<ShardId, Epoch>,
    stop: CancellationToken,
}

/// A session and how far it was written. Whoever writes or moves it holds it.
pub(super) struct Story {
    pub(super) identity: Arc<SessionIdentity>,
    pub(super) written: u64,
}

impl Cluster {
    pub(super) async fn new(seed: u64) -> Self {
        let (database, store) = TestDatabase::migrated().await;
        let lease = Duration::from_secs(600);
        let registration = NodeRegistration { name: "test".into(), address: "127.0.0.1:1".into(), roles: vec!["worker".into()], lease };
        let registered = store.register_node(registration).await.expect("registered");
        let (number, incarnation) = (registered.node, registered.incarnation);
        let all: Vec<ShardId> = (0..registered.shard_count).map(ShardId).collect();
        let epochs = store.claim_shards(number, incarnation, &all).await.expect("claimed").into_iter().collect();
        Self { board: Board::new(seed), store, database, number, incarnation, epochs, stop: CancellationToken::new() }
    }

    pub(super) async fn node(&self, lane: i32) -> Node {
        self.node_with(lane, OPTIONS).await
    }

    pub(super) async fn node_with(&self, lane: i32, options: RemoteOptions) -> Node {
        let name = format!("node-{lane}");
        let store = self.database.store().await.expect("a connection");
        let hub = Arc::new(FeedHub::new(store.clone(), FeedOptions::default()));
        let stop = self.stop.child_token();
        let feeds = RemoteFeeds::start(hub.clone(), self.board.seat(&name), options, &TaskTracker::new(), &stop);
        self.board.join(&name, feeds.clone());
        let lane = Mutex::new((self.store.open_lane(self.number, self.incarnation, lane).await.expect("a lane"), 0));
        Node { name, hub, feeds, store, lane, epochs: self.epochs.clone(), stop }
    }

    /// A new session with its first event, owned by a node.
    pub(super) async fn session(&self, user: &str, owner: &Node) -> Story {
        let session = Clock.mint_session_id();
        let identity = SessionIdentity {
            session,
            tenant: TenantId::new("acme"),
            user: UserId::new(user),
            org: OrgId::new("acme"),
            profile_name: "full".to_owned(),
            created_at: Clock.now(),
        };
        self.board.give(session, &owner.name);
        let mut story = Story { identity: Arc::new(identity), written: 0 };
        owner.write(&mut story, &["{}".to_owned()]).await;
        story
    }

    /// What every subscriber from the beginning must have seen.
    pub(super) async fn session_bytes(&self, story: &Story) -> String {
        let events = self.store.read_events(story.identity.session, Sequence::ZERO, 1_000_000).await.expect("the log");
        let frames = SessionFrames::of(&story.identity);
        events.iter().map(|event| text(&frames.frame(event).bytes)).collect()
    }

    /// The same for a user's stream, with its length.
    pub(super) async fn workspace_bytes(&self, story: &Story) -> (String, u64) {
        let SessionIdentity { tenant, user, .. } = &*story.identity;
        let events = self.store.read_workspace_events(story.identity.workspace(), Sequence::ZERO, 1_000_000).await.expect("the log");
        let frames = WorkspaceFrames::of(tenant.as_str(), user.as_str());
        let bytes =
            events.iter().map(|event| text(&frames.frame(event.workspace_sequence, &event.session.to_string(), &event.event).bytes));
        (bytes.collect(), events.len() as u64)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Node {
    /// Commits events and shows them, as the journal does.
    pub(super) async fn write(&self, story: &mut Story, payloads: &[String]) {
        let (append, first) = self.commit(story, payloads).await;
        self.hub.publish(&append, first);
    }

    pub(super) async fn commit(&self, story: &mut Story, payloads: &[String]) -> (Append, Sequence) {
        let shard = ShardId::of(story.identity.session.as_uuid(), 256);
        let event = |(sequence, payload): (u64, &String)| StoredEvent {
            sequence: Sequence(sequence),
            event_type: if sequence == 1 { EventType::SessionCreated } else { EventType::AssistantMessage },
            payload: payload.as_str().into(),
            at: Clock.now(),
        };
        let append = Append {
            shard,
            epoch: self.epochs[&shard],
            identity: story.identity.clone(),
            workspace: story.identity.workspace(),
            first: Sequence(story.written + 1),
            events: (story.written + 1..).zip(payloads).map(event).collect(),
            head: HeadUpdate {
                status: SessionStatus::Idle,
                title: None,
                updated_at: Clock.now(),
                command_count: 0,
                runtime_session: String::new(),
                project_source: None,
            },
            commands: Vec::new(),
            work: Vec::new(),
            usage: Vec::new(),
            audit: Vec::new(),
        };
        let (lane, batch) = &mut *self.lane.lock().await;
        *batch += 1;
        let outcome = lane.append(*batch, &[&append]).await.expect("an outcome");
        let BatchOutcome::Committed(firsts) = outcome else { panic!("{outcome:?}") };
        story.written += payloads.len() as u64;
        (append, firsts[0].expect("it has events"))
    }

    pub(super) fn follow(&self, story: &Story, after: u64) -> Reader {
        Reader::new(self.hub.subscribe_session(story.identity.clone(), Sequence(after)))
    }

    pub(super) fn follow_user(&self, story: &Story, after: u64) -> Reader {
        let SessionIdentity { tenant, user, .. } = &*story.identity;
        Reader::new(self.hub.subscribe_workspace(tenant, user, Sequence(after)))
    }

    /// Ends its part in the cluster without a word.
    pub(super) fn vanish(&self, board: &Board) {
        self.stop.cancel();
        board.leave(&self.name);
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// A subscriber, and all that it was shown.
pub(super) struct Reader {
    stream: Subscription,
    pub(super) seen: String,
}

impl Reader {
    fn new(stream: Subscription) -> Self {
        Self { stream, seen: String::new() }
    }

    /// Reads for ever.
    pub(super) async fn read_on(&mut self) {
        while let Some(piece) = self.stream.next().await {
            self.seen.push_str(&text(&piece));
        }
        panic!("the stream ended");
    }

    pub(super) async fn read_to(&mut self, last: u64) -> &str {
        while self.stream.cursor().0 < last {
            let piece = tokio::time::timeout(Duration::from_secs(30), self.stream.next()).await;
            let piece = piece.unwrap_or_else(|_| panic!("nothing came after {} of {last}", self.stream.cursor()));
            self.seen.push_str(&text(&piece.expect("the stream goes on")));
        }
        &self.seen
    }
}

pub(super) fn message(size: usize) -> String {
    format!("{{\"content\": \"{}\"}}", "m".repeat(size))
}

pub(super) fn owner<'n>(nodes: &[&'n Node], board: &Board, session: SessionId) -> &'n Node {
    let owner = board.owner(session);
    nodes.iter().find(|node| node.name == owner).expect("the owner is one of these")
}

/// Level-triggered waiting with a deadline.
pub(super) async fn eventually(complaint: &str, holds: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "{complaint}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn text(bytes: &bytes::Bytes) -> String {
    String::from_utf8(bytes.to_vec()).expect("frames are text")
}
