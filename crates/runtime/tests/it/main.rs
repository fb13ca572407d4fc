//! The native runtime against the demo model, and the key broker against providers of every sort, over real HTTP on loopback.

#![expect(clippy::disallowed_methods, reason = "a test mints its own session and command ids")]

mod broker;
mod failures;
mod house;
mod interactions;
mod keys;
mod opencode;
mod protocol;
mod streaming;
mod tools;
