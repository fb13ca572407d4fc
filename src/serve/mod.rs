//! `cowork serve`: puts the parts together, and takes them apart again in the right order.
//!
//! The port is taken first, so that a second server on it fails before it touches anything. Then the
//! database, the runtime, the node, and last the front door. Stopping goes the other way: no new
//! requests, running turns finish or are parked, the lease is given up, the database stops.

mod database;
mod front_door;
mod runtime;
mod signals;

use crate::{config::Config, http, telemetry::metrics::MetricsHandle};
use anyhow::Context;
use cowork_actors::{FeedOptions, NodeHandle, NodeOptions};
use cowork_domain::admission::OrgLimits;
use database::Database;
use signals::Signals;
use std::{convert::Infallible, io::Write, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

/// Connections that wait to be accepted; the kernel lowers it to its own limit.
const LISTEN_QUEUE: u32 = 4096;

/// One journal lane per core, but no more than a database shares with us usefully.
const MOST_LANES: usize = 8;

/// Runs the cloud until it is told to stop.
pub async fn run(config: Config, metrics: MetricsHandle) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.cluster.role == crate::config::cluster::Role::AllInOne,
        "role {} needs a cluster of several nodes, which this version doesn't form yet; use all-in-one",
        config.cluster.role.as_str()
    );
    let mut signals = Signals::listen()?;
    let listen = config.server.listen;
    let listener = bind(listen).with_context(|| format!("cannot listen on {listen}; is another server running there?"))?;
    let database = tokio::select! {
        database = Database::open(&config.storage) => database?,
        () = signals.stop() => return Ok(()),
    };
    let served = serve(&config, metrics, listener, &database, &mut signals).await;
    database.close().await;
    served
}

/// A burst of reconnecting streams waits in the kernel's queue instead of a second for its next try.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_QUEUE)
}

async fn serve(
    config: &Config,
    metrics: MetricsHandle,
    listener: TcpListener,
    database: &Database,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    let agents = runtime::Agents::start(config).await?;
    let node = NodeHandle::start(node_options(config), database.store(), agents.runtime()).await?;
    let address = listener.local_addr()?;
    let upkeep = upkeep(metrics.clone());
    let state = http::HttpState::new(front_door::options(config), node.clone(), Arc::new(move || metrics.render()));
    let closing = CancellationToken::new();
    let door = http::serve(listener, state, closing.clone());
    tokio::pin!(door);

    let ready = async {
        while !(node.readiness().owns_shards && node.readiness().lanes_connected) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        announce(address)
    };
    tokio::select! {
        () = &mut door => anyhow::bail!("the front door closed by itself"),
        announced = async { ready.await?; signals.stop().await; anyhow::Ok(()) } => announced?,
        never = upkeep => match never {},
        () = database.gone() => anyhow::bail!("the private PostgreSQL can't be kept running; see its log in the data directory"),
    }

    tracing::info!("stopping; a second signal stops at once");
    node.begin_drain();
    closing.cancel();
    let grace = config.server.shutdown_grace;
    tokio::select! {
        () = async { tokio::join!(door, node.stop(grace)); } => {}
        () = signals.stop() => tracing::warn!("stopping at once; interrupted work goes on at the next start"),
    }
    agents.stop().await;
    Ok(())
}

/// Keeps histograms small while nobody reads them.
async fn upkeep(metrics: MetricsHandle) -> Infallible {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        metrics.upkeep();
    }
}

/// The one line on standard output: whoever started us waits for it.
fn announce(address: SocketAddr) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "ready http://{address}").and_then(|()| stdout.flush()).context("cannot write to standard output")
}

fn node_options(config: &Config) -> NodeOptions {
    let quotas = config.abuse.quotas;
    NodeOptions {
        name: config.cluster.node_id.clone(),
        address: config.cluster.node_address.map(|address| address.to_string()).unwrap_or_default(),
        roles: vec![config.cluster.role.as_str().to_owned()],
        lanes: std::thread::available_parallelism().map_or(2, usize::from).min(MOST_LANES),
        passivate_after: config.runtime.idle,
        org_limits: OrgLimits {
            concurrent_sessions: quotas.max_concurrent_sessions,
            queued_commands: quotas.max_queued_commands,
            queue_age_ms: quotas.max_queue_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            prompts_per_hour: quotas.max_prompts_per_hour,
        },
        feed: FeedOptions { keep_alive: config.sse.keep_alive, ..FeedOptions::default() },
        ..NodeOptions::default()
    }
}
