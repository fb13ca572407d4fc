//! What clients ask of entities: each request in its two forms, done here or sent to the owner.

mod admit;
mod artifact;
mod await_deliveries;
mod begin;
mod check_key;
mod claim_deliveries;
mod deliveries_changed;
mod inbox_filled;
mod lift;
mod repair;
mod submit;

pub(super) use admit::{AdmitPrompt, AdmitSession};
pub(super) use artifact::ChangeArtifact;
pub(super) use await_deliveries::{await_deliveries, await_deliveries_here};
pub(super) use begin::Begin;
pub(super) use check_key::CheckKey;
pub(super) use claim_deliveries::ClaimDeliveries;
pub(super) use deliveries_changed::DeliveriesChanged;
pub(super) use inbox_filled::InboxFilled;
pub(super) use lift::Lift;
pub(super) use repair::Repair;
pub(super) use submit::Submit;
