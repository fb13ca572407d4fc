//! What clients ask of entities: each request in its two forms, done here or sent to the owner.

mod admit;
mod begin;
mod check_key;
mod lift;
mod repair;
mod submit;

pub(super) use admit::{AdmitPrompt, AdmitSession};
pub(super) use begin::Begin;
pub(super) use check_key::CheckKey;
pub(super) use lift::Lift;
pub(super) use repair::Repair;
pub(super) use submit::Submit;
