//! Signing in with a real OpenID provider.

mod bearer;
mod browser;
mod login;
mod provider;
