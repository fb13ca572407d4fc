//! Whose the sessions are that live on other nodes.

use cowork_domain::{ids::SessionId, session::SessionIdentity};
use lru::LruCache;
use parking_lot::Mutex;
use std::sync::Arc;

/// About 3 MB of them.
const MOST: usize = 8 * 1024;

/// Identities of sessions that were asked for lately, so that a request for a session elsewhere needs no look into the log.
/// An identity never changes; whether the session is still there, its owner says.
#[derive(Debug)]
pub(crate) struct KnownIdentities(Mutex<LruCache<SessionId, Arc<SessionIdentity>>>);

impl KnownIdentities {
    pub(super) fn get(&self, session: SessionId) -> Option<Arc<SessionIdentity>> {
        self.0.lock().get(&session).cloned()
    }

    /// Keeps it until [`MOST`] others were asked for since.
    pub(super) fn put(&self, identity: Arc<SessionIdentity>) {
        let mut known = self.0.lock();
        known.put(identity.session, identity);
        if known.len() > MOST {
            known.pop_lru();
        }
    }
}

impl Default for KnownIdentities {
    /// Empty, and bounded by hand: a bounded one would claim its table at once.
    fn default() -> Self {
        Self(Mutex::new(LruCache::unbounded()))
    }
}
