//! What the front door asks: whether a request came before, what was recorded, and what of that counts now.

mod consumed;
mod idempotency;
mod record;

pub use consumed::Consumed;
pub use idempotency::IdempotencyClaim;
