//! Which lines are cut, and what runs over each.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::sync::watch;

/// What can be cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Line {
    /// A node's way to the database.
    Database(String),
    /// Between two nodes, whoever dials; the smaller name first.
    Link(String, String),
}

impl Line {
    /// Between two nodes.
    pub(in super::super) fn between(one: &str, other: &str) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        Self::Link(first.to_owned(), second.to_owned())
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(node) => write!(formatter, "{node} and the database"),
            Self::Link(one, other) => write!(formatter, "{one} and {other}"),
        }
    }
}

/// Cuts and heals lines. Clones share everything.
#[derive(Debug, Clone)]
pub(in super::super) struct Switchboard {
    cuts: watch::Sender<BTreeSet<Line>>,
    meters: Arc<Mutex<BTreeMap<Line, Arc<Meter>>>>,
}

/// What runs over a line.
#[derive(Debug, Default)]
pub(super) struct Meter {
    connections: AtomicUsize,
    bytes: AtomicU64,
}

/// A reading of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Traffic {
    /// Open connections that reached the other side.
    pub(in super::super) connections: usize,
    /// Both ways, since the beginning.
    pub(in super::super) bytes: u64,
}

impl Switchboard {
    pub(in super::super) fn new() -> Self {
        Self { cuts: watch::Sender::new(BTreeSet::new()), meters: Arc::default() }
    }

    /// From now on nothing passes.
    pub(in super::super) fn cut(&self, line: Line) {
        self.cuts.send_if_modified(|cuts| cuts.insert(line));
    }

    /// Everything passes again, what had piled up first.
    pub(in super::super) fn heal(&self, line: &Line) {
        self.cuts.send_if_modified(|cuts| cuts.remove(line));
    }

    /// No line is cut any more.
    pub(in super::super) fn heal_all(&self) {
        self.cuts.send_modify(BTreeSet::clear);
    }

    /// What runs over a line.
    pub(in super::super) fn traffic(&self, line: &Line) -> Traffic {
        let meter = self.meter(line);
        Traffic { connections: meter.connections.load(Ordering::Relaxed), bytes: meter.bytes.load(Ordering::Relaxed) }
    }

    /// A connection's view of its line.
    pub(super) fn valve(&self, line: Line) -> Valve {
        Valve { cuts: self.cuts.subscribe(), meter: self.meter(&line), line }
    }

    fn meter(&self, line: &Line) -> Arc<Meter> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(meters.entry(line.clone()).or_default())
    }
}

/// Tells one connection whether its line is cut.
#[derive(Debug, Clone)]
pub(super) struct Valve {
    cuts: watch::Receiver<BTreeSet<Line>>,
    meter: Arc<Meter>,
    line: Line,
}

impl Valve {
    pub(super) fn is_open(&self) -> bool {
        !self.cuts.borrow().contains(&self.line)
    }

    /// Resolves while the line isn't cut.
    pub(super) async fn opened(&mut self) {
        let line = &self.line;
        if self.cuts.wait_for(|cuts| !cuts.contains(line)).await.is_err() {
            std::future::pending::<()>().await; // the switchboard is gone, and soon we are
        }
    }

    /// Resolves while the line is cut.
    pub(super) async fn closed(&mut self) {
        let line = &self.line;
        if self.cuts.wait_for(|cuts| cuts.contains(line)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn passed(&self, bytes: usize) {
        self.meter.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts a connection until the guard is dropped.
    pub(super) fn connected(&self) -> Connected {
        self.meter.connections.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(&self.meter))
    }
}

/// A counted connection.
pub(super) struct Connected(Arc<Meter>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
