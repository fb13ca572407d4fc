//! The sign that a process lives: a lock on a connection that does nothing else.
//!
//! The server frees the lock as soon as the process's socket closes, which tells peers about a kill
//! within milliseconds. It proves only that the connection ended, so the fence is taken in any case.

use super::locks::{self, LockClass};
use crate::{Store, StoreError};
use cowork_domain::ids::NodeNumber;
use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};

/// Held as long as this value lives and its connection stands.
#[derive(Debug)]
pub struct LivenessLock {
    /// A listener that listens to nothing: it is the one thing that notices the end of an idle connection.
    listener: PgListener,
    is_lost: bool,
    /// The only connection's pool, so that dropping this value closes the connection.
    _pool: PgPool,
}

impl Store {
    /// Takes a node's liveness lock; ends the backend of an earlier life that still holds it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn liveness_lock(&self, node: NodeNumber) -> Result<LivenessLock, StoreError> {
        // A host that vanishes without closing its sockets is noticed after 2 + 3 × 1 s.
        let settings = [
            ("tcp_keepalives_idle", "2".to_owned()),
            ("tcp_keepalives_interval", "1".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
            ("tcp_user_timeout", "5000".to_owned()),
        ];
        let options = self.connection_options(&format!("cowork liveness {}", node.0), &settings);
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(self.connect_timeout).connect_with(options).await?;
        let mut connection = pool.acquire().await?;
        locks::hold(&mut connection, LockClass::Liveness, node.0).await?;
        drop(connection);
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        Ok(LivenessLock { listener, is_lost: false, _pool: pool })
    }
}

impl LivenessLock {
    /// Returns when the connection has ended, and with it the lock. May be called again.
    pub async fn lost(&mut self) {
        // Asking again after the end would connect again.
        while !self.is_lost {
            self.is_lost = !matches!(self.listener.try_recv().await, Ok(Some(_)));
        }
    }
}
