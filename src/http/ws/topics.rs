//! The subscriptions of one socket.

use super::protocol::Topic;
use crate::http::{error::ApiError, gate::Caller, state::HttpState, streams, streams::StreamKind, streams::StreamPermit};
use bytes::Bytes;
use cowork_actors::{CutSwitch, Subscription};
use cowork_domain::{codes::Code, ids::Sequence};
use cowork_store::StoreError;
use futures_util::Stream;
use http::StatusCode;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// A socket follows at most this many topics.
pub(super) const MOST_TOPICS: usize = 64;

/// What a socket follows, with fair turns.
#[derive(Default)]
pub(super) struct Topics {
    followed: Vec<Followed>,
    /// Who is looked at first next time, so that a busy topic doesn't silence the others.
    next: usize,
}

struct Followed {
    name: String,
    subscription: Subscription,
    _permit: StreamPermit,
}

/// The last sequence of a topic's log. It says nothing about whether the caller may follow it.
pub(super) async fn end_of(state: &HttpState, caller: &Caller, topic: Topic) -> Result<Sequence, StoreError> {
    let store = state.node.store();
    let bounds = match topic {
        Topic::Workspace => store.workspace_bounds(caller.principal().workspace()).await?,
        Topic::Session(session) => store.session_bounds(session).await?,
    };
    Ok(bounds.latest)
}

/// What a topic has to say.
pub(super) enum News<'a> {
    /// Whole frames of a topic's events.
    Frames(&'a str, Bytes),
    /// The topic ended by itself.
    Ended(String),
}

impl Topics {
    /// Follows a topic from after a cursor; one that was followed already starts over from there.
    pub(super) async fn follow(
        &mut self,
        state: &HttpState,
        caller: &Caller,
        topic: Topic,
        after: Sequence,
        cut: &CutSwitch,
    ) -> Result<(), ApiError> {
        self.leave(&topic.to_string());
        if self.followed.len() >= MOST_TOPICS {
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "A socket follows at most 64 topics.");
            return Err(error.code(Code::StreamsExceeded));
        }
        let principal = caller.principal();
        let kind = match topic {
            Topic::Workspace => StreamKind::Workspace,
            Topic::Session(_) => StreamKind::Session,
        };
        let permit = streams::admit(state, caller.member(), kind, cut)?;
        let mut subscription = match topic {
            Topic::Workspace => state.node.subscribe_workspace(principal, after),
            Topic::Session(session) => state.node.subscribe_session(principal, session, after).await?,
        };
        subscription.cut_with(cut.clone());
        self.followed.push(Followed { name: topic.to_string(), subscription, _permit: permit });
        Ok(())
    }

    /// No longer follows a topic; whether it did.
    pub(super) fn leave(&mut self, name: &str) -> bool {
        let before = self.followed.len();
        self.followed.retain(|followed| followed.name != name);
        before != self.followed.len()
    }

    /// The next frames of any topic. Pending for ever while nothing is followed.
    pub(super) fn poll_news(&mut self, context: &mut Context<'_>) -> Poll<News<'_>> {
        let count = self.followed.len();
        for step in 0..count {
            let index = (self.next + step) % count;
            match Pin::new(&mut self.followed[index].subscription).poll_next(context) {
                Poll::Pending => {}
                Poll::Ready(Some(frames)) => {
                    self.next = (index + 1) % count;
                    return Poll::Ready(News::Frames(&self.followed[index].name, frames));
                }
                Poll::Ready(None) => {
                    self.next = 0;
                    return Poll::Ready(News::Ended(self.followed.remove(index).name));
                }
            }
        }
        Poll::Pending
    }
}
