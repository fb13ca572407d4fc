//! What nodes are told when an organisation's keys change, numbered in commit order: whoever holds keys drops them.

use crate::{Store, StoreError, signals::Listening};
use cowork_domain::ids::OrgId;
use sqlx::PgConnection;

const BYOK_CHANNEL: &str = "cowork_byok";

/// An organisation's keys changed, or whether they may be used did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByokChange {
    /// Its place among all changes.
    pub number: i64,
    /// Whose keys.
    pub org: OrgId,
}

/// Wakes whoever holds keys, for as long as this lives, over every loss of its connection.
#[derive(Debug)]
pub struct ByokSignals(Listening);

impl ByokSignals {
    /// Resolves when there may be something new: after a notification, and whenever the connection stands again.
    pub async fn next(&mut self) {
        self.0.next().await;
    }
}

/// Notes a change, in the transaction that makes it; to be followed by [`Store::announce_byok`] once that has committed. Until
/// then other changes wait, so it belongs at the transaction's end.
pub(crate) async fn record_byok_change(connection: &mut PgConnection, org: &OrgId) -> Result<(), StoreError> {
    sqlx::query!(
        "with tick as (update byok_clock set last = last + 1 returning last)
         insert into byok_changes (number, org) select last, $1 from tick",
        org.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// The number of the last change.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn last_byok_change(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!("select last from byok_clock").fetch_one(&self.membership).await?)
    }

    /// What changed after a number, in order, at most 1 000 at a time. The connection is one that client requests never queue
    /// for.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn byok_changes_after(&self, number: i64) -> Result<Vec<ByokChange>, StoreError> {
        let rows = sqlx::query!("select number, org from byok_changes where number > $1 order by number limit 1000", number)
            .fetch_all(&self.membership)
            .await?;
        Ok(rows.into_iter().map(|row| ByokChange { number: row.number, org: OrgId::new(row.org) }).collect())
    }

    /// Forgets changes that every node has seen or may forget: one that was away for longer than an hour drops all that it holds.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_byok_changes(&self) -> Result<u64, StoreError> {
        let swept = sqlx::query!("delete from byok_changes where changed_at < now() - interval '1 hour'").execute(&self.pool).await?;
        Ok(swept.rows_affected())
    }

    /// Listens for changes, on a connection of its own.
    pub fn byok_signals(&self) -> ByokSignals {
        ByokSignals(Listening::new(self.clone(), "cowork keys", &[BYOK_CHANNEL]))
    }

    /// Wakes all nodes. Whoever isn't reached looks by itself within a second.
    pub(crate) async fn announce_byok(&self) {
        if let Err(error) = self.notify(&self.membership, BYOK_CHANNEL, "").await {
            tracing::warn!(%error, "a change of keys could not be announced");
        }
    }
}
