//! Whether a node can do its part.

use super::NodeHandle;
use crate::cluster::link::LinkStatus;
use std::{sync::atomic::Ordering, time::Duration};

/// What a node has of all that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts, each of which a check names")]
pub struct Readiness {
    /// It takes part, and owns shards unless its role doesn't.
    pub member: bool,
    /// It owns shards.
    pub owns_shards: bool,
    /// Its journal is connected.
    pub lanes_connected: bool,
    /// It is about to leave.
    pub draining: bool,
    /// How long ago the database last told it what the cluster looks like.
    pub database_seen: Option<Duration>,
    /// Shards that nobody alive owns.
    pub shards_unowned: usize,
    /// Nodes that execute sessions, this one included.
    pub workers_alive: usize,
    /// Of them: this one, and those with a link. The others are reached through the database.
    pub workers_linked: usize,
}

impl NodeHandle {
    /// What this node has of all that it needs.
    pub fn readiness(&self) -> Readiness {
        let shared = &self.shared;
        let owned = shared.ownership.now();
        let picture = shared.picture.now();
        let own = shared.options.name.as_str();
        let links = shared.remote.reports();
        let is_linked = |name: &str| name == own || links.iter().any(|link| link.peer == name && link.state == LinkStatus::Up);
        let workers: Vec<&str> = picture.iter().flat_map(|picture| picture.workers()).map(|row| row.name.as_str()).collect();
        Readiness {
            member: owned.is_some() || !shared.options.role.owns_shards() && picture.is_some(),
            owns_shards: owned.is_some_and(|owned| !owned.epochs.is_empty()),
            lanes_connected: shared.journal.is_connected(),
            draining: shared.draining.load(Ordering::Relaxed),
            database_seen: picture.as_ref().map(|picture| picture.seen.elapsed()),
            shards_unowned: picture.as_ref().map_or(0, |picture| picture.unowned()),
            workers_alive: workers.len(),
            workers_linked: workers.iter().filter(|name| is_linked(name)).count(),
        }
    }
}
