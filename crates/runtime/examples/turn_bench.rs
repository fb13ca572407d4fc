//! How fast the native runtime works: `turn_bench [TURNS] [CONCURRENCY] [PROMPT]`.
//!
//! Runs short turns against a demo model in the same process, and prints turns per second and CPU time
//! per turn. The CPU time includes the demo model's share.

#![expect(clippy::disallowed_methods, reason = "the benchmark mints its own session and command ids")]

use cowork_domain::{
    ids::{CommandId, OrgId, SessionId},
    provider::ProviderTable,
    runtime_event::RuntimeEvent,
};
use cowork_runtime::{
    AllowedTools, Coalesce, NativeOptions, NativeRuntime, Runtime, TurnLimits, TurnRequest,
    broker::{BrokerLimits, BrokerOptions, KeyBroker, NoBudgets, NoKeys},
    demo::{self, DemoModelOptions},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use uuid::Uuid;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let turns: u64 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let concurrency: u64 = arguments.next().map_or(Ok(64), |text| text.parse())?;
    let prompt: Arc<str> = arguments.next().unwrap_or_else(|| "a short prompt of seven words".to_owned()).into();

    let demo = demo::start(DemoModelOptions { listen: ([127, 0, 0, 1], 0).into(), require_key: None, log: None }).await?;
    let workspaces = std::env::temp_dir().join(format!("turn-bench-{}", std::process::id()));
    let broker = KeyBroker::start(BrokerOptions {
        table: ProviderTable::builtin().with_demo(&demo.base_url()),
        keys: Arc::<NoKeys>::default(),
        budgets: Arc::new(NoBudgets),
        outbound: Arc::default(),
        limits: BrokerLimits::default(),
    });
    let runtime = Arc::new(NativeRuntime::new(NativeOptions {
        broker: broker.await?,
        default_model: None,
        tools: AllowedTools::default(),
        workspaces: workspaces.clone(),
        artifacts: None,
        limits: TurnLimits::default(),
        coalesce: Coalesce::default(),
    })?);

    run(&runtime, &prompt, concurrency * 4, concurrency).await; // opens the connections
    let (cpu, clock) = (cpu_time(), Instant::now());
    let events = run(&runtime, &prompt, turns, concurrency).await;
    let (cpu, clock) = (cpu_time().saturating_sub(cpu), clock.elapsed());

    #[expect(clippy::cast_precision_loss, reason = "a benchmark's figures are rounded anyway")]
    let count = turns as f64;
    println!("{turns} turns, {concurrency} at once: {:.0} turns/s", count / clock.as_secs_f64());
    println!("{:.0} µs of CPU and {:.1} events per turn, demo model included", cpu.as_secs_f64() * 1e6 / count, {
        #[expect(clippy::cast_precision_loss, reason = "a benchmark's figures are rounded anyway")]
        let events = events as f64;
        events / count
    });
    demo.stop().await;
    std::fs::remove_dir_all(workspaces)?;
    Ok(())
}

async fn run(runtime: &Arc<NativeRuntime>, prompt: &Arc<str>, turns: u64, concurrency: u64) -> u64 {
    let (left, events) = (Arc::new(AtomicU64::new(turns)), Arc::new(AtomicU64::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        let (runtime, prompt, left, events) = (Arc::clone(runtime), Arc::clone(prompt), Arc::clone(&left), Arc::clone(&events));
        workers.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                let mut turn = runtime.start(TurnRequest {
                    session: SessionId::from_uuid(Uuid::new_v4()),
                    org: OrgId::new("bench"),
                    command: CommandId::from_uuid(Uuid::new_v4()),
                    attempt: 1,
                    text: prompt.to_string(),
                    agent: "build".to_owned(),
                    model: None,
                    history: Vec::new(),
                });
                while let Some(event) = turn.events.recv().await {
                    events.fetch_add(1, Ordering::Relaxed);
                    if let RuntimeEvent::Failed { code, message } = event {
                        eprintln!("a turn failed: {code}: {message}");
                    }
                }
            }
        });
    }
    workers.join_all().await;
    events.load(Ordering::Relaxed)
}

/// User and system time of this process, from `/proc`; zero where there is none.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
