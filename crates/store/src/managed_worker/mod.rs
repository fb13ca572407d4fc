//! Workers of organisations (contract 02 §11): pools, workers, their credentials and what they last said.

mod credential;
mod heartbeat;
mod pool;
mod worker;

pub use credential::{CredentialChange, NewCredential, ShownCredential};
pub use heartbeat::Heard;
pub use worker::{Moved, Registration};
