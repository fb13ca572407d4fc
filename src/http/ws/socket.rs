//! The loop of one socket.
//!
//! Messages are taken one at a time, so a client's commands keep their order; events go out in
//! between. Whoever does not read is cut: the loop waits for the socket's buffer, the feed notices
//! how far the reader fell behind, and trips the switch.

use super::{
    command::{self, Request},
    protocol::{self, About, Incoming, Named, Topic},
    topics::{self, News, Topics},
};
use crate::http::{answer::Json, error::ApiError, gate::Caller, limits::Sender, state::HttpState, streams::StreamPermit};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use bytes::Bytes;
use cowork_actors::{CutReason, CutSwitch, feed};
use cowork_domain::ids::Sequence;
use futures_util::{FutureExt, SinkExt, Stream, future::BoxFuture};
use std::{
    future::{pending, poll_fn},
    pin::Pin,
    task::ready,
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

/// Between pings; a socket that heard nothing for two of them is gone.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A client that can't be told goodbye in this time isn't told.
const GOODBYE: Duration = Duration::from_secs(1);
/// A command that runs when the talk ends is still answered if it doesn't take longer.
const LAST_ANSWER: Duration = Duration::from_secs(3);
/// After that long the connection is dropped, whatever is still on its way.
const OVERTIME: Duration = Duration::from_secs(5);

/// Serves a socket until the client leaves, is cut, or its time is up.
pub(super) async fn run(socket: WebSocket, state: HttpState, asker: Asker, cut: CutSwitch, permit: StreamPermit) {
    state.metrics.sockets.increment(1);
    let mut talk =
        Talk { socket, state: state.clone(), asker, cut: cut.clone(), topics: Topics::default(), running: None, silent_pings: 0 };
    tokio::select! {
        biased;
        () = cut.wait() => {
            if cut.reason() == Some(CutReason::Revoked) {
                tracing::info!("a socket was cut because what it was opened with was taken back");
            } else {
                state.metrics.streams_cut.increment(1);
                tracing::info!("a socket was cut because its reader fell too far behind");
            }
        }
        // Whoever doesn't read isn't waited for beyond the end.
        () = overtime(&state, permit.lifetime) => {}
        ended = talk.hold(permit.lifetime) => {
            if let Some(goodbye) = ended {
                timeout(GOODBYE, talk.part(goodbye)).await.ok();
            }
        }
    }
    state.metrics.sockets.decrement(1);
}

async fn overtime(state: &HttpState, lifetime: Duration) {
    tokio::select! {
        () = state.departures.over() => {}
        () = sleep(lifetime) => {}
    }
    sleep(OVERTIME).await;
}

/// Who talks, and for which address that counts.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) caller: Caller,
    pub(super) sender: Sender,
}

struct Talk {
    socket: WebSocket,
    state: HttpState,
    asker: Asker,
    cut: CutSwitch,
    topics: Topics,
    running: Option<Running>,
    silent_pings: u8,
}

struct Running {
    id: String,
    answer: BoxFuture<'static, Result<Json, ApiError>>,
}

/// The talk is over: nobody is left to tell, or this is to be told.
struct Over(Option<Parting>);

/// The last word.
enum Parting {
    /// Ours.
    Goodbye(CloseFrame),
    /// The client's: its close is answered with the same (RFC 6455 §5.5.1).
    Echo,
}

const GONE: Over = Over(None);

enum Step {
    Answer(Result<Json, ApiError>),
    Frames(String, Bytes),
    TopicEnded(String),
    Message(Option<Result<Message, axum::Error>>),
    Ping,
    End(CloseFrame),
}

