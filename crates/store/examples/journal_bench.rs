//! How fast the journal is, on a scratch database of its own.
//!
//! Every session waits for its commit before it appends again, so that its latency is queueing plus
//! service. Lanes take whatever is waiting, up to 1 024 rows, as the node's lanes do.
//!
//! ```text
//! cargo run --release -p cowork-store --example journal_bench -- [--sessions 1000] [--events 6] [--lanes 2] [--seconds 4] [--json]
//! ```

use cowork_domain::{
    event::EventType,
    ids::{Epoch, Incarnation, NodeNumber, OrgId, Sequence, SessionId, ShardId, TenantId, UserId, derived_uuid},
    session::{SessionIdentity, SessionStatus},
    timestamp::Timestamp,
};
use cowork_store::{Append, BatchOutcome, HeadUpdate, NodeRegistration, Store, StoredEvent, test_database::TestDatabase};
use std::{collections::HashMap, sync::Arc, time::Duration, time::Instant};
use tokio::sync::{mpsc, oneshot};

const ROWS_PER_BATCH: usize = 1024;
const WARM_UP: Duration = Duration::from_secs(1);

type Error = Box<dyn std::error::Error + Send + Sync>;

struct Options {
    sessions: usize,
    events: u64,
    lanes: usize,
    seconds: u64,
    json: bool,
}

struct Waiting {
    append: Append,
    done: oneshot::Sender<()>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let options = read_options()?;
    let (_database, store) = TestDatabase::migrated().await;
    let registration =
        NodeRegistration { name: "bench".to_owned(), address: String::new(), roles: Vec::new(), lease: Duration::from_secs(600) };
    let node = store.register_node(registration).await?;
    let all: Vec<ShardId> = (0..node.shard_count).map(ShardId).collect();
    let epochs: Arc<HashMap<ShardId, Epoch>> = Arc::new(store.claim_shards(node.node, node.incarnation, &all).await?.into_iter().collect());

    let start = Instant::now();
    let measure_from = start + WARM_UP;
    let end = measure_from + Duration::from_secs(options.seconds);
    let mut queues = Vec::new();
    let mut lanes = Vec::new();
    for number in 0..options.lanes {
        let (queue, waiting) = mpsc::channel(options.sessions.max(1));
        queues.push(queue);
        lanes.push(tokio::spawn(run_lane(store.clone(), node.node, node.incarnation, i32::try_from(number)?, waiting, measure_from)));
    }
    // Ten sessions per user; a user's sessions share a lane.
    let writers: Vec<_> = (0..options.sessions)
        .map(|number| {
            let user = number / 10;
            let queue = queues[user % queues.len()].clone();
            tokio::spawn(run_session(queue, epochs.clone(), number, options.events, measure_from, end))
        })
        .collect();
    drop(queues);

    let mut latencies: Vec<Duration> = Vec::new();
    for writer in writers {
        latencies.extend(writer.await?);
    }
    let mut batches = 0;
    for lane in lanes {
        batches += lane.await??;
    }
    latencies.sort();
    let at = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a rank in a list")]
        let rank = (latencies.len().saturating_sub(1) as f64 * share) as usize;
        latencies.get(rank).copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    let appends = latencies.len() as u64 / options.seconds;
    let (p50, p99) = (at(0.5), at(0.99));
    let Options { sessions, events, lanes, seconds, json } = options;
    let (events_per_second, batches) = (appends * events, batches / seconds);
    if json {
        let report = serde_json::json!({
            "sessions": sessions, "eventsPerAppend": events, "lanes": lanes, "seconds": seconds,
            "eventsPerSecond": events_per_second, "appendsPerSecond": appends, "batchesPerSecond": batches, "p50Ms": p50, "p99Ms": p99,
        });
        println!("{report}");
    } else {
        println!(
            "sessions {sessions} x {events} events, {lanes} lanes: {events_per_second} events/s, {appends} appends/s, {batches} batches/s, p50 {p50:.2} ms, p99 {p99:.2} ms"
        );
    }
    Ok(())
}

