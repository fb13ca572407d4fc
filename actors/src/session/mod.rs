//! The session actor: the single writer of one session's log.
//!
//! It owns the session's state and nothing else does. For every message: decide, journal, evolve,
//! then effects. Nothing is acknowledged or shown before its transaction committed. A prompt's
//! execution is a child of its own ([`crate::turn`]), so control commands act while it streams, and
//! its death is a retry, not the session's end.

mod activation;
mod actor;
mod append;
mod birth;
mod files;
mod msg;
mod on_state;
mod turns;

pub(crate) use activation::{SessionStart, fold};
pub(crate) use actor::SessionActor;
pub(crate) use birth::{Birth, BirthContent};
pub(crate) use msg::{Parking, SessionMsg};
pub use msg::{SessionError, Submitted, ViewShape};
