//! The open loop: requests start when they are due, whatever became of those before them.

use super::{Calls, LoadPlan, OwnedSession, balancer::Balancer, balancer::Call, people::Person, texts::Saying};
use crate::cli::drill::{
    dice::Dice,
    history::{CreationRecord, PromptRecord},
};
use bytes::Bytes;
use cowork_domain::ids::{CommandId, SessionId};
use http::StatusCode;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep_until};
use tokio_util::sync::CancellationToken;

/// Of a hundred requests so many create a session.
const CREATION_SHARE: usize = 3;
/// Of a hundred acknowledged prompts so many are sent again, as by a client that lost the answer.
const REPETITION_SHARE: usize = 5;

/// Sends requests by plan. It goes on where it stopped, round after round.
pub(in super::super) struct Generator {
    rate: f64,
    tag: String,
    people: Arc<[Person]>,
    sessions: Vec<OwnedSession>,
    balancer: Arc<Balancer>,
    calls: Arc<Mutex<Calls>>,
    dice: Dice,
    sent: u64,
}

#[derive(Deserialize)]
struct Receipt {
    command: Command,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Command {
    command_id: CommandId,
}

#[derive(Deserialize)]
struct Envelope {
    session: Session,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    session_id: SessionId,
}

impl Generator {
    pub(super) fn new(plan: &LoadPlan, people: Vec<Person>, balancer: Arc<Balancer>, calls: Arc<Mutex<Calls>>, dice: Dice) -> Self {
        let (rate, tag) = (plan.rate, plan.tag.clone());
        Self { rate, tag, people: people.into(), sessions: Vec::new(), balancer, calls, dice, sent: 0 }
    }

    pub(super) fn prompt_these(&mut self, sessions: &[OwnedSession]) {
        self.sessions = sessions.to_vec();
    }

    /// Sends until it is told to stop; returns when every request has ended.
    pub(in super::super) async fn run(&mut self, stop: &CancellationToken) {
        let begin = Instant::now();
        let mut under_way = JoinSet::new();
        for number in 0_u32.. {
            let due = begin + Duration::from_secs_f64(f64::from(number) / self.rate);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = sleep_until(due.into()) => {}
            }
            self.send(due, &mut under_way);
            while under_way.try_join_next().is_some() {}
        }
        under_way.join_all().await;
    }

    fn send(&mut self, due: Instant, under_way: &mut JoinSet<()>) {
        if self.dice.percent(CREATION_SHARE) {
            let user = self.dice.below(self.people.len());
            let (creating, calls) = (self.create(user, due), Arc::clone(&self.calls));
            under_way.spawn(async move {
                let record = creating.await;
                calls.lock().creations.push(record);
            });
        } else {
            let session = self.sessions[self.dice.below(self.sessions.len())];
            let (prompting, calls) = (self.prompt(session, due), Arc::clone(&self.calls));
            under_way.spawn(async move {
                let record = prompting.await;
                calls.lock().prompts.push(record);
            });
        }
    }

    /// Asks for a session.
    pub(super) fn create(&mut self, user: usize, due: Instant) -> impl Future<Output = CreationRecord> + use<> {
        let key = self.next_key();
        let title = format!("session {key}");
        let (people, balancer) = (Arc::clone(&self.people), Arc::clone(&self.balancer));
        async move {
            let body = Bytes::from(json!({ "title": title }).to_string());
            let call = Call { person: &people[user], path: "/api/sessions", key: &key, body, intended: due };
            let call = balancer.post(&call, StatusCode::CREATED, session_of).await;
            CreationRecord { key, user, title, call }
        }
    }

    /// Prompts a session, some of them twice.
    fn prompt(&mut self, session: OwnedSession, due: Instant) -> impl Future<Output = PromptRecord> + use<> {
        let key = self.next_key();
        let Saying { text, answer } = Saying::draw(&key, &mut self.dice);
        let repeats = self.dice.percent(REPETITION_SHARE);
        let (people, balancer) = (Arc::clone(&self.people), Arc::clone(&self.balancer));
        async move {
            let path = format!("/api/sessions/{}/prompt", session.id);
            let body = Bytes::from(json!({ "text": text }).to_string());
            let mut call = Call { person: &people[session.user], path: &path, key: &key, body, intended: due };
            let first = balancer.post(&call, StatusCode::ACCEPTED, command_of).await;
            let mut repeated = Vec::new();
            if repeats && first.acknowledged().is_some() {
                call.intended = Instant::now();
                repeated.push(balancer.post(&call, StatusCode::ACCEPTED, command_of).await);
            }
            PromptRecord { key, session: session.id, text, answer, call: first, repeated }
        }
    }

    fn next_key(&mut self) -> String {
        self.sent += 1;
        format!("{}-{}", self.tag, self.sent)
    }
}

fn command_of(body: &[u8]) -> Option<CommandId> {
    serde_json::from_slice(body).ok().map(|receipt: Receipt| receipt.command.command_id)
}

fn session_of(body: &[u8]) -> Option<SessionId> {
    serde_json::from_slice(body).ok().map(|envelope: Envelope| envelope.session.session_id)
}
