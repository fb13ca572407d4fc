//! What the front door asks: who somebody is, whether a request came before, and what was recorded.

mod idempotency;
mod principal;
mod record;

pub use idempotency::IdempotencyClaim;
pub use principal::Membership;
