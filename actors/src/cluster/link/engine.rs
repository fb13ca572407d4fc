//! ractor's node server, which carries frames between gates, and its sessions: one per link.
//!
//! It gets connections that are introduced already; whatever it offers beyond that (its own listener, its own client,
//! its mesh) is closed.

use super::{
    FRAME_BYTES, StartError,
    connection::Connection,
    gate::{Ask, GATE, GateActor, GateState},
    tls,
};
use parking_lot::Mutex;
use ractor::{Actor, ActorId, ActorRef};
use ractor_cluster::{
    IncomingEncryptionMode, NodeEventSubscription, NodeServer, NodeServerMessage, NodeSessionMessage,
    node::{NodeConnectionMode, NodeServerSessionInformation},
};
use std::{collections::HashMap, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// ractor's own handshake has this long; it takes two milliseconds.
const OPENING: Duration = Duration::from_secs(5);

/// A session that doesn't end by itself within this time is killed.
const ENDING: Duration = Duration::from_secs(1);

pub(super) struct Engine {
    server: ActorRef<NodeServerMessage>,
    gate: ActorRef<Ask>,
    sessions: Arc<Sessions>,
}

/// Ends when the node server or the gate did, which they should never do before they are told to.
pub(super) struct EngineRun {
    server: JoinHandle<()>,
    gate: JoinHandle<()>,
}

/// How far a session is. The node server tells; a label joins what it tells to what was handed to it.
#[derive(Clone)]
enum Phase {
    Handed,
    Opened(ActorRef<NodeSessionMessage>),
    Ready(ActorRef<NodeSessionMessage>),
    Ended,
}

#[derive(Default)]
struct Sessions(Mutex<HashMap<String, watch::Sender<Phase>>>);

impl Engine {
    /// Starts it. One per process: ractor's tables are global.
    pub(super) async fn start(name: &str, process: Uuid, cookie: String, gate: GateState) -> Result<(Self, EngineRun), StartError> {
        let (gate, gate_task) =
            Actor::spawn(Some(GATE.into()), GateActor, gate).await.map_err(|error| StartError::Engine(error.to_string()))?;
        // The process in place of a host makes every life of a node a node of its own to ractor, so that the dead session of
        // a former life is never taken for the same.
        let server = NodeServer::new(
            0,
            cookie,
            name.into(),
            process.simple().to_string(),
            // It insists on a listener. This one is on loopback, at a port that nobody is told, and ends every handshake.
            Some(IncomingEncryptionMode::Tls(tls::closed_door())),
            Some(NodeConnectionMode::Isolated),
        )
        .with_listen_addr(Ipv4Addr::LOCALHOST.into())
        .with_max_inbound_frame_size(2 * FRAME_BYTES as u64);
        let (server, server_task) = match Actor::spawn(None, server, ()).await {
            Ok(started) => started,
            Err(error) => {
                gate.stop_and_wait(None, Some(ENDING)).await.ok();
                return Err(StartError::Engine(error.to_string()));
            }
        };
        let sessions = Arc::new(Sessions::default());
        let subscription = Box::new(Subscription(sessions.clone()));
        server
            .cast(NodeServerMessage::SubscribeToEvents { id: GATE.into(), subscription })
            .map_err(|error| StartError::Engine(error.to_string()))?;
        Ok((Self { server, gate, sessions }, EngineRun { server: server_task, gate: gate_task }))
    }

    /// Makes a session of an introduced connection, and waits until both sides see each other's gate.
    pub(super) async fn open(&self, connection: Connection, label: String, is_server: bool, stop: &CancellationToken) -> Option<Session> {
        let (sender, phase) = watch::channel(Phase::Handed);
        self.sessions.0.lock().insert(label.clone(), sender);
        let mut session = Session { phase, label: label.clone(), sessions: self.sessions.clone() };
        let stream = Box::new(connection.labelled(label));
        self.server.cast(NodeServerMessage::ConnectionOpenedExternal { stream, is_server }).ok()?;
        let ready = session.phase.wait_for(|phase| matches!(phase, Phase::Ready(_) | Phase::Ended));
        let is_ready = match stop.run_until_cancelled(timeout(OPENING, ready)).await {
            Some(Ok(Ok(phase))) => matches!(*phase, Phase::Ready(_)),
            _ => false,
        };
        if is_ready {
            return Some(session);
        }
        session.end().await;
        None
    }

    /// Ends everything.
    pub(super) async fn stop(&self) {
        self.gate.stop_and_wait(None, Some(ENDING)).await.ok();
        self.server.stop_and_wait(None, Some(ENDING)).await.ok();
        self.gate.kill();
        self.server.kill();
        self.sessions.0.lock().clear();
    }
}

impl EngineRun {
    pub(super) async fn ended(&mut self) {
        tokio::select! {
            _ = &mut self.server => {}
            _ = &mut self.gate => {}
        }
    }
}

/// A link as ractor sees it.
pub(super) struct Session {
    phase: watch::Receiver<Phase>,
    label: String,
    sessions: Arc<Sessions>,
}

impl Session {
    /// The peer's gate. It is looked up in this session, so it is never one of an earlier life.
    pub(super) fn gate(&self) -> Option<ActorRef<Ask>> {
        let actor = self.actor()?;
        let is_gate = |id: ActorId, name: Option<String>| !id.is_local() && name.as_deref() == Some(GATE);
        let cell = actor.get_cell().get_children().into_iter().find(|child| is_gate(child.get_id(), child.get_name()))?;
        Some(cell.into())
    }

    /// Returns when the connection ended, whoever ended it.
    pub(super) async fn ended(&mut self) {
        self.phase.wait_for(|phase| matches!(phase, Phase::Ended)).await.ok();
    }

    /// Ends it, and returns when it is gone: a next session of the same peer must not meet it.
    pub(super) async fn end(mut self) {
        timeout(ENDING, self.phase.wait_for(|phase| !matches!(phase, Phase::Handed))).await.ok();
        let Some(actor) = self.actor() else { return };
        actor.stop(Some("the link ended".into()));
        if timeout(ENDING, self.ended()).await.is_err() {
            actor.kill();
            timeout(ENDING, self.ended()).await.ok();
        }
    }

    fn actor(&self) -> Option<ActorRef<NodeSessionMessage>> {
        match &*self.phase.borrow() {
            Phase::Opened(actor) | Phase::Ready(actor) => Some(actor.clone()),
            Phase::Handed | Phase::Ended => None,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sessions.0.lock().remove(&self.label);
    }
}

impl Sessions {
    fn set(&self, session: &NodeServerSessionInformation, phase: Phase) {
        match self.0.lock().get(&session.peer_addr) {
            Some(sender) => _ = sender.send_replace(phase),
            // Nobody waits for it any more.
            None => session.actor.stop(None),
        }
    }
}

struct Subscription(Arc<Sessions>);

impl NodeEventSubscription for Subscription {
    fn node_session_opened(&self, session: NodeServerSessionInformation) {
        self.0.set(&session, Phase::Opened(session.actor.clone()));
    }

    fn node_session_disconnected(&self, session: NodeServerSessionInformation) {
        self.0.set(&session, Phase::Ended);
    }

    fn node_session_authenticated(&self, _: NodeServerSessionInformation) {}

    fn node_session_ready(&self, session: NodeServerSessionInformation) {
        self.0.set(&session, Phase::Ready(session.actor.clone()));
    }
}
