//! OpenID Connect (contract 00 §3.4, §3.6): somebody else knows the people, and vouches for them.
//!
//! [`OidcProvider`] is one provider as this server sees it. It does nothing until it is asked, so a provider that is away keeps
//! nobody from starting; then it finds out where the provider's endpoints are (`discovery`) and which keys it signs with
//! (`keys`), and remembers both (`cache`). Everything that goes over the network is bounded (`fetch`).
//!
//! There are two ways in. A program shows an id token with each request ([`OidcProvider::verify_bearer`]); `id_token` decides
//! whether it is genuine and for us. A browser is sent to the provider and comes back with a code ([`OidcProvider::begin_login`],
//! [`OidcProvider::finish_login`]); `state` is what it carries meanwhile. Both end in the same rules about the person, which are
//! the domain's: [`cowork_domain::identity_claims`].

mod cache;
mod discovery;
mod error;
mod fetch;
mod id_token;
mod keys;
mod login;
mod options;
mod provider;
mod return_path;
mod state;
#[cfg(test)]
mod tests;

pub use error::OidcError;
pub use login::{Callback, LoginEnd, LoginRequest, LoginStart};
pub use options::{ClientSecret, OidcOptions};
pub use provider::{Identity, OidcProvider};
pub use state::LOGIN_LIFETIME;
