//! What clients do while the cluster is disturbed: they create sessions and prompt them through all web
//! nodes, at times that don't wait for answers, and they follow every log on several nodes.

mod balancer;
mod generator;
mod people;
mod subscriber;
mod texts;

pub(super) use generator::Generator;

use super::{
    dice::Dice,
    history::{CreationRecord, History, PromptRecord, RoundRecord, Stopwatch, StreamRecord, Subject},
};
use crate::cli::load::stream::Endpoint;
use anyhow::bail;
use balancer::Balancer;
use cowork_domain::ids::{SessionId, WorkspaceId};
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use people::Person;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use subscriber::Subscriber;
use tokio::task::JoinSet;

/// Every log is followed by so many subscribers, each beginning at another node.
const SUBSCRIBERS: usize = 2;
const CREATING_AT_ONCE: usize = 8;
const GLANCE: Duration = Duration::from_millis(20);

/// How much happens.
#[derive(Debug, Clone)]
pub(super) struct LoadPlan {
    /// Prompts a second.
    pub(super) rate: f64,
    pub(super) sessions: usize,
    pub(super) orgs: usize,
    pub(super) users_per_org: usize,
    pub(super) header_secret: String,
    /// Keeps the people of this load apart from all others.
    pub(super) tag: String,
}

/// People with their sessions, and everything they see.
pub(super) struct Load {
    people: Vec<Person>,
    sessions: Vec<OwnedSession>,
    endpoints: Vec<Endpoint>,
    stopwatch: Stopwatch,
    calls: Arc<Mutex<Calls>>,
    streams: Vec<Arc<Mutex<StreamRecord>>>,
    subscribers: JoinSet<()>,
}

/// A session and its user.
#[derive(Debug, Clone, Copy)]
struct OwnedSession {
    id: SessionId,
    user: usize,
}

/// What was asked for, in the order of the answers.
#[derive(Debug, Default)]
struct Calls {
    prompts: Vec<PromptRecord>,
    creations: Vec<CreationRecord>,
}

impl Load {
    /// Makes the people and their sessions, and begins to follow everything.
    pub(super) async fn begin(plan: &LoadPlan, nodes: &[String], stopwatch: Stopwatch, dice: Dice) -> anyhow::Result<(Self, Generator)> {
        let people = people::people(&plan.header_secret, &plan.tag, plan.orgs, plan.users_per_org)?;
        let mut endpoints = Vec::with_capacity(nodes.len());
        for node in nodes {
            endpoints.push(Endpoint::resolve(node).await?);
        }
        let balancer = Arc::new(Balancer::new(nodes.to_vec(), stopwatch));
        let calls = Arc::new(Mutex::new(Calls::default()));
        let mut generator = Generator::new(plan, people.clone(), balancer, Arc::clone(&calls), dice);
        let creating: Vec<_> = (0..plan.sessions).map(|number| generator.create(number % people.len(), Instant::now())).collect();
        let created: Vec<CreationRecord> = stream::iter(creating).buffered(CREATING_AT_ONCE).collect().await;
        let sessions = created.iter().filter_map(|creation| Some(OwnedSession { id: creation.call.acknowledged()?, user: creation.user }));
        let sessions: Vec<OwnedSession> = sessions.collect();
        if let Some(failed) = created.iter().find(|creation| creation.call.acknowledged().is_none()) {
            bail!("a session could not be created on a settled cluster: {:?}", failed.call.outcome);
        }
        calls.lock().creations.extend(created);
        generator.prompt_these(&sessions);
        let mut load = Self { people, sessions, endpoints, stopwatch, calls, streams: Vec::new(), subscribers: JoinSet::new() };
        for replica in 0..SUBSCRIBERS.min(nodes.len().max(1)) {
            load.follow_everything(true, replica);
        }
        Ok((load, generator))
    }

    /// The sessions that are prompted.
    pub(super) fn sessions(&self) -> Vec<SessionId> {
        self.sessions.iter().map(|session| session.id).collect()
    }

    /// Every session that was promised to somebody, prompted or not.
    pub(super) fn promised_sessions(&self) -> Vec<SessionId> {
        self.calls.lock().creations.iter().filter_map(|creation| creation.call.acknowledged()).collect()
    }

    /// The workspace of each user.
    pub(super) fn workspaces(&self) -> Vec<WorkspaceId> {
        self.people.iter().map(|person| person.workspace).collect()
    }

    /// Reads everything once more from the beginning, as somebody who comes late.
    pub(super) fn follow_late(&mut self, replica: usize) {
        self.follow_everything(false, replica);
    }

    /// Waits until every subscriber has seen so much. Those who haven't by then are the judge's affair.
    pub(super) async fn until_seen(&self, heads: &BTreeMap<Subject, u64>, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut waiting: Vec<_> = self.streams.iter().collect();
        loop {
            waiting.retain(|stream| {
                let record = stream.lock();
                let head = heads.get(&record.subject).copied().unwrap_or(0);
                record.refused.is_none() && record.frames.last().map_or(0, |frame| frame.sequence) < head
            });
            if waiting.is_empty() || Instant::now() > deadline {
                return waiting.is_empty();
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Ends all subscribers; what they and the callers saw is the history.
    pub(super) async fn finish(mut self, rounds: Vec<RoundRecord>) -> History {
        self.subscribers.shutdown().await;
        let streams = self.streams.into_iter().map(|stream| stream.lock().clone()).collect();
        let Calls { prompts, creations } = std::mem::take(&mut *self.calls.lock());
        History { prompts, creations, streams, rounds }
    }

    fn follow_everything(&mut self, live: bool, replica: usize) {
        for number in 0..self.sessions.len() {
            let OwnedSession { id, user } = self.sessions[number];
            self.follow(Subject::Session(id), user, live, number + replica);
        }
        for user in 0..self.people.len() {
            self.follow(Subject::Workspace(user), user, live, user + replica);
        }
    }

    fn follow(&mut self, subject: Subject, user: usize, live: bool, first_node: usize) {
        let record = Arc::new(Mutex::new(StreamRecord::new(subject, live)));
        self.streams.push(Arc::clone(&record));
        let mut nodes = self.endpoints.clone();
        nodes.rotate_left(first_node % self.endpoints.len());
        let subscriber = Subscriber { person: self.people[user].clone(), nodes, stopwatch: self.stopwatch, record };
        self.subscribers.spawn(subscriber.run());
    }
}
