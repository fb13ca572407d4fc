//! Who asks: from the headers of a request to a principal, and from there to a stored membership.
//!
//! [`Authenticator`] decides whether a credential is genuine (contract 00 §3.2, §3.4, §3.5); the
//! [`Memberships`] cache then says which role the person holds here (contract 00 §3.7). The role
//! that a credential claims counts only for the very first bootstrap.

mod authenticator;
mod bearer;
mod cookie_secret;
mod membership;
pub mod oidc;
mod operator;
mod signed_headers;

pub use authenticator::{AuthOptions, Authenticator, Unauthenticated};
pub use cookie_secret::CookieSecret;
pub use membership::{Member, MembershipError, Memberships};
pub use operator::OperatorToken;
pub use signed_headers::HeaderSecret;
