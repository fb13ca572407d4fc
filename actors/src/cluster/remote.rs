//! The way to other nodes: over the link, or through the database where the link is down or the
//! message is larger than a frame (architecture §5, §6).
//!
//! Both ways may lose an answer. Whoever asks repeats with the same command id.

use super::{
    link::{FRAME_BYTES, Gate, LinkError, LinkReport, Links, Peer},
    request::{Answer, Request, decode, encode},
};
use crate::clock::Clock;
use bytes::Bytes;
use cowork_store::{Mail, Store};
use dashmap::DashMap;
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// A notification that got lost is made up for by looking.
const MAIL_LOOK: Duration = Duration::from_millis(500);
/// A letter that nobody answered for this long is of no use any more.
const MAIL_LIFETIME: Duration = Duration::from_secs(20);

/// What was asked may have happened, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the outcome is unknown")]
pub(crate) struct OutcomeUnknown;

/// Asks other nodes.
pub(crate) struct Remote {
    name: String,
    store: Store,
    tasks: TaskTracker,
    links: OnceLock<Arc<dyn Links>>,
    gate: OnceLock<Arc<dyn Gate>>,
    waiting: DashMap<Uuid, Arc<Notify>>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Remote").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Remote {
    pub(crate) fn new(name: String, store: Store, tasks: TaskTracker) -> Self {
        Self { name, store, tasks, links: OnceLock::new(), gate: OnceLock::new(), waiting: DashMap::new() }
    }

    /// From now on this gate answers what comes by mail, and these links lead to peers.
    pub(crate) fn open(&self, gate: Arc<dyn Gate>, links: Option<Arc<dyn Links>>) {
        self.gate.set(gate).ok();
        if let Some(links) = links {
            self.links.set(links).ok();
        }
    }

    pub(crate) fn expect(&self, peers: Vec<Peer>) {
        if let Some(links) = self.links.get() {
            links.expect(peers);
        }
    }

    pub(crate) fn reports(&self) -> Vec<LinkReport> {
        self.links.get().map(|links| links.report()).unwrap_or_default()
    }

    pub(crate) async fn close(&self) {
        if let Some(links) = self.links.get() {
            links.stop().await;
        }
    }

    /// Asks a node. Returns at the deadline at the latest.
    pub(crate) async fn ask(&self, peer: &str, request: &Request, deadline: Instant) -> Result<Answer, OutcomeUnknown> {
        let frame = encode(request);
        let answer = match self.over_link(peer, frame.clone(), deadline).await {
            Err(LinkError::NotConnected | LinkError::TooLarge) => Answer::TooLarge,
            Err(LinkError::Busy | LinkError::Unknown) => return Err(OutcomeUnknown),
            Ok(answer) => decode(&answer).ok_or(OutcomeUnknown)?,
        };
        match answer {
            Answer::TooLarge => decode(&self.through_mail(peer, &frame, deadline).await?).ok_or(OutcomeUnknown),
            answer => Ok(answer),
        }
    }

    /// Asks over the link only: for what is worth nothing when it comes late.
    pub(crate) async fn ask_quickly(&self, peer: &str, request: &Request, deadline: Instant) -> Result<Answer, LinkError> {
        let answer = self.over_link(peer, encode(request), deadline).await?;
        decode(&answer).ok_or(LinkError::Unknown)
    }

    async fn over_link(&self, peer: &str, frame: Bytes, deadline: Instant) -> Result<Bytes, LinkError> {
        if frame.len() > FRAME_BYTES {
            return Err(LinkError::TooLarge);
        }
        let links = self.links.get().ok_or(LinkError::NotConnected)?;
        links.call(peer, frame, deadline).await
    }

    async fn through_mail(&self, peer: &str, request: &[u8], deadline: Instant) -> Result<Bytes, OutcomeUnknown> {
        metrics::counter!("cowork_mail_sent_total").increment(1);
        let id = Clock.mint_mail_id();
        let _waiting = Waiting { remote: self, id };
        let notified = self.waiting.entry(id).or_default().clone();
        self.store.post_mail(id, peer, &self.name, request, MAIL_LIFETIME).await.map_err(unreachable_store)?;
        while Clock.instant() < deadline {
            let look = (Clock.instant() + MAIL_LOOK).min(deadline);
            tokio::time::timeout_at(look.into(), notified.notified()).await.ok();
            if let Some(answer) = self.store.mail_answer(id).await.map_err(unreachable_store)? {
                self.store.drop_mail(id).await.ok();
                return Ok(answer.into());
            }
        }
        Err(OutcomeUnknown)
    }

    /// A letter arrived for this node: an answer that somebody waits for, or a question.
    pub(crate) fn mail_arrived(self: &Arc<Self>, id: Uuid) {
        match self.waiting.get(&id) {
            Some(waiting) => waiting.notify_one(),
            None => self.answer_mail(),
        }
    }

    /// Answers everything that lies in the mailbox for this node.
    pub(crate) fn answer_mail(self: &Arc<Self>) {
        let remote = self.clone();
        self.tasks.spawn(async move {
            loop {
                match remote.store.take_mail(&remote.name, &[]).await {
                    Ok(letters) if letters.is_empty() => return,
                    Ok(letters) => letters.into_iter().for_each(|letter| remote.answer_letter(letter)),
                    Err(error) => return tracing::warn!(%error, "the mailbox can't be read"),
                }
            }
        });
    }

    fn answer_letter(self: &Arc<Self>, letter: Mail) {
        let (remote, Some(gate)) = (self.clone(), self.gate.get().cloned()) else { return };
        self.tasks.spawn(async move {
            metrics::counter!("cowork_mail_answered_total").increment(1);
            let answer = gate.answer(letter.from, letter.request.into()).await;
            if let Err(error) = remote.store.answer_mail(letter.id, &answer).await {
                tracing::warn!(%error, "a letter could not be answered");
            }
        });
    }
}

/// Forgets a waiting asker, however its wait ends.
struct Waiting<'a> {
    remote: &'a Remote,
    id: Uuid,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.remote.waiting.remove(&self.id);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
fn unreachable_store(error: cowork_store::StoreError) -> OutcomeUnknown {
    tracing::warn!(%error, "the mailbox can't be used");
    OutcomeUnknown
}
