//! Checks of stored keys: opened here, asked of their provider by one small request.

use super::{opening::NotOpened, references::ReferenceError, shelf::KeyShelf};
use cowork_actors::KeyChecker;
use cowork_domain::byok::Verdict;
use cowork_runtime::{
    broker::Purpose,
    providers::{
        Outbound,
        probe::{ProbeLimits, ProbeOutcome, probe},
    },
};
use cowork_store::{ByokKey, ByokRow};
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};

/// The rest of the time of a check is for opening the key.
const MARGIN: Duration = Duration::from_millis(500);

/// Checks keys by asking their providers.
pub struct ProbingChecker {
    shelf: KeyShelf,
    outbound: Arc<Outbound>,
    limits: ProbeLimits,
}

impl ProbingChecker {
    /// Asks the providers of the shelf's table; a check takes no longer than `limit`.
    pub fn new(shelf: KeyShelf, outbound: Arc<Outbound>, limit: Duration) -> Self {
        let time = limit.saturating_sub(MARGIN).max(limit / 2);
        Self { shelf, outbound, limits: ProbeLimits { time, ..ProbeLimits::default() } }
    }

    async fn ask(&self, row: &ByokRow, key: &ByokKey) -> Verdict {
        let Some(entry) = self.shelf.table.get(&row.provider).filter(|entry| entry.needs_key()) else { return Verdict::Unsupported };
        if entry.validate.is_none() {
            return unknown("no call of this provider proves a key; its validation can be overridden", false);
        }
        let secret = match self.shelf.opener.open(row, key, Purpose::Validation).await {
            Ok(secret) => secret,
            Err(NotOpened::Store(error)) => {
                tracing::warn!(%error, "a key can't be read for its check");
                return unknown("the stored key could not be read", true);
            }
            Err(error @ NotOpened::Reference(ReferenceError::Expired)) => return Verdict::Expired { message: error.to_string() },
            Err(error @ NotOpened::Reference(ReferenceError::Unavailable)) => return unknown(&error.to_string(), true),
            // It is not tried by itself again: nothing that passes is in its way.
            Err(error) => return unknown(&error.to_string(), false),
        };
        match probe(&self.outbound, entry, &secret, self.limits).await {
            ProbeOutcome::Valid => Verdict::Valid,
            ProbeOutcome::Invalid { message } => Verdict::Refused { message: without(&message, secret.expose()) },
            ProbeOutcome::Expired { message } => Verdict::Expired { message: without(&message, secret.expose()) },
            ProbeOutcome::Unreachable { message, retryable } => unknown(&without(&message, secret.expose()), retryable),
            ProbeOutcome::Unsupported => Verdict::Unsupported,
        }
    }
}

impl KeyChecker for ProbingChecker {
    fn check<'a>(&'a self, row: &'a ByokRow, key: &'a ByokKey) -> BoxFuture<'a, Verdict> {
        Box::pin(self.ask(row, key))
    }
}

fn unknown(message: &str, retry: bool) -> Verdict {
    Verdict::Unknown { message: message.to_owned(), retry }
}

/// Whoever words the message keeps the key out of it; this is the second lock.
fn without(message: &str, key: &str) -> String {
    message.replace(key, cowork_domain::redact::REDACTED)
}
