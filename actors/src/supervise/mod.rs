//! Supervision: entities live under one supervisor per shard, are started on demand, restarted with
//! back-off, quarantined when they keep failing, and passivated to nothing when idle.
//!
//! A failing entity never takes its siblings down (invariant I11), and what happens is visible in
//! [`SupervisionReport`].
//!
//! Entities exist by the thousand. Ractor keeps room for three copies of what `handle` returns in each of them, busy or not, and
//! moves it into each of the three for every message. So a `handle` boxes what waits for much: the database, a provider, files.

mod contain;
mod entity;
mod failure;
mod mail;
mod policy;
mod report;
mod shard;
mod stats;

pub(crate) use contain::contain;
pub use entity::{ActorKind, EntityKey};
pub(crate) use entity::{EntityRef, EntityTable, Start};
pub(crate) use failure::{Failure, FailureClass};
pub(crate) use mail::Mail;
pub use report::{LiftOutcome, SupervisionReport};
pub(crate) use report::{QuarantinedEntity, ShardReport};
pub(crate) use shard::{RouteError, ShardMsg, ShardSupervisor};
pub(crate) use stats::{Alive, KindStats, Stats};
