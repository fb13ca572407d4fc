//! What this node knows of one peer that it should be linked with.

use super::{
    LinkReport, LinkStatus,
    gate::Ask,
    preface::Refusal,
    window::{Flight, Window},
};
use metrics::{Counter, Gauge, Histogram};
use parking_lot::Mutex;
use ractor::ActorRef;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(super) struct PeerLink {
    pub(super) name: String,
    /// Where it is dialled, if this node dials it.
    pub(super) address: watch::Sender<String>,
    /// Ends when nobody expects this peer any more.
    pub(super) stop: CancellationToken,
    /// Held by the connection that is the link, or is about to be.
    pub(super) slot: Arc<AsyncMutex<()>>,
    /// Held while a newcomer is judged, so that two are judged one after the other.
    pub(super) admission: AsyncMutex<()>,
    pub(super) window: Arc<Window>,
    pub(super) metrics: PeerMetrics,
    state: Mutex<State>,
}

/// A link that is up.
pub(super) struct Live {
    pub(super) gate: ActorRef<Ask>,
    /// The life of the peer at the other end.
    pub(super) process: Uuid,
    /// Ends with the link, and with it every call.
    pub(super) ended: CancellationToken,
    /// Answers so far: a peer that answers calls is there, even if a heartbeat got stuck behind them.
    pub(super) answers: AtomicU64,
}

struct State {
    status: LinkStatus,
    reason: Option<String>,
    live: Option<Arc<Live>>,
    /// Ends the connection that holds the slot.
    holder: CancellationToken,
    round_trip: Option<Duration>,
    times_up: u64,
}

pub(super) struct PeerMetrics {
    up: Gauge,
    calls_in_flight: Gauge,
    pub(super) busy: Counter,
    pub(super) unknown: Counter,
    reconnects: Counter,
    round_trip: Histogram,
}

impl PeerLink {
    pub(super) fn new(name: String, address: String, window: usize, stop: CancellationToken) -> Self {
        let metrics = PeerMetrics::of(&name);
        metrics.up.set(0.0);
        Self {
            name,
            address: watch::Sender::new(address),
            stop,
            slot: Arc::default(),
            admission: AsyncMutex::default(),
            window: Arc::new(Window::new(window)),
            metrics,
            state: Mutex::new(State {
                status: LinkStatus::Connecting,
                reason: None,
                live: None,
                holder: CancellationToken::new(),
                round_trip: None,
                times_up: 0,
            }),
        }
    }

    pub(super) fn live(&self) -> Option<Arc<Live>> {
        self.state.lock().live.clone()
    }

    /// Room for a call, if there is some.
    pub(super) fn take_window(&self, bytes: usize) -> Option<Flight> {
        self.window.take(bytes, self.metrics.calls_in_flight.clone())
    }

    /// A connection takes the slot: this ends it.
    pub(super) fn held_by(&self, holder: CancellationToken) {
        self.state.lock().holder = holder;
    }

    /// Asks the connection that holds the slot to go.
    pub(super) fn dismiss(&self) {
        self.state.lock().holder.cancel();
    }

    pub(super) fn up(&self, live: Arc<Live>) {
        let mut state = self.state.lock();
        state.status = LinkStatus::Up;
        state.reason = None;
        state.live = Some(live);
        if state.times_up > 0 {
            self.metrics.reconnects.increment(1);
        }
        state.times_up += 1;
        self.metrics.up.set(1.0);
    }

    /// All calls end.
    pub(super) fn down(&self, reason: &str) {
        let mut state = self.state.lock();
        state.status = LinkStatus::Down;
        state.reason = Some(reason.to_owned());
        state.round_trip = None;
        if let Some(live) = state.live.take() {
            live.ended.cancel();
        }
        self.metrics.up.set(0.0);
    }

    /// A try to connect came to nothing. Whether that is news.
    pub(super) fn unreachable(&self, reason: String) -> bool {
        let mut state = self.state.lock();
        if state.live.is_some() {
            return false;
        }
        if state.status == LinkStatus::Refused {
            state.status = if state.times_up == 0 { LinkStatus::Connecting } else { LinkStatus::Down };
        }
        let is_news = state.reason.as_ref() != Some(&reason);
        state.reason = Some(reason);
        is_news
    }

    /// One side said no. A link that is up is another connection's, and stays.
    pub(super) fn refused(&self, refusal: &Refusal) {
        let mut state = self.state.lock();
        if state.live.is_none() {
            state.status = LinkStatus::Refused;
            state.reason = Some(refusal.to_string());
        }
    }

    pub(super) fn answered(&self, round_trip: Duration) {
        self.metrics.round_trip.record(round_trip);
        self.state.lock().round_trip = Some(round_trip);
    }

    pub(super) fn report(&self) -> LinkReport {
        let state = self.state.lock();
        LinkReport {
            peer: self.name.clone(),
            state: state.status,
            reason: state.reason.clone(),
            round_trip_us: state.round_trip.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            calls_in_flight: self.window.calls_in_flight(),
            bytes_in_flight: self.window.bytes_in_flight(),
            reconnects: state.times_up.saturating_sub(1),
        }
    }
}

impl Live {
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }
}

impl PeerMetrics {
    fn of(peer: &str) -> Self {
        let peer = peer.to_owned();
        Self {
            up: metrics::gauge!("cowork_link_up", "peer" => peer.clone()),
            calls_in_flight: metrics::gauge!("cowork_link_calls_in_flight", "peer" => peer.clone()),
            busy: metrics::counter!("cowork_link_busy_total", "peer" => peer.clone()),
            unknown: metrics::counter!("cowork_link_unknown_total", "peer" => peer.clone()),
            reconnects: metrics::counter!("cowork_link_reconnects_total", "peer" => peer.clone()),
            round_trip: metrics::histogram!("cowork_link_round_trip_seconds", "peer" => peer),
        }
    }
}
