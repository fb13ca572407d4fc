//! How feeds see the cluster.

use crate::{
    clock::Clock,
    cluster::{
        Place, Remote, Whereabouts,
        request::{Answer, Request},
    },
    feed::remote::{FeedOwner, FeedPeers, FeedReply, FeedRequest, PeerGone},
};
use cowork_domain::ids::SessionId;
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};

/// Shorter than the time after which a silent link is given up.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct ClusterFeeds {
    pub(super) whereabouts: Whereabouts,
    pub(super) remote: Arc<Remote>,
}

impl FeedPeers for ClusterFeeds {
    fn owner_of(&self, session: SessionId) -> FeedOwner {
        match self.whereabouts.of(session.as_uuid()) {
            Place::Here => FeedOwner::Here,
            Place::Peer(owner) => FeedOwner::Peer(owner.name),
            Place::NotNow => FeedOwner::Nobody,
        }
    }

    fn owners(&self) -> Vec<String> {
        let own = &self.whereabouts.own_name;
        let owners = self.whereabouts.picture.now().map(|picture| picture.owners()).unwrap_or_default();
        owners.into_iter().filter(|name| name != own).collect()
    }

    fn call(&self, peer: &str, request: FeedRequest) -> BoxFuture<'static, Result<FeedReply, PeerGone>> {
        let (remote, peer) = (self.remote.clone(), peer.to_owned());
        Box::pin(async move {
            match remote.ask_quickly(&peer, &Request::Feed(request), Clock.instant() + PATIENCE).await {
                Ok(Answer::Feed(reply)) => Ok(reply),
                Ok(_) | Err(_) => Err(PeerGone),
            }
        })
    }
}
