//! Server-sent events: frames, one connection, and a stream that survives connections.

mod parser;
mod reconnect;
mod stream;

pub use parser::SseParser;
pub use reconnect::ReconnectingEvents;
pub use stream::EventStream;

use bytes::Bytes;
use cowork_domain::{event::EventType, ids::Sequence};
use serde::Deserialize;

/// One event of a stream. The parts are slices of the bytes that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerEvent {
    id: Bytes,
    event: Bytes,
    data: Bytes,
}

impl ServerEvent {
    /// The `id:` field; empty where the frame had none.
    pub fn id(&self) -> &str {
        str::from_utf8(&self.id).unwrap_or_default()
    }

    /// The `id:` field as the place in a log.
    pub fn sequence(&self) -> Option<Sequence> {
        self.id().parse().ok().map(Sequence)
    }

    /// The `event:` field; empty where the frame had none.
    pub fn event(&self) -> &str {
        str::from_utf8(&self.event).unwrap_or_default()
    }

    /// The `event:` field as a type of the catalogue.
    pub fn event_type(&self) -> Option<EventType> {
        EventType::parse(self.event())
    }

    /// The `data:` lines, joined by line feeds.
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// The data as JSON.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.data)
    }
}
