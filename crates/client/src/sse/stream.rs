//! One connection's worth of events.

use super::{ReconnectingEvents, ServerEvent, SseParser};
use crate::{Client, ClientError, query::Query};
use cowork_domain::ids::{Sequence, SessionId};
use futures_util::Stream;
use hyper::body::{Body, Incoming};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::{Instant, Sleep};

/// The events of one connection, until the server ends it (a stream lives 30 minutes at most) or it breaks.
///
/// The cursor is what to resume from: [`EventStream::cursor`]. Dropping the stream closes the connection.
pub struct EventStream {
    client: Client,
    path: String,
    cursor: Sequence,
    body: Incoming,
    parser: SseParser,
    silence: Pin<Box<Sleep>>,
    ended: bool,
}

impl Client {
    /// `GET /api/sessions/{id}/events`: what happened in a session after `after`, and what happens from now on.
    pub async fn session_events(&self, id: SessionId, after: Sequence) -> Result<EventStream, ClientError> {
        EventStream::open(self.clone(), format!("/api/sessions/{id}/events"), after).await
    }

    /// `GET /api/events`: the same for all sessions of the caller, numbered per user.
    pub async fn workspace_events(&self, after: Sequence) -> Result<EventStream, ClientError> {
        EventStream::open(self.clone(), "/api/events".to_owned(), after).await
    }
}

impl EventStream {
    pub(super) async fn open(client: Client, path: String, after: Sequence) -> Result<Self, ClientError> {
        let query = Query::default().add("after", (after > Sequence::ZERO).then_some(after));
        let response = client.open_stream(&format!("{path}{}", query.as_str())).await?;
        let silence = Box::pin(tokio::time::sleep(client.timeouts().stream_silence));
        Ok(Self { client, path, cursor: after, body: response.into_body(), parser: SseParser::default(), silence, ended: false })
    }

    /// The sequence of the last event that was taken out of the stream.
    pub fn cursor(&self) -> Sequence {
        self.cursor
    }

    /// The next event; `None` once the server ended the stream.
    pub async fn next_event(&mut self) -> Option<Result<ServerEvent, ClientError>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The same events and those of the connections that will follow this one.
    pub fn reconnecting(self) -> ReconnectingEvents {
        let (client, path, cursor) = (self.client.clone(), self.path.clone(), self.cursor);
        ReconnectingEvents::new(client, path, cursor, Some(self))
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<bytes::Bytes>, ClientError>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    let limit = self.client.timeouts().stream_silence;
                    self.silence.as_mut().reset(Instant::now() + limit);
                    if let Ok(bytes) = frame.into_data() {
                        return Poll::Ready(Ok(Some(bytes)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Err(ClientError::Unreachable { doing: "reading the stream", source: error.into() }));
                }
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => {
                    ready!(self.silence.as_mut().poll(context));
                    let after = self.client.timeouts().stream_silence;
                    return Poll::Ready(Err(ClientError::Timeout { doing: "reading the stream", after }));
                }
            }
        }
    }
}

impl Stream for EventStream {
    type Item = Result<ServerEvent, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.parser.next_event() {
                if let Some(sequence) = event.sequence() {
                    self.cursor = sequence;
                }
                return Poll::Ready(Some(Ok(event)));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            let pushed = match ready!(self.poll_bytes(context)) {
                Ok(Some(bytes)) => self.parser.push(bytes).map_err(|error| ClientError::Unexpected(error.to_string())),
                Ok(None) => {
                    self.ended = true;
                    Ok(())
                }
                Err(error) => Err(error),
            };
            if let Err(error) = pushed {
                self.ended = true;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}
