//! Single sign-on of organisations, and the token of their directories (contract 02 §8).

mod config;
mod scim_token;

pub use config::SsoRow;
pub use scim_token::Directory;
