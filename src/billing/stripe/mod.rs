//! Stripe: pages on which people pay and manage what they pay, and news of what came of it.

mod client;
mod event;

pub use client::{CheckoutRequest, Stripe, StripeError, StripeOptions};
pub(super) use event::read as read_event;
