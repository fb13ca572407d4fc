//! Several nodes on one database, with links in memory.

use super::{
    script::Script,
    switchboard::Switchboard,
    world::{answer, eventually, is_idle, principal},
};
use crate::{CreateSession, EntityKey, NodeHandle, NodeOptions, NodeRole, SessionError, Submitted, ViewShape, feed::records};
use cowork_domain::{
    ids::{CommandId, Sequence, SessionId},
    principal::Principal,
    session::CommandKind,
};
use cowork_store::{Store, test_database::TestDatabase};
use futures_util::StreamExt;
use serde_json::Value;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// A lease short enough for a test to see it end.
const LEASE: Duration = Duration::from_millis(1500);

struct Cluster {
    board: Switchboard,
    database: TestDatabase,
    nodes: HashMap<&'static str, NodeHandle>,
    me: Principal,
}

impl Cluster {
    async fn of(nodes: &[(&'static str, NodeRole)]) -> Self {
        let (database, _) = TestDatabase::migrated().await;
        let mut cluster = Self { board: Switchboard::default(), database, nodes: HashMap::new(), me: principal("acme", "kim") };
        for (name, role) in nodes {
            cluster.join(name, *role).await;
        }
        cluster.settled().await;
        cluster
    }

    async fn join(&mut self, name: &'static str, role: NodeRole) {
        self.join_for(LEASE, name, role).await;
    }

    async fn join_for(&mut self, lease: Duration, name: &'static str, role: NodeRole) {
        let options = NodeOptions { name: name.into(), role, lease, renew_every: Duration::from_millis(300), ..NodeOptions::default() };
        let store = self.database.store().await.expect("the database is there");
        let board = self.board.clone();
        let links = Box::new(move |gate, events| board.plug(name, gate, events));
        let node = NodeHandle::start_linked(options, store, Arc::new(Script), Some(links)).await.expect("the node starts");
        self.nodes.insert(name, node);
    }

    fn node(&self, name: &str) -> &NodeHandle {
        &self.nodes[name]
    }

    /// As after `kill -9`: peers see the link end, and the database the connection.
    fn kill(&mut self, name: &'static str) {
        self.nodes.remove(name).expect("it runs").abandon();
        self.board.unplug(name);
    }

    /// All shards have an owner, the right one, and every node knows it.
    async fn settled(&self) {
        eventually("the cluster doesn't settle", || async {
            let pictures: Vec<_> = self.nodes.values().filter_map(|node| node.shared.picture.now()).collect();
            let is_right = |picture: &Arc<crate::cluster::Picture>| {
                let workers = self.nodes.values().filter(|node| node.shared.options.role.owns_shards()).count();
                picture.workers().count() == workers
                    && picture.all_shards().all(|shard| {
                        picture.owner_of(shard).is_some_and(|owner| {
                            Some(owner.name.as_str()) == picture.home_of(shard)
                                && self
                                    .nodes
                                    .get(owner.name.as_str())
                                    .is_some_and(|node| node.shared.ownership.now().is_some_and(|owned| owned.epochs.contains_key(&shard)))
                        })
                    })
            };
            (pictures.len() == self.nodes.len() && pictures.iter().all(is_right)).then_some(())
        })
        .await;
    }

    async fn session(&self, through: &str) -> SessionId {
        let node = self.node(through);
        let id = node.clock().mint_session_id();
        let request = CreateSession { id, retry: false, title: None, profile_name: "full".into(), project_source: None };
        node.create_session(&self.me, request).await.expect("a session is created");
        id
    }

    /// A session that this node owns.
    async fn session_of(&self, owner: &str) -> SessionId {
        for _ in 0..100 {
            let id = self.session(owner).await;
            if self.node(owner).shared.is_here(&EntityKey::Session(id)) {
                return id;
            }
        }
        panic!("{owner} owns too few shards");
    }

    async fn try_prompt(&self, through: &str, session: SessionId, id: CommandId, text: &str) -> Result<Submitted, SessionError> {
        let kind = CommandKind::Prompt { text: text.into(), agent: "build".into(), model: None };
        self.node(through).submit(&self.me, session, id, kind).await
    }

    async fn prompt(&self, through: &str, session: SessionId, text: &str) -> Submitted {
        let id = self.node(through).clock().mint_command_id();
        self.try_prompt(through, session, id, text).await.expect("a prompt is accepted")
    }

    async fn until(&self, through: &str, session: SessionId, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually("the session doesn't come to what is wanted", || async {
            let text = self.node(through).read_session(&self.me, session, ViewShape::Cloud).await.expect("it can be read");
            let view = serde_json::from_str(&text).expect("a view is JSON");
            wanted(&view).then_some(view)
        })
        .await
    }

    async fn store(&self) -> Store {
        self.database.store().await.expect("the database is there")
    }

    /// The whole log as types; fails unless it is dense from 1 (I1).
    async fn log(&self, session: SessionId) -> Vec<String> {
        let events = self.store().await.read_events(session, Sequence::ZERO, 100_000).await.expect("the log can be read");
        for (event, expected) in events.iter().zip(1..) {
            assert_eq!(event.sequence.0, expected, "I1");
        }
        events.iter().map(|event| format!("{} {}", event.event_type, event.payload)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_node_takes_a_request_and_its_owner_executes_it() {
    let cluster = Cluster::of(&[("w1", NodeRole::Worker), ("w2", NodeRole::Worker), ("web", NodeRole::Web)]).await;
    for owner in ["w1", "w2"] {
        let session = cluster.session_of(owner).await;
        let submitted = cluster.prompt("web", session, "say hi").await;
        assert!(submitted.view.contains(&session.to_string()));
        let view = cluster.until("web", session, |view| is_idle(view) && answer(view) == "say: hi").await;
        assert_eq!(view["session"]["sessionId"], session.to_string());
        assert!(cluster.node(owner).shared.table.get(&EntityKey::Session(session)).is_some(), "it lives with its owner");
        // Sent again with the same id through another node: the same command, one effect.
        let again = cluster.try_prompt("w1", session, submitted.command.command_id, "say hi").await.expect("accepted again");
        assert_eq!(again.command, submitted.command);
        assert_eq!(cluster.log(session).await.iter().filter(|event| event.starts_with("prompt.submitted")).count(), 1);
    }
    assert!(cluster.board.calls_to("w1") > 0 && cluster.board.calls_to("w2") > 0);
    let missing = cluster.node("web").clock().mint_session_id();
    assert_eq!(
        cluster.try_prompt("web", missing, cluster.node("web").clock().mint_command_id(), "x").await.err(),
        Some(SessionError::NotFound)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_doesnt_fit_a_frame_and_what_has_no_link_goes_through_the_database() {
    let cluster = Cluster::of(&[("w1", NodeRole::Worker), ("w2", NodeRole::Worker), ("web", NodeRole::Web)]).await;
    let session = cluster.session_of("w1").await;
    let long = format!("say {}", "long ".repeat(40_000));
    cluster.prompt("web", session, &long).await;
    cluster.until("web", session, |view| is_idle(view) && answer(view).len() > 150_000).await;

    cluster.board.cut("web", "w1");
    let calls = cluster.board.calls_to("w1");
    cluster.prompt("web", session, "say past the cut").await;
    cluster.until("web", session, |view| is_idle(view) && answer(view) == "say: past the cut").await;
    assert_eq!(cluster.board.calls_to("w1"), calls, "nothing went over the link");
    let tree = serde_json::to_value(cluster.node("web").cluster_supervision().await).expect("it serialises");
    assert!(tree["nodes"].as_array().expect("nodes").iter().all(|node| node["reachable"] == true), "{tree}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_joins_takes_its_share_while_turns_run_and_nobody_notices() {
    let mut cluster = Cluster::of(&[("w1", NodeRole::Worker), ("web", NodeRole::Web)]).await;
    let mut sessions = Vec::new();
    for _ in 0..12 {
        let session = cluster.session("web").await;
        cluster.prompt("web", session, "wait").await;
        sessions.push(session);
    }
    for session in &sessions {
        cluster.until("web", *session, |view| answer(view) == "started").await;
    }
    cluster.join("w2", NodeRole::Worker).await;
    // While shards move, requests wait for the new owner instead of failing.
    for session in &sessions {
        cluster.prompt("web", *session, "say queued").await;
    }
    cluster.settled().await;
    let moved = sessions.iter().filter(|session| cluster.node("w2").shared.is_here(&EntityKey::Session(**session))).count();
    assert!(moved > 0, "none of twelve sessions moved");
    for session in &sessions {
        let abort = cluster.node("web").clock().mint_command_id();
        cluster.until("web", *session, |view| answer(view) == "started").await;
        cluster.node("web").submit(&cluster.me, *session, abort, CommandKind::Abort {}).await.expect("an abort is accepted");
        cluster.until("web", *session, |view| is_idle(view) && answer(view) == "say: queued").await;
        assert!(!cluster.log(*session).await.iter().any(|event| event.contains("attempt 2 of")), "a planned move is no attempt");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_owner_is_replaced_long_before_its_lease_ends_and_its_turns_go_on() {
    let mut cluster = Cluster::of(&[]).await;
    for (name, role) in [("w1", NodeRole::Worker), ("w2", NodeRole::Worker), ("web", NodeRole::Web)] {
        // None of them ends while the test waits for what follows the kill.
        cluster.join_for(Duration::from_secs(60), name, role).await;
    }
    cluster.settled().await;
    let session = cluster.session_of("w1").await;
    cluster.prompt("web", session, "wait").await;
    cluster.until("web", session, |view| answer(view) == "started").await;
    // A free lock says nothing of a process that has only just come, nor of one whose database server has.
    cluster.database.execute("update nodes set registered_at = now() - interval '1 minute', lease_ms = 0").await;
    cluster.kill("w1");
    let waiting = cluster.prompt("web", session, "say after").await;
    assert!(!waiting.processed);
    eventually("the interrupted turn is not taken up", || async {
        cluster.log(session).await.iter().any(|event| event.contains("attempt 2 of 3")).then_some(())
    })
    .await;
    let abort = cluster.node("web").clock().mint_command_id();
    cluster.node("web").submit(&cluster.me, session, abort, CommandKind::Abort {}).await.expect("an abort is accepted");
    cluster.until("web", session, |view| is_idle(view) && answer(view) == "say: after").await;
    assert!(cluster.store().await.fence_violations().await.expect("marks can be read").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_owner_is_replaced_when_its_lease_ends_and_writes_nothing_afterwards() {
    let mut cluster = Cluster::of(&[("w1", NodeRole::Worker), ("w2", NodeRole::Worker), ("web", NodeRole::Web)]).await;
    let session = cluster.session_of("w1").await;
    cluster.prompt("web", session, "wait").await;
    cluster.until("web", session, |view| answer(view) == "started").await;
    // Nobody sees its connection end, and its lock is never free: as if its machine stood still.
    let w1 = cluster.nodes.remove("w1").expect("it runs");
    let number = w1.shared.ownership.now().expect("it owns").node;
    let lock = cluster.store().await.liveness_lock(number).await.expect("the lock is taken over");
    w1.abandon();
    cluster.prompt("web", session, "say after").await;
    eventually("the interrupted turn is not taken up", || async {
        cluster.log(session).await.iter().any(|event| event.contains("attempt 2 of 3")).then_some(())
    })
    .await;
    assert!(cluster.store().await.fence_violations().await.expect("marks can be read").is_empty());
    drop(lock);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_hands_everything_over_first() {
    let mut cluster = Cluster::of(&[("w1", NodeRole::Worker), ("w2", NodeRole::Worker), ("web", NodeRole::Web)]).await;
    let session = cluster.session_of("w1").await;
    cluster.prompt("web", session, "wait").await;
    cluster.until("web", session, |view| answer(view) == "started").await;
    let leaving = cluster.nodes.remove("w1").expect("it runs");
    let stopped = tokio::spawn(leaving.stop(Duration::from_secs(5)));
    cluster.prompt("web", session, "say after").await;
    stopped.await.expect("it stops");
    cluster.settled().await;
    cluster.until("web", session, |view| answer(view) == "started").await;
    let abort = cluster.node("web").clock().mint_command_id();
    cluster.node("web").submit(&cluster.me, session, abort, CommandKind::Abort {}).await.expect("an abort is accepted");
    cluster.until("web", session, |view| is_idle(view) && answer(view) == "say: after").await;
    assert!(!cluster.log(session).await.iter().any(|event| event.contains("attempt 2 of")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_node_gives_its_shards_away_and_gets_them_back() {
    let cluster = Cluster::of(&[("w1", NodeRole::AllInOne), ("w2", NodeRole::AllInOne)]).await;
    let count = |name: &str| cluster.node(name).shared.ownership.now().map_or(0, |owned| owned.epochs.len());
    assert!(count("w1") > 80 && count("w2") > 80);
    assert_eq!(cluster.node("w2").drain_node("w1", true).await, Ok(true));
    eventually("w1 keeps its shards", || async { (count("w1") == 0 && count("w2") == 256).then_some(()) }).await;
    let session = cluster.session("w1").await;
    cluster.prompt("w1", session, "say hi").await;
    cluster.until("w1", session, |view| answer(view) == "say: hi").await;
    assert_eq!(cluster.node("w1").drain_node("w1", false).await, Ok(true));
    cluster.settled().await;
    assert_eq!(cluster.node("w1").drain_node("nobody", true).await, Ok(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_nodes_are_drained_every_shard_keeps_an_owner() {
    let mut cluster = Cluster::of(&[("w1", NodeRole::AllInOne), ("w2", NodeRole::AllInOne)]).await;
    let count = |cluster: &Cluster, name: &str| cluster.node(name).shared.ownership.now().map_or(0, |owned| owned.epochs.len());
    // The second is told while it takes what the first gives away.
    cluster.node("w1").drain_node("w1", true).await.expect("the database is there");
    eventually("w1 gives nothing away", || async { (count(&cluster, "w1") < 128).then_some(()) }).await;
    cluster.node("w1").drain_node("w2", true).await.expect("the database is there");
    eventually("shards stay without an owner", || async {
        (count(&cluster, "w1") + count(&cluster, "w2") == 256 && cluster.node("w1").readiness().shards_unowned == 0).then_some(())
    })
    .await;
    assert_eq!(cluster.node("w1").readiness().workers_alive, 2);
    // One that leaves for good is followed by one that is drained.
    cluster.nodes.remove("w2").expect("it runs").stop(Duration::from_secs(5)).await;
    cluster.board.unplug("w2");
    eventually("w1 doesn't take what w2 left", || async { (count(&cluster, "w1") == 256).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_on_all_nodes_see_the_same_bytes_over_a_move() {
    let mut cluster = Cluster::of(&[("w1", NodeRole::AllInOne), ("w2", NodeRole::AllInOne), ("web", NodeRole::Web)]).await;
    let session = cluster.session_of("w1").await;
    let mut followers = Vec::new();
    for name in ["w2", "web"] {
        let stream = cluster.node(name).subscribe_session(&cluster.me, session, Sequence::ZERO).await.expect("followed");
        followers.push(tokio::spawn(follow(stream)));
    }
    for round in 0..3 {
        cluster.prompt("web", session, &format!("say {round}")).await;
        cluster.until("web", session, |view| is_idle(view) && answer(view) == format!("say: {round}")).await;
    }
    let leaving = cluster.nodes.remove("w1").expect("it runs");
    leaving.stop(Duration::from_secs(5)).await;
    cluster.prompt("web", session, "say last").await;
    cluster.until("web", session, |view| is_idle(view) && answer(view) == "say: last").await;
    let expected = cluster.log(session).await.len();
    let mut seen = Vec::new();
    for follower in followers {
        let records = tokio::time::timeout(Duration::from_secs(20), follower).await.expect("the tail comes").expect("no panic");
        let sequences: Vec<u64> = records.iter().map(|record| record["sequence"].as_u64().expect("a sequence")).collect();
        assert_eq!(sequences, (1..=expected as u64).collect::<Vec<_>>(), "I4");
        seen.push(records);
    }
    assert_eq!(seen[0], seen[1]);
}

/// What a follower sees until the answer to the last prompt is complete.
async fn follow(mut stream: crate::Subscription) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut is_last = false;
    while let Some(piece) = stream.next().await {
        for record in records(&piece) {
            let record: Value = serde_json::from_str(record).expect("a record is JSON");
            is_last |= record["payload"].to_string().contains("say: last");
            let is_over = is_last && record["type"] == "session.idle";
            seen.push(record);
            if is_over {
                return seen;
            }
        }
    }
    panic!("the stream ended after {} events", seen.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_under_the_same_name_is_refused() {
    let mut cluster = Cluster::of(&[]).await;
    // A renewal that a busy machine delays must not end it: the name would be free, and rightly so.
    cluster.join_for(Duration::from_secs(60), "w1", NodeRole::AllInOne).await;
    let options = NodeOptions { name: "w1".into(), lease: Duration::from_millis(200), ..NodeOptions::default() };
    let twin = NodeHandle::start(options, cluster.store().await, Arc::new(Script)).await;
    let refusal = twin.expect_err("a twin is refused").to_string();
    assert!(refusal.contains("\"w1\" is alive"), "{refusal}");
}
