//! What becomes of admitted prompts, told to the org wherever it lives.
//!
//! A session and its organisation may be on different nodes. News of a remote org is gathered per
//! node and sent in order; what can't be delivered within the time of a move is dropped, because an
//! org that missed news counts again from the journal before it refuses anybody, and when a grant expires.

use super::OrgMsg;
use crate::{
    cluster::{
        Place,
        request::{Answer, Request},
    },
    node::Shared,
    supervise::{EntityKey, EntityRef, Mail},
};
use cowork_domain::ids::{CommandId, OrgId, SessionId};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// News that may wait; what comes on top is dropped.
const QUEUE: usize = 16 * 1024;
/// News in one message: about 100 bytes each.
const TOGETHER: usize = 200;
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// One fact about an admitted prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OrgNews {
    /// It is durable.
    Confirm { grant: CommandId, session: SessionId },
    /// It was not written.
    Cancel { grant: CommandId },
    /// It ended, one way or the other.
    Finished { session: SessionId, command: CommandId },
}

/// Takes news for orgs on other nodes.
#[derive(Debug, Clone)]
pub(crate) struct OrgPost {
    input: mpsc::Sender<(OrgId, OrgNews)>,
}

impl OrgPost {
    /// The post, and what its carrier reads.
    pub(crate) fn new() -> (Self, mpsc::Receiver<(OrgId, OrgNews)>) {
        let (input, output) = mpsc::channel(QUEUE);
        (Self { input }, output)
    }

    fn send(&self, org: OrgId, news: OrgNews) {
        if self.input.try_send((org, news)).is_err() {
            metrics::counter!("cowork_org_news_dropped_total").increment(1);
        }
    }
}

impl Shared {
    /// Tells an org what became of a prompt. One that doesn't live counts again when it starts.
    pub(crate) fn tell_org(&self, org: &OrgId, news: OrgNews) {
        let key = EntityKey::Org(org.clone());
        match self.place(&key) {
            Place::Here => self.tell_org_here(&key, news),
            Place::Peer(_) | Place::NotNow => self.org_post.send(org.clone(), news),
        }
    }

    pub(crate) fn tell_org_here(&self, key: &EntityKey, news: OrgNews) {
        if let Some(EntityRef::Org { actor }) = self.table.get(key) {
            actor.cast(Mail::new(OrgMsg::News(news))).ok();
        }
    }
}

/// Carries news until the node stops.
pub(crate) async fn carry(shared: Arc<Shared>, mut output: mpsc::Receiver<(OrgId, OrgNews)>) {
    let mut waiting = Vec::new();
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            taken = output.recv_many(&mut waiting, TOGETHER) => if taken == 0 { return },
        }
        while !waiting.is_empty() {
            let org = waiting[0].0.clone();
            let (same, others): (Vec<_>, Vec<_>) = waiting.drain(..).partition(|(other, _)| *other == org);
            waiting = others;
            deliver(&shared, org, same.into_iter().map(|(_, news)| news).collect()).await;
        }
    }
}

async fn deliver(shared: &Arc<Shared>, org: OrgId, news: Vec<OrgNews>) {
    let deadline = shared.clock.instant() + PATIENCE;
    let key = EntityKey::Org(org.clone());
    while shared.clock.instant() < deadline && !shared.stop.is_cancelled() {
        match shared.place(&key) {
            Place::Here => return news.into_iter().for_each(|news| shared.tell_org_here(&key, news)),
            Place::Peer(owner) => {
                let request = Request::OrgNews { org: org.clone(), news: news.clone() };
                if matches!(shared.remote.ask(&owner.name, &request, deadline).await, Ok(Answer::Heard)) {
                    return;
                }
            }
            Place::NotNow => {}
        }
        tokio::time::sleep(shared.clock.jitter(PAUSE)).await;
    }
    metrics::counter!("cowork_org_news_dropped_total").increment(news.len() as u64);
}
