//! What the front door asks: whether a request came before, and what was recorded.

mod idempotency;
mod record;

pub use idempotency::IdempotencyClaim;
