//! What a node asks before anybody waits for it.
//!
//! A server process reads its catalogue for each table that it meets for the first time, and compiles a function when it is first
//! called: the first prompt of a node that has just come took ten times as long as the next. During a rolling restart every node
//! has just come.

use crate::{Store, StoreError};
use cowork_domain::ids::SessionId;
use futures_util::future::try_join_all;
use uuid::Uuid;

/// Connections that are made ready: so many sessions wake up at once soon after a hand-over.
const CONNECTIONS: usize = 4;

impl Store {
    /// Opens connections and has each ask for a session that doesn't exist. Takes a tenth of a second or less.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        let nobody = SessionId::from_uuid(Uuid::nil());
        try_join_all((0..CONNECTIONS).map(|_| self.load_session(nobody))).await?;
        try_join_all((0..CONNECTIONS).map(|_| self.session_head(nobody))).await?;
        Ok(())
    }
}
