//! Deliveries: their rows and their lanes.
//!
//! Whoever changes a delivery locks its lane before it reads anything, and corrects the lane in the same transaction. What may
//! become of a delivery is decided in the domain, between the lock and the write.

mod backlog;
mod change;
mod claim;
mod create;
mod find;
mod lane;
mod row;
mod sweep;

pub use backlog::{Backlog, BindingBacklog};
pub use change::{DeliveryOperation, SettleError};
pub use find::{DeliveryFilter, DeliveryPlace, OpenDeliveries};
