//! Pure rules of Open Cowork Cloud.
//!
//! Nothing here is async, does IO, reads a clock or draws a random number: time and identifiers
//! come in as arguments. The actors are the glue that feeds commands in and carries effects out.

pub mod admission;
pub mod artifact;
pub mod artifact_list;
pub mod audit;
pub mod billing;
pub mod byok;
pub mod channel;
pub mod codes;
pub mod custom_role;
pub mod email;
pub mod event;
pub mod identity_claims;
pub mod ids;
pub mod import;
pub mod invariant;
pub mod limits;
pub mod managed_worker;
pub mod membership;
pub mod org;
pub mod placement;
pub mod policy;
pub mod principal;
pub mod project_source;
pub mod projection;
pub mod provider;
pub mod record;
pub mod redact;
pub mod runtime_event;
pub mod scim;
pub mod secret;
pub mod session;
pub mod signup;
pub mod sso;
pub mod thread;
pub mod timestamp;
pub mod token;
pub mod view;
pub mod waiting;
