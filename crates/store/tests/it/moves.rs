use crate::story::{Node, all, session};
use cowork_domain::{
    ids::{Epoch, ShardId},
    session::SessionIdentity,
};
use cowork_store::{AppendError, BatchOutcome, LaneConnection, Refusal};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Shards by their numbers.
fn shards(numbers: impl IntoIterator<Item = i32>) -> Vec<ShardId> {
    numbers.into_iter().map(ShardId).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_takes_what_is_wanted_and_free_and_nothing_else() {
    let mut a = Node::idle().await;
    let mut b = a.another("b").await;
    assert_eq!(a.claim(&shards([1, 3, 2])).await, shards([1, 2, 3]));
    assert_eq!(a.claim(&[]).await, shards([1, 2, 3]), "what it owns stays");
    assert_eq!(b.claim(&shards([3, 4, 999])).await, shards([4]), "a living owner keeps its own, and nobody owns what doesn't exist");

    // Two owners let their leases end; only the one whose shard is wanted is declared dead.
    let (mut c, mut d) = (a.another("c").await, a.another("d").await);
    c.claim(&shards([10])).await;
    d.claim(&shards([11])).await;
    c.outlive_lease().await;
    d.outlive_lease().await;
    assert_eq!(b.claim(&shards([10])).await, shards([4, 10]));
    assert_eq!(b.epochs[&ShardId(10)], Epoch(c.epochs[&ShardId(10)].0 + 1));
    let view = b.store.cluster_view().await.unwrap();
    let fenced: Vec<&str> = view.nodes.iter().filter(|node| node.fenced).map(|node| node.name.as_str()).collect();
    assert_eq!(fenced, ["c"]);
    assert!(c.claim(&all()).await.is_empty(), "the dead take nothing");
    assert_eq!(a.claim(&[]).await, shards([1, 2, 3]));

    // What an ended life of a node owned is free for itself and for others.
    let old = a.epochs.clone();
    a.rejoin_without_claim().await;
    assert_eq!(b.claim(&shards([1])).await, shards([1, 4, 10]));
    assert_eq!(a.claim(&shards([1, 2])).await, shards([2]));
    assert_eq!(a.epochs[&ShardId(2)], Epoch(old[&ShardId(2)].0 + 1));
}

/// The last batch of each of a node's lanes.
async fn marks(pool: &PgPool, node: &Node) -> Vec<(i32, i64)> {
    let marks = sqlx::query_as("select lane, batch from lane_marks where node = $1 order by lane");
    marks.bind(node.number.0).fetch_all(pool).await.unwrap()
}

/// One session's writer: it knows two nodes and goes to the other one when it is refused.
struct Writer {
    session: Arc<SessionIdentity>,
    lanes: Vec<LaneConnection>,
    lane: i32,
    written: u64,
    batch: u64,
}

/// What the nodes believe that they own. A node goes on believing in what it gave up.
struct Cluster {
    nodes: [Node; 2],
    beliefs: [Mutex<HashMap<ShardId, Epoch>>; 2],
    is_over: AtomicBool,
    commits: AtomicU64,
    refusals: AtomicU64,
}

impl Writer {
    async fn run(mut self, cluster: Arc<Cluster>) -> (Arc<SessionIdentity>, u64) {
        let mut at = 0;
        while !cluster.is_over.load(Ordering::Relaxed) {
            let shard = ShardId::of(self.session.session.as_uuid(), 256);
            let Some(epoch) = cluster.beliefs[at].lock().unwrap().get(&shard).copied() else {
                at = 1 - at;
                tokio::task::yield_now().await;
                continue;
            };
            let mut append = cluster.nodes[0].append(&self.session, self.written + 1, 1);
            append.epoch = epoch;
            self.batch += 1;
            match self.lanes[at].append(self.batch, &[&append]).await {
                Ok(BatchOutcome::Committed(_)) => {
                    self.written += 1;
                    cluster.commits.fetch_add(1, Ordering::Relaxed);
                }
                Ok(BatchOutcome::Refused(refusals)) => {
                    assert_eq!(refusals, [(0, Refusal::NotOwner)].into());
                    cluster.refusals.fetch_add(1, Ordering::Relaxed);
                    at = 1 - at;
                }
                // Its backend was ended, because it was slow to let go.
                Err(AppendError::OutcomeUnknown(_)) => {
                    self.lanes[at] = cluster.nodes[at].lane(self.lane).await;
                    self.written += u64::from(self.lanes[at].last_batch().await.unwrap() == Some(self.batch));
                }
                other => panic!("{other:?}"),
            }
        }
        (self.session, self.written)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_go_back_and_forth_under_running_appends_and_nothing_is_lost() {
    let a = Node::alone().await;
    let b = a.another("b").await;
    let beliefs = [Mutex::new(a.epochs.clone()), Mutex::new(HashMap::new())];
    let (is_over, commits, refusals) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let cluster = Arc::new(Cluster { nodes: [a, b], beliefs, is_over, commits, refusals });
    let mut writers = tokio::task::JoinSet::new();
    for lane in 0..4 {
        let lanes = vec![cluster.nodes[0].lane(lane).await, cluster.nodes[1].lane(lane).await];
        writers.spawn(Writer { session: session("u"), lanes, lane, written: 0, batch: 0 }.run(cluster.clone()));
    }

    let pool = PgPool::connect(cluster.nodes[0].database.url()).await.unwrap();
    let mut epochs = cluster.nodes[0].epochs.clone();
    for round in 0..20 {
        let (from, to) = (round % 2, 1 - round % 2);
        let (from_node, to_node) = (&cluster.nodes[from], &cluster.nodes[to]);
        let released = from_node.store.release_shards(from_node.number, from_node.incarnation, &all()).await.unwrap();
        assert_eq!(released, 256);
        let marks_then = marks(&pool, from_node).await;
        assert_eq!(from_node.store.release_shards(from_node.number, from_node.incarnation, &all()).await.unwrap(), 0);
        let owned: HashMap<ShardId, Epoch> =
            to_node.store.claim_shards(to_node.number, to_node.incarnation, &all()).await.unwrap().into_iter().collect();
        // Once for the release, once for the claim.
        assert!(owned.len() == 256 && owned.iter().all(|(shard, epoch)| epoch.0 == epochs[shard].0 + 2));
        *cluster.beliefs[to].lock().unwrap() = owned.clone();
        epochs = owned;
        // The new owner gets to work before it has to give up again.
        let (seen, refused) = (cluster.commits.load(Ordering::Relaxed), cluster.refusals.load(Ordering::Relaxed));
        let at_work = async {
            while cluster.commits.load(Ordering::Relaxed) < seen + 20 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, at_work).await.expect("appends go on after a hand-over");
        assert!(round == 0 || refused > 0, "the former owner was refused");
        assert_eq!(marks(&pool, from_node).await, marks_then, "the former owner wrote after it had given up");
    }

    cluster.is_over.store(true, Ordering::Relaxed);
    while let Some(writer) = writers.join_next().await {
        let (session, written) = writer.unwrap();
        let bounds = cluster.nodes[0].store.session_bounds(session.session).await.unwrap();
        assert_eq!((bounds.count, bounds.latest.0), (written, written));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_meet_share_what_is_free_and_never_dead_lock() {
    let mut a = Node::idle().await;
    let (mut b, mut c, mut d) = (a.another("b").await, a.another("c").await, a.another("d").await);
    for _ in 0..50 {
        for node in [&a, &b] {
            node.store.release_shards(node.number, node.incarnation, &all()).await.unwrap();
        }
        c.rejoin_without_claim().await;
        d.rejoin_without_claim().await;
        c.claim(&shards(0..128)).await;
        d.claim(&shards(128..256)).await;
        c.outlive_lease().await;
        d.outlive_lease().await;

        let (backwards, forwards) = (shards((0..256).rev()), all());
        let (of_a, of_b) = tokio::time::timeout(PATIENCE, async { tokio::join!(a.claim(&backwards), b.claim(&forwards)) }).await.unwrap();
        let mut shared = [of_a, of_b].concat();
        shared.sort();
        assert_eq!(shared, all());
        let view = a.store.cluster_view().await.unwrap();
        for row in &view.shards {
            let (owner, _) = row.owner.unwrap();
            let (epochs, dead) = (if owner == a.number { &a.epochs } else { &b.epochs }, if row.shard.0 < 128 { &c } else { &d });
            assert_eq!(epochs[&row.shard], row.epoch);
            assert_eq!(row.epoch.0, dead.epochs[&row.shard].0 + 1);
        }
    }

    // Each takes all others for dead: one of them is right, and the others find that out.
    for _ in 0..20 {
        for node in [&mut a, &mut b, &mut c] {
            node.rejoin_without_claim().await;
        }
        a.claim(&shards(0..80)).await;
        b.claim(&shards(80..160)).await;
        c.claim(&shards(160..256)).await;
        for node in [&a, &b, &c] {
            node.outlive_lease().await;
        }
        let wanted = all();
        let claims = async { tokio::join!(a.claim(&wanted), b.claim(&wanted), c.claim(&wanted)) };
        let (of_a, of_b, of_c) = tokio::time::timeout(PATIENCE, claims).await.unwrap();
        let mut shared = [of_a, of_b, of_c].concat();
        shared.sort();
        assert_eq!(shared, all());
    }
}
