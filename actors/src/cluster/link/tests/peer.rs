//! The program that other tests start: one node with links and a gate, told what to do line by line.

use crate::cluster::link::{FRAME_BYTES, Gate, LinkError, LinkEvent, LinkOptions, LinkSecret, LinkTls, Links, Peer, RactorLinks};
use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::BufRead,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing_subscriber::EnvFilter;

/// The lines of this program among those of the test harness.
pub(super) const MARK: &str = "@node ";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) name: String,
    pub(super) listen: SocketAddr,
    pub(super) secret: String,
    pub(super) tls: Option<Certificates>,
    pub(super) log: String,
    pub(super) heartbeat_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Certificates {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) authority: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    /// Peers and their addresses.
    Expect(Vec<(String, String)>),
    Call(Call),
    /// Calls one after the other, timed.
    Measure {
        peer: String,
        times: usize,
    },
    Report,
    /// Actor types that peers can see.
    Remotable,
    ResidentKilobytes,
    KillGate,
    Stop,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) peer: String,
    /// What the gate makes of it: see [`Echo`].
    pub(super) text: String,
    /// Blanks behind the text, up to this size.
    pub(super) bytes: usize,
    /// So many at once.
    pub(super) times: usize,
    pub(super) within_ms: u64,
    /// The caller goes away before that.
    pub(super) patience_ms: u64,
}

#[test]
#[ignore = "the program that other tests start"]
fn node() {
    let mut lines = std::io::stdin().lock().lines();
    let Some(Ok(setup)) = lines.next() else { return };
    let setup: Setup = serde_json::from_str(&setup).expect("a setup");
    let (sender, orders) = mpsc::unbounded_channel();
    // Standard input blocks, so it is read here and worked on there; its end is the end of the program.
    let worker = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(run(setup, orders));
    });
    for line in lines.map_while(Result::ok) {
        if sender.send(line).is_err() {
            break;
        }
    }
    drop(sender);
    worker.join().expect("the node doesn't panic");
}

async fn run(setup: Setup, mut orders: mpsc::UnboundedReceiver<String>) {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(&setup.log)).with_writer(std::io::stderr).with_ansi(false).init();
    let options = LinkOptions {
        name: setup.name,
        listen: setup.listen,
        secret: LinkSecret::new(setup.secret),
        tls: setup.tls.map(|tls| LinkTls { certificate: tls.certificate, key: tls.key, authority: tls.authority }),
        heartbeat: Duration::from_millis(setup.heartbeat_ms),
        ..LinkOptions::default()
    };
    let (events, mut seen) = mpsc::unbounded_channel();
    let tasks = TaskTracker::new();
    let links = match RactorLinks::start(options, Arc::new(Echo), events, &tasks, CancellationToken::new()).await {
        Ok(links) => links,
        Err(error) => return say(&json!({ "failed": error.to_string() })),
    };
    say(&json!({ "listening": links.local_address() }));
    tokio::spawn(async move {
        while let Some(event) = seen.recv().await {
            let (LinkEvent::Up { peer } | LinkEvent::Down { peer }) = &event;
            say(&json!({ "event": if matches!(event, LinkEvent::Up { .. }) { "up" } else { "down" }, "peer": peer }));
        }
    });
    while let Some(line) = orders.recv().await {
        let (id, order): (u64, Order) = serde_json::from_str(&line).expect("an order");
        let links = links.clone();
        tokio::spawn(async move { say(&json!({ "answer": obey(&*links, order).await, "id": id })) });
    }
    links.stop().await;
}

async fn obey(links: &dyn Links, order: Order) -> Value {
    match order {
        Order::Expect(peers) => {
            links.expect(peers.into_iter().map(|(name, address)| Peer { name, address }).collect());
            Value::Null
        }
        Order::Call(call) => outcomes(links, &call).await,
        Order::Measure { peer, times } => measure(links, &peer, times).await,
        Order::Report => serde_json::to_value(links.report()).expect("a report serialises"),
        Order::Remotable => {
            let all = ractor::registry::get_all_pids();
            json!(all.iter().filter(|actor| actor.supports_remoting()).map(ractor::ActorCell::get_name).collect::<Vec<_>>())
        }
        Order::ResidentKilobytes => {
            let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
            json!(pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number") * 4)
        }
        Order::KillGate => {
            ractor::registry::where_is("cowork-gate").expect("a gate").kill();
            Value::Null
        }
        Order::Stop => {
            links.stop().await;
            Value::Null
        }
    }
}

/// How many calls ended how, and the last answer.
async fn outcomes(links: &dyn Links, call: &Call) -> Value {
    let mut request = call.text.clone().into_bytes();
    request.resize(call.bytes.max(request.len()), b' ');
    let request = Bytes::from(request);
    let deadline = Instant::now() + Duration::from_millis(call.within_ms);
    let patience = Duration::from_millis(call.patience_ms);
    let calls = (0..call.times).map(|_| tokio::spawn(tokio::time::timeout(patience, links.call(&call.peer, request.clone(), deadline))));
    let mut counts = BTreeMap::new();
    let mut answer = None;
    for outcome in join_all(calls.collect::<Vec<_>>()).await {
        let key = match outcome.expect("a call doesn't panic") {
            Err(_) => "gave_up",
            Ok(Ok(bytes)) => {
                answer = Some(String::from_utf8_lossy(&bytes).into_owned());
                "ok"
            }
            Ok(Err(LinkError::NotConnected)) => "not_connected",
            Ok(Err(LinkError::Busy)) => "busy",
            Ok(Err(LinkError::Unknown)) => "unknown",
            Ok(Err(LinkError::TooLarge)) => "too_large",
        };
        *counts.entry(key).or_insert(0) += 1;
    }
    json!({ "counts": counts, "last": answer })
}

async fn measure(links: &dyn Links, peer: &str, times: usize) -> Value {
    let mut micros = Vec::with_capacity(times);
    for _ in 0..times {
        let start = Instant::now();
        links.call(peer, Bytes::from_static(&[b'x'; 200]), start + Duration::from_secs(10)).await.expect("the link is up");
        micros.push(u64::try_from(start.elapsed().as_micros()).expect("a short time"));
    }
    micros.sort_unstable();
    json!({ "p50_us": micros[times / 2], "p99_us": micros[times * 99 / 100] })
}

/// Answers with who asked and what; some questions are special.
struct Echo;

impl Gate for Echo {
    fn answer(&self, from: String, request: Bytes) -> BoxFuture<'static, Bytes> {
        Box::pin(async move {
            let text = String::from_utf8_lossy(&request);
            match text.trim_end() {
                "for ever" => std::future::pending().await,
                "panic" => panic!("asked to"),
                "too much" => Bytes::from(vec![b'x'; FRAME_BYTES + 1]),
                "as much as possible" => Bytes::from(vec![b'x'; FRAME_BYTES]),
                text => Bytes::from(format!("{from} said {text}")),
            }
        })
    }
}

fn say(line: &Value) {
    println!("{MARK}{line}");
}
