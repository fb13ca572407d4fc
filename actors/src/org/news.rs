//! What becomes of admitted prompts, told to the org wherever it lives.
//!
//! A session and its organisation may be on different nodes. News of a remote org is gathered and sent in order; what can't be
//! delivered within the time of a move is dropped, because an org that missed news counts again from the journal before it refuses
//! anybody, and when a grant expires.

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
use futures_util::{StreamExt, stream::FuturesUnordered};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    sync::Arc,
    time::Duration,
};
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

/// Carries news until the node stops: an org's in their order, those of different orgs beside each other, so that one whose
/// owner can't be reached holds up nobody else's.
pub(crate) async fn carry(shared: Arc<Shared>, mut output: mpsc::Receiver<(OrgId, OrgNews)>) {
    let mut waiting: HashMap<OrgId, VecDeque<OrgNews>> = HashMap::new();
    let mut under_way = HashSet::new();
    let mut deliveries = FuturesUnordered::new();
    let mut taken = Vec::new();
    loop {
        let held: usize = waiting.values().map(VecDeque::len).sum();
        let ready = tokio::select! {
            () = shared.stop.cancelled() => return,
            count = output.recv_many(&mut taken, TOGETHER), if held < QUEUE => {
                if count == 0 {
                    return;
                }
                let orgs: HashSet<OrgId> = taken.iter().map(|(org, _)| org.clone()).collect();
                for (org, news) in taken.drain(..) {
                    waiting.entry(org).or_default().push_back(news);
                }
                orgs
            }
            Some(org) = deliveries.next() => {
                under_way.remove(&org);
                HashSet::from([org])
            }
        };
        for org in ready {
            if under_way.contains(&org) {
                continue;
            }
            let Entry::Occupied(mut entry) = waiting.entry(org.clone()) else { continue };
            let count = entry.get().len().min(TOGETHER);
            let news = entry.get_mut().drain(..count).collect();
            if entry.get().is_empty() {
                entry.remove();
            }
            under_way.insert(org.clone());
            deliveries.push(deliver(&shared, org, news));
        }
    }
}

/// Tells an org, or gives up. Returns which it was.
async fn deliver(shared: &Arc<Shared>, org: OrgId, news: Vec<OrgNews>) -> OrgId {
    let deadline = shared.clock.instant() + PATIENCE;
    let key = EntityKey::Org(org.clone());
    while shared.clock.instant() < deadline && !shared.stop.is_cancelled() {
        match shared.place(&key) {
            Place::Here => {
                news.into_iter().for_each(|news| shared.tell_org_here(&key, news));
                return org;
            }
            Place::Peer(owner) => {
                let request = Request::OrgNews { org: org.clone(), news: news.clone() };
                if matches!(shared.remote.ask(&owner.name, &request, deadline).await, Ok(Answer::Heard)) {
                    return org;
                }
            }
            Place::NotNow => {}
        }
        tokio::time::sleep(shared.clock.jitter(PAUSE)).await;
    }
    metrics::counter!("cowork_org_news_dropped_total").increment(news.len() as u64);
    org
}
