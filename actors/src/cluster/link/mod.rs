//! Links between nodes.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::time::Instant;

/// No frame is larger; bulk goes through the database (architecture §6).
pub(crate) const FRAME_BYTES: usize = 32 * 1024;

/// Carries small requests to peers. A latency path, never a correctness path.
pub(crate) trait Links: Send + Sync + std::fmt::Debug {
    /// The peers that this node should be linked with; replaces the former list. Links to others end.
    fn expect(&self, peers: Vec<Peer>);
    /// Asks the gate of a peer, by node name. At most `FRAME_BYTES` each way (asserted at encode).
    fn call(&self, peer: &str, request: Bytes, deadline: Instant) -> BoxFuture<'static, Result<Bytes, LinkError>>;
    /// For operators.
    fn report(&self) -> Vec<LinkReport>;
    /// Ends all links and the acceptor.
    fn stop(&self) -> BoxFuture<'static, ()>;
}

/// A node to be linked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) address: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("there is no link")]
    NotConnected,
    #[error("the window is full")]
    Busy,
    #[error("the outcome is unknown")]
    Unknown,
    #[error("too large")]
    TooLarge,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    Up { peer: String },
    Down { peer: String },
}

/// What answers the requests of peers.
pub(crate) trait Gate: Send + Sync + 'static {
    fn answer(&self, from: String, request: Bytes) -> BoxFuture<'static, Bytes>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LinkStatus {
    Connecting,
    Up,
    Down,
    Refused,
}

#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkReport {
    pub(crate) peer: String,
    pub(crate) state: LinkStatus,
    pub(crate) reason: Option<String>,
    pub(crate) round_trip_us: Option<u64>,
    pub(crate) calls_in_flight: usize,
    pub(crate) bytes_in_flight: usize,
    pub(crate) reconnects: u64,
}