impl Talk {
    /// Until the end; what to say then, if there is somebody to hear it.
    async fn hold(&mut self, lifetime: Duration) -> Option<Parting> {
        if self.send(protocol::hello()).await.is_err() {
            return None;
        }
        let lifetime = sleep(lifetime);
        let mut lifetime = std::pin::pin!(lifetime);
        let mut pings = interval_at(tokio::time::Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let state = self.state.clone();
        let mut turn = std::pin::pin!(state.departures.turn());
        loop {
            let step = tokio::select! {
                () = &mut turn => Step::End(goodbye(close_code::RESTART, "the server is shutting down")),
                () = &mut lifetime => Step::End(goodbye(close_code::AWAY, "connect again and resume by cursor")),
                _ = pings.tick() => Step::Ping,
                step = self.next() => step,
            };
            let went = match step {
                Step::End(goodbye) => {
                    self.finish().await;
                    return Some(Parting::Goodbye(goodbye));
                }
                Step::Ping => self.ping().await,
                Step::Answer(answer) => self.acknowledge(answer).await,
                Step::Frames(topic, frames) => self.pass_on(&topic, &frames).await,
                Step::TopicEnded(topic) => self.send(protocol::ended(&topic)).await,
                Step::Message(message) => self.take(message).await,
            };
            if let Err(Over(parting)) = went {
                return parting;
            }
        }
    }

    /// What happens next. No new message is read while a command runs, so they keep their order.
    async fn next(&mut self) -> Step {
        let Self { socket, topics, running, state, .. } = self;
        let is_idle = running.is_none();
        let answering = async {
            match running {
                Some(running) => running.answer.as_mut().await,
                None => pending().await,
            }
        };
        let hearing = async { if is_idle { poll_fn(|context| Pin::new(&mut *socket).poll_next(context)).await } else { pending().await } };
        let news = poll_fn(|context| {
            ready!(state.revocations.poll_fresh(context, Instant::now()));
            topics.poll_news(context).map(|news| match news {
                News::Frames(topic, frames) => Step::Frames(topic.to_owned(), frames),
                News::Ended(topic) => Step::TopicEnded(topic),
            })
        });
        tokio::select! {
            answer = answering => Step::Answer(answer),
            message = hearing => Step::Message(message),
            step = news => step,
        }
    }

    async fn acknowledge(&mut self, answer: Result<Json, ApiError>) -> Result<(), Over> {
        let Some(Running { id, .. }) = self.running.take() else { return Ok(()) };
        let message = match answer {
            Ok(answer) => protocol::accepted(&id, &answer),
            Err(error) => protocol::error(About::Command(&id), &error),
        };
        self.send(message).await
    }

    /// Answers the command that runs, if it comes to its end soon.
    async fn finish(&mut self) {
        if let Some(Running { answer, .. }) = &mut self.running
            && let Ok(answer) = timeout(LAST_ANSWER, answer).await
        {
            self.acknowledge(answer).await.ok();
        }
    }

    /// One message per event, flushed together.
    async fn pass_on(&mut self, topic: &str, frames: &Bytes) -> Result<(), Over> {
        for record in feed::records(frames) {
            self.socket.feed(Message::Text(protocol::event(topic, record).into())).await.map_err(|_| GONE)?;
        }
        self.socket.flush().await.map_err(|_| GONE)
    }

    async fn ping(&mut self) -> Result<(), Over> {
        if self.silent_pings >= 2 {
            return Err(GONE);
        }
        self.silent_pings += 1;
        self.socket.send(Message::Ping(Bytes::new())).await.map_err(|_| GONE)
    }

    async fn take(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Over> {
        self.silent_pings = 0;
        match message {
            None => Err(GONE),
            Some(Err(error)) => Err(Over(complaint(error).map(Parting::Goodbye))),
            Some(Ok(Message::Close(_))) => Err(Over(Some(Parting::Echo))),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Binary(_))) => {
                let error = ApiError::invalid("Messages of the cowork.v1 protocol are text.");
                self.send(protocol::error(About::Nothing, &error)).await
            }
            Some(Ok(Message::Text(text))) => self.obey(&text).await,
        }
    }

    async fn obey(&mut self, text: &Utf8Bytes) -> Result<(), Over> {
        let reply = match protocol::read(text) {
            Err(error) => protocol::error(Named::by(text).about(), &error),
            Ok(Incoming::Ping { id }) => protocol::pong(id.as_deref()),
            Ok(Incoming::Subscribe { topic, after, latest }) => self.subscribe(&topic, (!latest).then_some(after)).await,
            Ok(Incoming::Unsubscribe { topic }) => {
                if self.topics.leave(&topic) {
                    protocol::unsubscribed(&topic)
                } else {
                    protocol::error(About::Topic(&topic), &ApiError::not_found("This topic is not followed."))
                }
            }
            Ok(Incoming::Command { id, session_id, command, payload, idempotency_key }) => {
                let request = Request { session: session_id, command, payload, idempotency_key };
                let answer = command::perform(self.state.clone(), self.asker.clone(), request).boxed();
                self.running = Some(Running { id, answer });
                return Ok(());
            }
        };
        self.send(reply).await
    }

    /// Without a cursor from the end of the log: whoever reads a state after the answer misses nothing.
    async fn subscribe(&mut self, name: &str, after: Option<u64>) -> String {
        let Some(topic) = Topic::parse(name) else {
            return protocol::error(About::Topic(name), &ApiError::not_found("There is no such topic."));
        };
        if let Err(error) = self.asker.caller.count_message(&self.state, self.asker.sender).await {
            return protocol::error(About::Topic(name), &error);
        }
        let after = match after {
            Some(after) if i64::try_from(after).is_err() => {
                return protocol::error(About::Topic(name), &ApiError::invalid("The cursor is out of range."));
            }
            Some(after) => Sequence(after),
            None => match topics::end_of(&self.state, &self.asker.caller, topic).await {
                Ok(latest) => latest,
                Err(error) => return protocol::error(About::Topic(name), &error.into()),
            },
        };
        match self.topics.follow(&self.state, &self.asker.caller, topic, after, &self.cut).await {
            Ok(()) => protocol::subscribed(topic, after),
            Err(error) => protocol::error(About::Topic(name), &error),
        }
    }

    async fn part(&mut self, parting: Parting) -> Result<(), axum::Error> {
        match parting {
            Parting::Goodbye(frame) => self.socket.send(Message::Close(Some(frame))).await,
            // The answer was queued when the client's close was read.
            Parting::Echo => self.socket.flush().await,
        }
    }

    async fn send(&mut self, text: String) -> Result<(), Over> {
        self.socket.send(Message::Text(text.into())).await.map_err(|_| GONE)
    }
}

/// What to tell a client that broke the rules; nothing if the connection broke.
fn complaint(error: axum::Error) -> Option<CloseFrame> {
    match error.into_inner().downcast_ref::<tungstenite::Error>()? {
        tungstenite::Error::Capacity(_) => Some(goodbye(close_code::SIZE, "a message is larger than 1 MiB")),
        tungstenite::Error::Utf8(_) => Some(goodbye(close_code::INVALID, "a text message is not UTF-8")),
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        tungstenite::Error::Protocol(_) => Some(goodbye(close_code::PROTOCOL, "the message breaks the WebSocket protocol")),
        _ => None,
    }
}

fn goodbye(code: u16, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
}
