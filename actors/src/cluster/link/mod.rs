//! Small requests between nodes: a latency path, never a correctness path (architecture §6).
//!
//! Whatever goes wrong here, the database says what is true: a call that ends with
//! [`LinkError::Unknown`] may have been carried out, and is repeated with the same command id.

mod acceptor;
mod call;
mod connection;
mod dialer;
mod engine;
mod frame;
mod gate;
mod life;
mod links;
mod options;
mod peer;
mod preface;
mod shared;
#[cfg(test)]
mod tests;
mod tls;
mod window;

pub(crate) use links::{RactorLinks, StartError};
pub use options::{LinkOptions, LinkSecret, LinkTls};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::time::Instant;

/// No frame is larger; bulk goes through the database (architecture §6).
pub(crate) const FRAME_BYTES: usize = 32 * 1024;

/// Carries small requests to peers. A latency path, never a correctness path.
pub(crate) trait Links: Send + Sync + std::fmt::Debug {
    /// The peers that this node should be linked with; replaces the former list. Links to others end.
    fn expect(&self, peers: Vec<Peer>);
    /// Asks the gate of a peer, by node name. At most [`FRAME_BYTES`] each way.
    fn call(&self, peer: &str, request: Bytes, deadline: Instant) -> BoxFuture<'static, Result<Bytes, LinkError>>;
    /// For operators.
    fn report(&self) -> Vec<LinkReport>;
    /// Ends all links and the acceptor.
    fn stop(&self) -> BoxFuture<'static, ()>;
}

/// A node that this node should be linked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Unique in the cluster.
    pub(crate) name: String,
    /// `host:port` of its acceptor.
    pub(crate) address: String,
}

/// Why a call has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkError {
    /// Certainly not delivered.
    #[error("there is no link with this node")]
    NotConnected,
    /// Certainly not delivered: as much as may be on its way to this peer is on its way.
    #[error("too much is on its way to this node")]
    Busy,
    /// May have been delivered; repeat it with the same id.
    #[error("the outcome is unknown")]
    Unknown,
    /// Certainly not delivered.
    #[error("a request is larger than {FRAME_BYTES} bytes")]
    TooLarge,
}

/// What a link tells the membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    /// The gate of this peer answers.
    Up {
        /// Its name.
        peer: String,
    },
    /// It doesn't any more.
    Down {
        /// Its name.
        peer: String,
    },
}

/// What answers the requests of peers. The future is run in a task of its own, so a slow answer holds up nothing.
pub(crate) trait Gate: Send + Sync + 'static {
    /// Answers a request of the node with this name, with at most [`FRAME_BYTES`].
    fn answer(&self, from: String, request: Bytes) -> BoxFuture<'static, Bytes>;
}

/// How a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LinkStatus {
    /// It never was up since it is expected.
    Connecting,
    /// The peer's gate answers.
    Up,
    /// It was up.
    Down,
    /// One side refused it; the reason says why and what to do.
    Refused,
}

/// What an operator sees of a link.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkReport {
    /// The node at the other end.
    pub(crate) peer: String,
    /// How it is.
    pub(crate) state: LinkStatus,
    /// Why it isn't up.
    pub(crate) reason: Option<String>,
    /// The last heartbeat, there and back.
    pub(crate) round_trip_us: Option<u64>,
    /// Calls without an answer so far.
    pub(crate) calls_in_flight: usize,
    /// What they take of the peer's window.
    pub(crate) bytes_in_flight: usize,
    /// Times that it came up after the first.
    pub(crate) reconnects: u64,
}
