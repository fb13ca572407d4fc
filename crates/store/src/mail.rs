//! The mailbox between nodes: for what is too large for a link, or when there is none. A latency path: who asks
//! repeats with another id, and a crash of the server empties it.

use crate::{Store, StoreError};
use std::time::Duration;
use uuid::Uuid;

/// What is taken at a time, so that a flood is worked off in pieces.
const TAKEN_AT_ONCE: i64 = 64;

/// A request from another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Names it to the one who answers.
    pub id: Uuid,
    /// The name of the node that asks.
    pub from: String,
    /// What it asks.
    pub request: Vec<u8>,
}

impl Store {
    /// Posts a request and tells the receiver. An id that is there already is left as it is.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn post_mail(&self, id: Uuid, to: &str, from: &str, request: &[u8], lifetime: Duration) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into node_mail (id, to_node, from_node, request, expires_at)
             values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
             on conflict (id) do nothing",
            id,
            to,
            from,
            request,
            lifetime.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        self.announce_mail(to, id).await;
        Ok(())
    }

    /// Requests for a node that are neither answered nor expired, oldest first, at most 64: ask again until there are
    /// none. One that was taken isn't returned again for 5 s, and not at all while it is among `known`: the ones
    /// that the caller is still working on.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn take_mail(&self, to: &str, known: &[Uuid]) -> Result<Vec<Mail>, StoreError> {
        let mut rows = sqlx::query!(
            "update node_mail m set claimed_at = clock_timestamp()
               from (select id from node_mail
                      where to_node = $1 and answer is null and expires_at > clock_timestamp() and id <> all($2)
                        and (claimed_at is null or claimed_at < clock_timestamp() - interval '5 seconds')
                      order by created_at limit $3
                      for no key update skip locked) t
              where m.id = t.id
          returning m.id, m.from_node, m.request, m.created_at",
            to,
            known,
            TAKEN_AT_ONCE
        )
        .fetch_all(&self.pool)
        .await?;
        rows.sort_by_key(|row| row.created_at);
        Ok(rows.into_iter().map(|row| Mail { id: row.id, from: row.from_node, request: row.request }).collect())
    }

    /// Answers a request and tells the one who asked. Without effect if it was answered already or is gone.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn answer_mail(&self, id: Uuid, answer: &[u8]) -> Result<(), StoreError> {
        let asked_by = sqlx::query_scalar!(
            "update node_mail set answer = $2, answered_at = clock_timestamp() where id = $1 and answer is null returning from_node",
            id,
            answer
        )
        .fetch_optional(&self.pool)
        .await?;
        if let Some(asked_by) = asked_by {
            self.announce_mail(&asked_by, id).await;
        }
        Ok(())
    }

    /// The answer to a request, once there is one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn mail_answer(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let answer = sqlx::query_scalar!("select answer from node_mail where id = $1", id).fetch_optional(&self.pool).await?;
        Ok(answer.flatten())
    }

    /// Removes a request with its answer.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn drop_mail(&self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query!("delete from node_mail where id = $1", id).execute(&self.pool).await?;
        Ok(())
    }

    /// Removes what expired; returns how many requests.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_mail(&self) -> Result<u64, StoreError> {
        let swept = sqlx::query!("delete from node_mail where expires_at < clock_timestamp()").execute(&self.pool).await?;
        Ok(swept.rows_affected())
    }
}
