//! A connection that does nothing but stand: its end says something, or its server speaks first.

use crate::{Store, StoreError};
use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};

/// Closes when it is dropped.
#[derive(Debug)]
pub(crate) struct IdleConnection {
    /// The one thing that notices the end of an idle connection.
    pub(crate) listener: PgListener,
    /// The only connection's pool, so that dropping this value closes the connection.
    _pool: PgPool,
}

impl IdleConnection {
    /// Connects, and listens to `channels`.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub(crate) async fn open(store: &Store, name: &str, channels: &[&str]) -> Result<Self, StoreError> {
        // The server notices a host that vanished without closing its sockets after 2 + 3 × 1 s.
        let settings = [
            ("tcp_keepalives_idle", "2".to_owned()),
            ("tcp_keepalives_interval", "1".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
            ("tcp_user_timeout", "5000".to_owned()),
        ];
        let options = store.connection_options(name, &settings);
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(store.connect_timeout).connect_with(options).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        if !channels.is_empty() {
            listener.listen_all(channels.iter().copied()).await?;
        }
        Ok(Self { listener, _pool: pool })
    }
}
