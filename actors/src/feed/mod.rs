//! Live streams of a session's and of a user's events to local subscribers.
//!
//! One ring of ready-made frames per log that somebody follows, freed with its last follower. A
//! subscriber is a cursor and a waker, not a queue: it takes all frames up to the head as one
//! shared buffer. Behind the ring's tail it reads pages from the database, and one that cannot keep
//! up for 8 MiB is cut and resumes by its cursor (architecture §7). Frames are published by the
//! journal lane after their commit, so everything that is visible is durable, and in order.

mod cut;
mod frame;
mod hub;
mod log;
pub(crate) mod remote;
mod ring;
mod settled;
mod subscription;
mod tail;

pub use cut::{CutReason, CutSwitch};
pub use frame::records;
pub(crate) use frame::{SessionFrames, WorkspaceFrames};
pub(crate) use hub::FeedHub;
pub(crate) use log::Log;
pub use subscription::Subscription;

use std::time::Duration;

/// Bounds of the feeds.
#[derive(Debug, Clone, Copy)]
pub struct FeedOptions {
    /// How often an idle stream gets a comment. One tick wakes all streams.
    pub keep_alive: Duration,
    /// Bytes that a ring keeps for readers that are a little behind.
    pub ring_bytes: usize,
    /// Bytes by which a reader may fall behind before its connection is cut.
    pub lag_bytes: u64,
    /// Events per page when a reader catches up from the database (contract 00 §9.2).
    pub page: u32,
    /// Readers that catch up from the database at the same time.
    pub concurrent_reads: usize,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self { keep_alive: Duration::from_secs(10), ring_bytes: 256 * 1024, lag_bytes: 8 * 1024 * 1024, page: 1000, concurrent_reads: 8 }
    }
}
