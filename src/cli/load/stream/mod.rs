//! Event streams for the generator: raw sockets, read with as little CPU as correct counting allows.
//!
//! The typed client's stream costs a task, a body and an allocation per event; with a thousand
//! subscribers the generator would then measure itself. Here one task reads several sockets into one
//! buffer and looks at line starts only.

mod chunked;
mod frames;
mod group;
mod raw;

pub(in crate::cli) use frames::{Frame, FrameKind};
pub(super) use group::{Sink, watch};
pub(in crate::cli) use raw::{Endpoint, OpenError, RawStream};

/// So many sockets share a task: a wake-up then costs one look at each of them, which is cheap, and
/// whatever else has arrived meanwhile is read in the same pass.
pub(super) const STREAMS_PER_TASK: usize = 32;
