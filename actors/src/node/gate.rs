//! What this node answers to its peers. Every request gets an answer: silence would cost the asker
//! its whole deadline.

use super::{
    Shared,
    requests::{
        AdmitPrompt, AdmitSession, Begin, ChangeArtifact, CheckKey, ClaimDeliveries, DeliveriesChanged, Lift, Repair, Submit,
        await_deliveries_here,
    },
    route::{Routed, Try},
};
use crate::{
    NodeHandle,
    cluster::{
        link::Gate,
        request::{Answer, Request, SubmittedAnswer, decode, encode},
    },
    session::SessionError,
    supervise::EntityKey,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};

pub(super) struct NodeGate {
    pub(super) shared: Arc<Shared>,
    /// What an answer may have; letters have no limit.
    pub(super) frame_bytes: usize,
}

impl Gate for NodeGate {
    fn answer(&self, from: String, request: Bytes) -> BoxFuture<'static, Bytes> {
        let (shared, frame_bytes) = (self.shared.clone(), self.frame_bytes);
        Box::pin(async move {
            let answer = match decode(&request) {
                Some(request) => handle(&shared, &from, request).await,
                None => Answer::Unknown,
            };
            fit(answer, frame_bytes)
        })
    }
}

async fn handle(shared: &Arc<Shared>, from: &str, request: Request) -> Answer {
    let shared = shared.clone();
    match request {
        Request::AdmitPrompt { org, grant, session } => {
            done(AdmitPrompt { shared, org, grant, session }.perform().await, |()| Answer::Admitted)
        }
        Request::AdmitSession { org } => done(AdmitSession { shared, org }.perform().await, |()| Answer::Admitted),
        Request::OrgNews { org, news } => {
            let key = EntityKey::Org(org);
            news.into_iter().for_each(|news| shared.tell_org_here(&key, news));
            Answer::Heard
        }
        Request::Begin(birth) => done(Begin { shared, birth: *birth }.perform().await, |view| Answer::Begun { view }),
        Request::Submit { by, session, command, kind, source } => {
            done(Submit { shared, by: *by, session, command, kind, source }.perform().await, Answer::Submitted)
        }
        Request::CheckKey { secret } => done(CheckKey { shared, secret }.perform().await, |()| Answer::Checked),
        Request::DeliveriesChanged { binding } => done(DeliveriesChanged { shared, binding }.perform().await, |()| Answer::Heard),
        Request::AwaitDeliveries { binding, seen, wait_millis } => {
            await_deliveries_here(&shared, &binding, seen, Duration::from_millis(wait_millis)).await;
            Answer::Look
        }
        Request::ClaimDeliveries(order) => done(ClaimDeliveries { shared, order: *order }.perform().await, Answer::Claimed),
        Request::Artifact { by, session, change } => {
            done(ChangeArtifact { shared, by: *by, session, change }.perform().await, |changed| Answer::Artifact(changed.map(Box::new)))
        }
        Request::Repair { session } => done(Repair { shared, session }.perform().await, |before| Answer::Repaired { before }),
        Request::Lift { entity } => match entity.parse() {
            Ok(key) => done(Lift { shared, key }.perform().await, Answer::Lifted),
            Err(_) => Answer::Unknown,
        },
        Request::Supervision => {
            let report = NodeHandle { shared }.supervision().await;
            Answer::Supervision(serde_json::to_value(report).expect("a report always serialises"))
        }
        Request::Feed(request) => Answer::Feed(shared.feeds.handle(from, request)),
    }
}

fn done<T>(performed: Result<Try<T>, SessionError>, answer: impl FnOnce(T) -> Answer) -> Answer {
    match performed {
        Ok(Try::Done(output)) => answer(output),
        Ok(Try::Again) => Answer::NotNow,
        Err(error) => Answer::Failed(error),
    }
}

/// A view that is too large is read from the log by whoever needs it.
fn fit(answer: Answer, frame_bytes: usize) -> Bytes {
    let encoded = encode(&answer);
    if encoded.len() <= frame_bytes {
        return encoded;
    }
    encode(&match answer {
        Answer::Begun { .. } => Answer::Begun { view: None },
        Answer::Submitted(submitted) => Answer::Submitted(SubmittedAnswer { view: None, ..submitted }),
        _ => Answer::TooLarge,
    })
}
