//! When credentials were last used: noted in memory at each request, and written for many at once.
//!
//! What a browser session's idle time is measured from may be old by the time between two writes, so that is a small part of
//! the shortest idle time; the database puts down its own time at the write, so a session never ends earlier for it.

use super::Proof;
use cowork_domain::ids::{BrowserSessionId, TokenId};
use cowork_store::{Store, StoreError};
use parking_lot::Mutex;
use std::collections::HashSet;

/// Credentials in memory; more are left out until the next write.
const MOST: usize = 100_000;
/// Credentials in one statement.
const AT_ONCE: usize = 1000;

/// The credentials that were used since the last write.
#[derive(Debug, Default)]
pub(super) struct LastUsed(Mutex<Marks>);

#[derive(Debug, Default)]
struct Marks {
    tokens: HashSet<TokenId>,
    sessions: HashSet<BrowserSessionId>,
}

impl LastUsed {
    /// Notes a use. Only what has a row is noted.
    pub(super) fn mark(&self, proof: &Proof) {
        match proof {
            Proof::Token(token) => {
                let mut marks = self.0.lock();
                if marks.has_room() && !marks.tokens.contains(token) {
                    marks.tokens.insert(token.clone());
                }
            }
            Proof::Browser { session, .. } => {
                let mut marks = self.0.lock();
                if marks.has_room() {
                    marks.sessions.insert(*session);
                }
            }
            Proof::Local | Proof::Operator | Proof::Worker { .. } | Proof::Header | Proof::Login => {}
        }
    }

    /// Writes what was noted. It stays noted until it is written, whatever becomes of this call.
    pub(super) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        loop {
            let (tokens, sessions) = self.0.lock().first(AT_ONCE);
            if tokens.is_empty() && sessions.is_empty() {
                return Ok(());
            }
            store.note_use(&tokens, &sessions).await?;
            self.0.lock().forget(&tokens, &sessions);
        }
    }
}

impl Marks {
    fn has_room(&self) -> bool {
        self.tokens.len() + self.sessions.len() < MOST
    }

    fn first(&self, most: usize) -> (Vec<TokenId>, Vec<BrowserSessionId>) {
        let tokens: Vec<TokenId> = self.tokens.iter().take(most).cloned().collect();
        let sessions = self.sessions.iter().take(most - tokens.len()).copied().collect();
        (tokens, sessions)
    }

    fn forget(&mut self, tokens: &[TokenId], sessions: &[BrowserSessionId]) {
        for token in tokens {
            self.tokens.remove(token);
        }
        for session in sessions {
            self.sessions.remove(session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_written_once_however_often_it_was_used_and_in_pieces() {
        let used = LastUsed::default();
        for round in 0..3 {
            for number in 0..1500 {
                used.mark(&Proof::Token(TokenId::new(format!("tok_{number}"))));
            }
            used.mark(&Proof::Header);
            assert_eq!(used.0.lock().tokens.len(), 1500, "round {round}");
        }
        let mut marks = used.0.into_inner();
        let sizes = [(); 3].map(|()| {
            let (tokens, sessions) = marks.first(AT_ONCE);
            marks.forget(&tokens, &sessions);
            tokens.len()
        });
        assert_eq!(sizes, [1000, 500, 0]);
    }
}
