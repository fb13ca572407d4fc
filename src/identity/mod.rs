//! Who asks: from the headers of a request to a principal, and from there to a stored membership.
//!
//! [`Authenticator`] decides whether a credential is genuine (contract 00 §3.2, §3.5); the
//! [`Memberships`] cache then says which role the person holds here (contract 00 §3.7). The role
//! that a credential claims counts only for the very first bootstrap. [`limits`] keeps strangers from trying too often.

mod authenticator;
pub(crate) mod limits;
mod membership;
mod operator;
mod signed_headers;

pub use authenticator::{AuthOptions, Authenticator, Unauthenticated};
pub use membership::{Member, MembershipError, Memberships};
pub use operator::OperatorToken;
pub use signed_headers::HeaderSecret;
