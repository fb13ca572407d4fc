//! The sign that a process lives: a lock on a connection that does nothing else.
//!
//! The server frees the lock as soon as the process's socket closes, which tells peers about a kill
//! within milliseconds. It proves only that the connection ended, so the fence is taken in any case.

use super::{
    idle_connection::IdleConnection,
    locks::{self, LockClass},
};
use crate::{Store, StoreError};
use cowork_domain::ids::NodeNumber;
use sqlx::Acquire;

/// Held as long as this value lives and its connection stands.
#[derive(Debug)]
pub struct LivenessLock {
    connection: IdleConnection,
    is_lost: bool,
}

impl Store {
    /// Takes a node's liveness lock; ends the backend of an earlier life that still holds it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn liveness_lock(&self, node: NodeNumber) -> Result<LivenessLock, StoreError> {
        let mut connection = IdleConnection::open(self, &format!("cowork liveness {}", node.0), &[]).await?;
        locks::hold((&mut connection.listener).acquire().await?, LockClass::Liveness, node.0).await?;
        Ok(LivenessLock { connection, is_lost: false })
    }
}

impl LivenessLock {
    /// Returns when the connection has ended, and with it the lock. May be called again.
    pub async fn lost(&mut self) {
        // Asking again after the end would connect again.
        while !self.is_lost {
            self.is_lost = !matches!(self.connection.listener.try_recv().await, Ok(Some(_)));
        }
    }
}
