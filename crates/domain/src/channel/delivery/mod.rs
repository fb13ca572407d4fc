//! Deliveries: messages for a chat that a gateway sends (contract 04 §8).
//!
//! A delivery ends sent or dead, never lost (invariant I8). What is for the same place of a chat stands in one
//! [lane](lane::Lane) and is sent in its order, one at a time; a dead one doesn't stop its lane. Every claim is an attempt of
//! its own, which a [`ClaimToken`] names, and attempts are counted: a delivery that takes every gateway down with it is given
//! up in the end.

mod claim;
pub mod lane;
mod order;
mod progress;
mod record;

pub use claim::{ClaimProof, ClaimToken, NewClaim, ParseClaimTokenError};
pub use order::{ClaimOrder, ClaimRefusal, Claimed, StreamCredit};
pub use progress::{AckRefusal, Attempt, DeadReason, DeliveryState, DeliveryStatus, LANE_PATIENCE_MS, Outcome, Progress, Settlement};
pub use record::{ChannelDelivery, LONGEST_ERROR, NewDelivery, ShownDelivery};
