//! Who asks: from the headers of a request to a member of an organisation.
//!
//! [`Authenticator`] decides whether a credential is genuine (contract 00 §3.2) and lets its owner in (§3.7). Every request
//! is looked up in the database, once; the role that a credential claims counts only for the very first visit. What is
//! revoked ends open streams through [`Revocations`].

mod api_token;
mod auth_options;
mod authenticator;
pub mod cookie;
mod doors;
mod entry;
mod interaction_token;
mod invitation;
mod last_used;
pub(crate) mod limits;
mod lookups;
mod member;
pub mod oidc;
mod operator;
mod refusals;
mod revocations;
mod scim_token;
mod signed_headers;
mod signing_key;
#[cfg(test)]
pub(crate) mod tests;
mod worker_credential;

pub use api_token::ApiToken;
pub use auth_options::{AuthMode, AuthOptions};
pub use authenticator::{AuthenticateError, Authenticated, Authenticator, Proof, Unauthenticated, bearer};
pub use cookie::SessionCookie;
pub use entry::{EntryError, Resolved};
pub use interaction_token::InteractionToken;
pub use invitation::{Invitation, NoInvitation};
pub use member::{Badge, Member};
pub use operator::OperatorToken;
pub use revocations::Revocations;
pub use scim_token::ScimToken;
pub use signed_headers::HeaderSecret;
pub use signing_key::SigningKey;
pub use worker_credential::WorkerCredential;
