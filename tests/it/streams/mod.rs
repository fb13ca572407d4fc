//! Event streams: server-sent events and the WebSocket.

mod limits;
mod session;
mod websocket;
mod workspace;
