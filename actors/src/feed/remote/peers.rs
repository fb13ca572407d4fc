//! How feeds see the cluster.

use super::wire::{FeedReply, FeedRequest};
use cowork_domain::ids::SessionId;
use futures_util::future::BoxFuture;
use std::fmt::Debug;

/// Who commits the events of a session at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FeedOwner {
    Here,
    /// The node of this name.
    Peer(String),
    /// Nobody can commit before somebody takes the shard.
    Nobody,
}

/// Nothing came back: the request may have arrived, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer gave no answer")]
pub(crate) struct PeerGone;

/// The cluster as this node sees it, and a way to ask its peers.
pub(crate) trait FeedPeers: Send + Sync + Debug {
    /// Who commits the events of a session at the moment. Called often: answers from memory.
    fn owner_of(&self, session: SessionId) -> FeedOwner;

    /// All other nodes that own shards now: any of them may commit for a user.
    fn owners(&self) -> Vec<String>;

    /// Asks a peer's [`super::RemoteFeeds::handle`]. Ends at the latest when the link is declared dead.
    fn call(&self, peer: &str, request: FeedRequest) -> BoxFuture<'static, Result<FeedReply, PeerGone>>;
}
