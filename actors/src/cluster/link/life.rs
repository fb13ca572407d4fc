//! One link, from the introduction to its end: opened, found to answer, watched by heartbeats, ended.

use super::{
    LinkEvent,
    call::{Ping, ping},
    connection::Connection,
    engine::Session,
    peer::{Live, PeerLink},
    shared::Shared,
};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Silences in a row after which a peer counts as gone.
const SILENCES: u32 = 2;

/// An introduced connection that holds the peer's slot.
pub(super) struct Introduced {
    pub(super) connection: Connection,
    /// The peer's life.
    pub(super) process: Uuid,
    /// Whether the peer dialled.
    pub(super) is_server: bool,
    /// Ends this connection, and not the next one.
    pub(super) holder: CancellationToken,
}

/// Carries the link for as long as it lasts. Says how long it was up, if it was. The caller holds the peer's slot.
pub(super) async fn carry(shared: &Arc<Shared>, peer: &PeerLink, introduced: Introduced) -> Option<Duration> {
    let Introduced { connection, process, is_server, holder } = introduced;
    let engine = shared.engine();
    let session = engine.open(connection, shared.label(&peer.name), is_server, &holder).await;
    let Some(mut session) = session else {
        peer.unreachable("the connection was made, but no session came of it".into());
        return None;
    };
    let up_since = Instant::now();
    let was_up = match greet_gate(shared, peer, &session, process, &holder).await {
        Ok(live) => {
            peer.up(live.clone());
            shared.tell(LinkEvent::Up { peer: peer.name.clone() });
            tracing::info!(peer = peer.name, %process, "a link is up");
            let reason = watch(shared, peer, &live, &mut session, &holder).await;
            peer.down(reason);
            shared.tell(LinkEvent::Down { peer: peer.name.clone() });
            tracing::info!(peer = peer.name, %process, reason, "a link is down");
            Some(up_since.elapsed())
        }
        Err(reason) => {
            peer.unreachable(reason.into());
            None
        }
    };
    session.end().await;
    was_up
}

/// A link is up only when the gate at its other end answers.
async fn greet_gate(
    shared: &Shared,
    peer: &PeerLink,
    session: &Session,
    process: Uuid,
    holder: &CancellationToken,
) -> Result<Arc<Live>, &'static str> {
    let gate = session.gate().ok_or("the peer shows no gate")?;
    for _ in 0..SILENCES {
        match holder.run_until_cancelled(ping(&gate, &shared.options.name, shared.options.heartbeat)).await {
            Some(Ping::Answered(round_trip)) => {
                peer.answered(round_trip);
                return Ok(Arc::new(Live { gate, process, ended: CancellationToken::new(), answers: AtomicU64::new(0) }));
            }
            Some(Ping::Silence) => {}
            Some(Ping::Lost) => return Err("the peer's gate went before it answered"),
            None => return Err("the link is not wanted any more"),
        }
    }
    Err("the peer's gate doesn't answer")
}

/// Returns why the link is over.
async fn watch(shared: &Shared, peer: &PeerLink, live: &Live, session: &mut Session, holder: &CancellationToken) -> &'static str {
    tokio::select! {
        () = holder.cancelled() => "the link is not wanted any more",
        () = session.ended() => "the connection ended",
        reason = heartbeats(shared, peer, live) => reason,
    }
}

async fn heartbeats(shared: &Shared, peer: &PeerLink, live: &Live) -> &'static str {
    let every = shared.options.heartbeat;
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silences = 0;
    loop {
        ticks.tick().await;
        let answers = live.answers();
        match ping(&live.gate, &shared.options.name, every).await {
            Ping::Answered(round_trip) => {
                peer.answered(round_trip);
                silences = 0;
            }
            Ping::Silence if live.answers() > answers => silences = 0,
            Ping::Silence => silences += 1,
            Ping::Lost => return "the peer's gate is gone",
        }
        if silences == SILENCES {
            return "the peer doesn't answer heartbeats";
        }
    }
}