fn read_options() -> Result<Options, Error> {
    let mut options = Options { sessions: 1000, events: 6, lanes: 2, seconds: 4, json: false };
    let mut words = std::env::args().skip(1);
    while let Some(name) = words.next() {
        if name == "--json" {
            options.json = true;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{name} needs a number"))?;
        match name.as_str() {
            "--sessions" => options.sessions = value.parse()?,
            "--events" => options.events = value.parse()?,
            "--lanes" => options.lanes = value.parse::<usize>()?.max(1),
            "--seconds" => options.seconds = value.parse::<u64>()?.max(1),
            _ => return Err(format!("{name} is not an option; there are --sessions, --events, --lanes, --seconds and --json").into()),
        }
    }
    Ok(options)
}

async fn run_lane(
    store: Store,
    node: NodeNumber,
    incarnation: Incarnation,
    lane: i32,
    mut waiting: mpsc::Receiver<Waiting>,
    measure_from: Instant,
) -> Result<u64, Error> {
    let mut lane = store.open_lane(node, incarnation, lane).await?;
    let mut measured = 0;
    let mut next: Option<Waiting> = None;
    for number in 1.. {
        let Some(first) = (match next.take() {
            Some(first) => Some(first),
            None => waiting.recv().await,
        }) else {
            break;
        };
        let mut rows = first.append.events.len();
        let mut batch = vec![first];
        while let Ok(more) = waiting.try_recv() {
            rows += more.append.events.len();
            if rows > ROWS_PER_BATCH {
                next = Some(more);
                break;
            }
            batch.push(more);
        }
        let appends: Vec<&Append> = batch.iter().map(|waiting| &waiting.append).collect();
        match lane.append(number, &appends).await? {
            BatchOutcome::Committed(_) => {}
            refused @ BatchOutcome::Refused(_) => return Err(format!("{refused:?}").into()),
        }
        measured += u64::from(Instant::now() >= measure_from);
        for waiting in batch {
            waiting.done.send(()).ok();
        }
    }
    Ok(measured)
}

async fn run_session(
    queue: mpsc::Sender<Waiting>,
    epochs: Arc<HashMap<ShardId, Epoch>>,
    number: usize,
    events: u64,
    measure_from: Instant,
    end: Instant,
) -> Vec<Duration> {
    let at = Timestamp::from_millis(1_790_000_000_000);
    let session = SessionId::from_uuid(derived_uuid(&["bench", &number.to_string()]));
    let identity = Arc::new(SessionIdentity {
        session,
        tenant: TenantId::new("bench"),
        user: UserId::new(format!("user-{}", number / 10)),
        org: OrgId::new("bench"),
        profile_name: "full".to_owned(),
        created_at: at,
    });
    let shard = ShardId::of(session.as_uuid(), 256);
    let payload: Arc<str> = format!("{{\"messageId\":\"m\",\"content\":\"{}\"}}", "x".repeat(270)).into();
    let mut latencies = Vec::new();
    let mut first = 1;
    loop {
        let event =
            |sequence| StoredEvent { sequence: Sequence(sequence), event_type: EventType::AssistantMessage, payload: payload.clone(), at };
        let append = Append {
            shard,
            epoch: epochs[&shard],
            workspace: identity.workspace(),
            identity: identity.clone(),
            first: Sequence(first),
            events: (first..first + events).map(event).collect(),
            head: HeadUpdate {
                status: SessionStatus::Running,
                title: None,
                updated_at: at,
                command_count: 0,
                runtime_session: String::new(),
                project_source: None,
            },
            commands: Vec::new(),
            work: Vec::new(),
            usage: Vec::new(),
            audit: Vec::new(),
        };
        let sent = Instant::now();
        let (done, is_done) = oneshot::channel();
        if sent >= end || queue.send(Waiting { append, done }).await.is_err() || is_done.await.is_err() {
            return latencies;
        }
        first += events;
        if sent >= measure_from {
            latencies.push(sent.elapsed());
        }
    }
}
