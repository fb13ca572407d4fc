//! `cowork serve`: puts the parts together, and takes them apart again in the right order.
//!
//! The port is taken first, so that a second server on it fails before it touches anything. Then the
//! database, the runtime, the node, and last the front door; which of them do something is the role's
//! to say. Stopping goes the other way; `stopping` tells it.

mod billing;
mod database;
mod front_door;
mod keys;
mod node;
mod opencode;
mod projects;
mod runtime;
mod signals;
mod start_notes;
mod stopping;

use crate::{
    artifacts::Artifacts,
    byok::DayBudgets,
    config::{Config, cluster::Role},
    http,
    project_sources::Snapshots,
    secrets::Keyring,
    telemetry::metrics::MetricsHandle,
};
use anyhow::Context;
use cowork_actors::{NodeHandle, Readiness};
use database::Database;
use signals::Signals;
use std::{convert::Infallible, io::Write, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait to be accepted; the kernel lowers it to its own limit.
const LISTEN_QUEUE: u32 = 4096;

/// Runs the cloud until it is told to stop.
pub async fn run(config: Config, metrics: MetricsHandle) -> anyhow::Result<()> {
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
    let auth = front_door::auth(config)?;
    let billing = billing::options(config)?;
    start_notes::write(config, &database.store()).await.context("the start cannot be noted in the audit log")?;
    let keyring = Keyring::open(config, &database.store()).await.context("the keys of this node can't be had")?;
    let keys = keys::ProviderKeys::new(config, database.store(), &keyring);
    let objects = crate::artifacts::open(config)?;
    let artifacts = Artifacts::new(database.store(), objects.clone(), front_door::artifacts(config));
    let budgets = Arc::new(DayBudgets::new(database.store(), config.byok.budget.clone()));
    let agents = runtime::Agents::start(config, keys.source(), budgets, &artifacts).await?;
    let snapshots = Snapshots::new(database.store(), objects.clone(), front_door::snapshots(config));
    let projects = projects::fetcher(config, &snapshots);
    let node = match NodeHandle::start(node::options(config, objects, projects), database.store(), agents.runtime()).await {
        Ok(node) => node,
        Err(error) => {
            agents.stop().await;
            return Err(error.into());
        }
    };
    let _following = keys.follow();
    if let Some(checker) = keys.checker() {
        node.check_keys_with(checker);
    }
    let address = listener.local_addr()?;
    let upkeep = upkeep(metrics.clone());
    let options = front_door::options(config, auth, billing, agents.isolation());
    let state =
        http::HttpState::new(options, node.clone(), keyring, artifacts.clone(), snapshots.clone(), Arc::new(move || metrics.render()));
    let stop = http::Stop::default();
    let door = http::serve(listener, state, stop.clone());
    tokio::pin!(door);

    let role = config.cluster.role;
    let ready = async {
        while !has_joined(role, &node.readiness()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        announce(address)
    };
    let told_to_stop = async {
        let is_ready = tokio::select! {
            announced = ready => announced.map(|()| true)?,
            // A node may wait for others before it is ready, and must not make whoever stops it wait with it.
            () = signals.stop() => false,
        };
        if is_ready {
            signals.stop().await;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        () = &mut door => anyhow::bail!("the front door closed by itself"),
        told = told_to_stop => told?,
        never = upkeep => match never {},
        never = artifacts.keep_clean() => match never {},
        never = snapshots.keep_clean() => match never {},
        () = database.gone() => anyhow::bail!("the private PostgreSQL can't be kept running; see its log in the data directory"),
    }

    tracing::info!("stopping; a second signal stops at once");
    tokio::select! {
        () = stopping::in_order(&config.server, node, door, stop) => {}
        () = signals.stop() => tracing::warn!("stopping at once; interrupted work goes on elsewhere, or at the next start"),
    }
    agents.stop().await;
    Ok(())
}

/// Whether this node plays its part. It says nothing of the others: a web node is there before the first worker is, and
/// `/readyz` tells the rest.
fn has_joined(role: Role, readiness: &Readiness) -> bool {
    let Readiness { member, owns_shards, lanes_connected, .. } = *readiness;
    match role {
        Role::AllInOne => member && owns_shards && lanes_connected,
        Role::Worker => member && lanes_connected,
        Role::Web | Role::Scheduler => member,
    }
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
