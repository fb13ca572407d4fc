//! What the database tells nodes without being asked. A latency path: a notification may be lost, so everybody
//! also looks from time to time.

use crate::{Store, StoreError, membership::IdleConnection};
use sqlx::{Acquire, Connection, PgPool, postgres::PgNotification};
use std::{fmt, pin::Pin, time::Duration};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

const CLUSTER_CHANNEL: &str = "cowork_cluster";
const MAIL_CHANNEL: &str = "cowork_mail";
const ORGS_CHANNEL: &str = "cowork_orgs";

/// Between two attempts to connect.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// After this long without a word, the server is asked whether it is still there: a host that vanishes says nothing.
const QUIET: Duration = Duration::from_secs(5);
/// How long it may take to answer that.
const ANSWER: Duration = Duration::from_secs(3);

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// A node came, went or drains, or a shard changed its owner.
    Membership,
    /// A request for `to` was posted, or the answer to one that `to` posted.
    Mail {
        /// The node's name.
        to: String,
        /// The request.
        id: Uuid,
    },
    /// An operator stopped an organisation, or lets it go on.
    Orgs,
    /// The connection stands, for the first time or again: what happened before may have been missed.
    Reconnected,
}

/// Signals for as long as this lives, over every loss of its connection.
#[derive(Debug)]
pub struct ClusterSignals(Listening);

/// A connection that listens, made anew whenever it is lost.
pub(crate) struct Listening {
    store: Store,
    name: &'static str,
    channels: &'static [&'static str],
    phase: Phase,
}

/// What a connection that listens has to say.
pub(crate) enum Heard {
    Notification(PgNotification),
    /// The connection stands, for the first time or again.
    Reconnected,
}

enum Phase {
    /// Never fails.
    Connecting(Pin<Box<dyn Future<Output = IdleConnection> + Send>>),
    Connected {
        connection: IdleConnection,
        quiet_at: Instant,
    },
}

impl fmt::Debug for Listening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_connected = matches!(self.phase, Phase::Connected { .. });
        formatter.debug_struct("Listening").field("name", &self.name).field("is_connected", &is_connected).finish_non_exhaustive()
    }
}

impl Store {
    /// Listens to what nodes tell each other, on a connection of its own that is made when somebody first asks for
    /// [`ClusterSignals::next`].
    pub fn cluster_signals(&self) -> ClusterSignals {
        ClusterSignals(Listening::new(self.clone(), "cowork signals", &[CLUSTER_CHANNEL, MAIL_CHANNEL, ORGS_CHANNEL]))
    }

    /// Tells all nodes that membership changed. To be called after the commit: a notification within a transaction
    /// holds up the commits of the whole database. What changed stands in any case, and who isn't told looks by itself.
    pub(crate) async fn announce(&self) {
        if let Err(error) = self.notify(&self.membership, CLUSTER_CHANNEL, "").await {
            tracing::warn!(%error, "a change of the cluster could not be announced");
        }
    }

    /// The same for a request or an answer.
    pub(crate) async fn announce_mail(&self, to: &str, id: Uuid) {
        if let Err(error) = self.notify(&self.pool, MAIL_CHANNEL, &format!("{to} {id}")).await {
            tracing::warn!(%error, "mail could not be announced");
        }
    }

    /// The same for an organisation that was stopped, goes on, or pays or doesn't pay any more.
    pub(crate) async fn announce_orgs(&self) {
        if let Err(error) = self.notify(&self.membership, ORGS_CHANNEL, "").await {
            tracing::warn!(%error, "an order about an organisation could not be announced");
        }
    }

    pub(crate) async fn notify(&self, pool: &PgPool, channel: &str, payload: &str) -> Result<(), StoreError> {
        sqlx::query!("select pg_notify($1, $2)", channel, payload).fetch_one(pool).await?;
        Ok(())
    }
}

impl ClusterSignals {
    /// The next signal; [`Signal::Reconnected`] comes first. Without a connection it waits until there is one.
    /// Nothing is lost when this future is dropped.
    pub async fn next(&mut self) -> Signal {
        loop {
            match self.0.next().await {
                Heard::Reconnected => return Signal::Reconnected,
                Heard::Notification(notification) => {
                    if let Some(signal) = read(&notification) {
                        return signal;
                    }
                }
            }
        }
    }
}

impl Listening {
    pub(crate) fn new(store: Store, name: &'static str, channels: &'static [&'static str]) -> Self {
        let phase = Phase::Connecting(Box::pin(connect(store.clone(), name, channels, Duration::ZERO)));
        Self { store, name, channels, phase }
    }

    /// What is heard next. Nothing is lost when this future is dropped.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            match &mut self.phase {
                Phase::Connecting(connecting) => {
                    let connection = connecting.await;
                    self.phase = Phase::Connected { connection, quiet_at: Instant::now() + QUIET };
                    return Heard::Reconnected;
                }
                Phase::Connected { connection, quiet_at } => match timeout_at(*quiet_at, connection.listener.try_recv()).await {
                    Ok(Ok(Some(notification))) => {
                        *quiet_at = Instant::now() + QUIET;
                        return Heard::Notification(notification);
                    }
                    Ok(Ok(None) | Err(_)) => self.reconnect(),
                    Err(_) => match timeout(ANSWER, ask(connection)).await {
                        Ok(Ok(())) => *quiet_at = Instant::now() + QUIET,
                        Ok(Err(_)) | Err(_) => self.reconnect(),
                    },
                },
            }
        }
    }

    fn reconnect(&mut self) {
        tracing::warn!(name = self.name, "a connection that listens ended");
        self.phase = Phase::Connecting(Box::pin(connect(self.store.clone(), self.name, self.channels, SHORTEST_PAUSE)));
    }
}

/// Connects, however long it takes.
async fn connect(store: Store, name: &'static str, channels: &'static [&'static str], mut pause: Duration) -> IdleConnection {
    loop {
        tokio::time::sleep(pause).await;
        match IdleConnection::open(&store, name, channels).await {
            Ok(connection) => return connection,
            Err(error) => tracing::warn!(%error, name, "no connection for listening yet"),
        }
        pause = (pause * 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    }
}

async fn ask(connection: &mut IdleConnection) -> Result<(), sqlx::Error> {
    (&mut connection.listener).acquire().await?.ping().await
}

fn read(notification: &PgNotification) -> Option<Signal> {
    match notification.channel() {
        CLUSTER_CHANNEL => Some(Signal::Membership),
        ORGS_CHANNEL => Some(Signal::Orgs),
        _ => {
            let (to, id) = notification.payload().rsplit_once(' ')?;
            Some(Signal::Mail { to: to.to_owned(), id: id.parse().ok()? })
        }
    }
}
