//! Pure rules of Open Cowork Cloud.
//!
//! Nothing here is async, does IO, reads a clock or draws a random number: time and identifiers
//! come in as arguments. The actors are the glue that feeds commands in and carries effects out.

pub mod admission;
pub mod audit;
pub mod codes;
pub mod event;
pub mod ids;
pub mod import;
pub mod invariant;
pub mod managed_worker;
pub mod placement;
pub mod policy;
pub mod principal;
pub mod projection;
pub mod record;
pub mod redact;
pub mod runtime_event;
pub mod scim;
pub mod session;
pub mod signup;
pub mod sso;
pub mod timestamp;
pub mod token;
pub mod view;
