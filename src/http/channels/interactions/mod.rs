//! Permissions and questions that somebody in a chat may answer once (contract 04 §6).

pub(super) mod create;
mod envelope;
mod find;
pub(super) mod resolve;
