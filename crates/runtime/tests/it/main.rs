//! The native runtime against the demo model, over real HTTP on loopback.

#![expect(clippy::disallowed_methods, reason = "a test mints its own session and command ids")]

mod failures;
mod house;
mod interactions;
mod keys;
mod protocol;
mod streaming;
mod tools;
