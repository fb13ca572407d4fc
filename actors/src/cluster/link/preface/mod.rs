//! What two nodes say to each other before anything else: who they are, that both know the secret, and, where that
//! isn't so, why not. One JSON object per line; the dialer begins.
//!
//! ```text
//! dialer    {"cowork":"link","protocol":1,"node":"a","to":"b","program":"0.1.0","process":"…","nonce":"…"}
//! acceptor  {"cowork":"link","protocol":1,"node":"b","program":"0.1.0","process":"…","nonce":"…","proof":"…"}
//! dialer    {"proof":"…"}
//! acceptor  {"welcome":true}
//! ```
//!
//! Instead of any of these, a side may say `{"refused":{"code":"…","message":"…"}}`, and hang up. The secret itself never travels.
//! The proof doesn't bind what follows it to the two nodes: on a network that isn't trusted, use TLS as well.

mod dialer;
mod greeter;
mod lines;
mod proof;
mod refusal;

pub(super) use dialer::introduce;
pub(super) use greeter::{Greeted, greet};
pub(super) use proof::cookie;
pub(super) use refusal::{PrefaceError, Refusal, RefusalCode};

use std::time::Duration;
use uuid::Uuid;

/// The version of what is said here and of the frames behind it. Nodes of different versions refuse each other, so it changes
/// only when there is no other way.
pub(super) const PROTOCOL: u32 = 1;

/// Whoever hasn't come to an end with the preface by then is hung up on. A TLS handshake before it has as much.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// This node, as it introduces itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Introduction<'a> {
    pub(super) node: &'a str,
    pub(super) process: Uuid,
    pub(super) secret: &'a [u8],
    /// Fresh for each connection.
    pub(super) nonce: &'a str,
}
