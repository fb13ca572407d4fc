//! Subscriptions of organisations, and the news that changed them.

mod change;
mod event;
mod row;

pub use event::{BillingEvent, BillingNews};
