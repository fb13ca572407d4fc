//! What every actor kind reports (architecture §4): counters for the operators' view and for
//! `/metrics`.

use super::ActorKind;
use crate::node::Shared;
use serde::Serialize;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

/// Counters of all kinds.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    kinds: [KindStats; ActorKind::ALL.len()],
}

/// Counters of one kind.
#[derive(Debug, Default)]
pub(crate) struct KindStats {
    kind: std::sync::OnceLock<ActorKind>,
    alive: AtomicI64,
    started: AtomicU64,
    passivated: AtomicU64,
    restarts: AtomicU64,
    panics: AtomicU64,
    failures: AtomicU64,
    quarantined: AtomicI64,
    /// Microseconds that the oldest message of the current report period waited.
    mailbox_age_micros: AtomicU64,
    handled: AtomicU64,
}

/// Counts an actor as alive for as long as its state exists, however it ends.
#[derive(Debug)]
pub(crate) struct Alive {
    shared: Arc<Shared>,
    kind: ActorKind,
}

impl Alive {
    pub(crate) fn count(shared: &Arc<Shared>, kind: ActorKind) -> Self {
        shared.stats.of(kind).started();
        Self { shared: shared.clone(), kind }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.shared.stats.of(self.kind).ended();
    }
}

/// The counters as operators see them.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KindReport {
    kind: ActorKind,
    alive: i64,
    started: u64,
    passivated: u64,
    restarts: u64,
    panics: u64,
    failures: u64,
    quarantined: i64,
    /// The longest that a message waited since the last report.
    mailbox_age_ms: f64,
    messages: u64,
}

impl Stats {
    /// Counters at zero. Their series are there from the start: an alert can't tell an absent one from a broken one.
    pub(crate) fn new() -> Self {
        let stats = Self::default();
        for kind in ActorKind::ALL {
            stats.of(kind).announce();
        }
        stats
    }

    pub(crate) fn of(&self, kind: ActorKind) -> &KindStats {
        let stats = &self.kinds[kind as usize];
        stats.kind.get_or_init(|| kind);
        stats
    }

    pub(crate) fn report(&self) -> Vec<KindReport> {
        ActorKind::ALL.into_iter().map(|kind| self.of(kind).report(kind)).collect()
    }
}

impl KindStats {
    fn name(&self) -> &'static str {
        self.kind.get().map_or("unknown", |kind| kind.as_str())
    }

    fn announce(&self) {
        for name in
            ["cowork_actor_started_total", "cowork_actor_passivated_total", "cowork_actor_restarts_total", "cowork_actor_panics_total"]
        {
            metrics::counter!(name, "kind" => self.name()).increment(0);
        }
        self.show_alive(0);
        self.quarantined(0);
    }

    fn started(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
        let alive = self.alive.fetch_add(1, Ordering::Relaxed) + 1;
        metrics::counter!("cowork_actor_started_total", "kind" => self.name()).increment(1);
        self.show_alive(alive);
    }

    fn ended(&self) {
        let alive = self.alive.fetch_sub(1, Ordering::Relaxed) - 1;
        self.show_alive(alive);
    }

    pub(crate) fn alive(&self) -> i64 {
        self.alive.load(Ordering::Relaxed)
    }

    fn show_alive(&self, alive: i64) {
        #[expect(clippy::cast_precision_loss, reason = "a count of actors is far below 2^52")]
        metrics::gauge!("cowork_actor_alive", "kind" => self.name()).set(alive as f64);
    }

    pub(crate) fn passivated(&self) {
        self.passivated.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("cowork_actor_passivated_total", "kind" => self.name()).increment(1);
    }

    pub(crate) fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("cowork_actor_restarts_total", "kind" => self.name()).increment(1);
    }

    pub(crate) fn failed(&self, code: &'static str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if code == "actor.panicked" {
            self.panics.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("cowork_actor_panics_total", "kind" => self.name()).increment(1);
        }
        metrics::counter!("cowork_actor_failures_total", "kind" => self.name(), "code" => code).increment(1);
    }

    pub(crate) fn quarantined(&self, change: i64) {
        let now = self.quarantined.fetch_add(change, Ordering::Relaxed) + change;
        #[expect(clippy::cast_precision_loss, reason = "a count of entities is far below 2^52")]
        metrics::gauge!("cowork_actor_quarantined", "kind" => self.name()).set(now as f64);
    }

    pub(crate) fn waited(&self, age: Duration) {
        let micros = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
        self.mailbox_age_micros.fetch_max(micros, Ordering::Relaxed);
        metrics::histogram!("cowork_actor_mailbox_seconds", "kind" => self.name()).record(age.as_secs_f64());
    }

    pub(crate) fn handled(&self, time: Duration) {
        self.handled.fetch_add(1, Ordering::Relaxed);
        metrics::histogram!("cowork_actor_handle_seconds", "kind" => self.name()).record(time.as_secs_f64());
    }

    fn report(&self, kind: ActorKind) -> KindReport {
        let micros = self.mailbox_age_micros.swap(0, Ordering::Relaxed);
        KindReport {
            kind,
            alive: self.alive.load(Ordering::Relaxed),
            started: self.started.load(Ordering::Relaxed),
            passivated: self.passivated.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
            panics: self.panics.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            quarantined: self.quarantined.load(Ordering::Relaxed),
            mailbox_age_ms: Duration::from_micros(micros).as_secs_f64() * 1e3,
            messages: self.handled.load(Ordering::Relaxed),
        }
    }
}
