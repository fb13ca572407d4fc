//! One effect per idempotency key (invariant I5): the first request mints an id, a repeated one acts
//! under the same id and gets the same answer once there is one.

use crate::{Store, StoreError};
use std::time::Duration;
use uuid::Uuid;

/// What a key means for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyClaim {
    /// The first request with this key: act under this id.
    New {
        /// The id that was handed in.
        minted: Uuid,
    },
    /// The same request came before: act under its id, or repeat its answer.
    Known {
        /// The id of the first request.
        minted: Uuid,
        /// Status and body, once the first request kept them.
        answer: Option<(u16, String)>,
    },
    /// The key was used for another request.
    Mismatch,
}

impl Store {
    /// Claims a key for a request. A claim whose time is over is replaced.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn claim_idempotency(
        &self,
        scope: Uuid,
        request_hash: [u8; 32],
        minted: Uuid,
        ttl: Duration,
    ) -> Result<IdempotencyClaim, StoreError> {
        // The row that stood in the way may be swept before it is read; then the key is free again.
        loop {
            let claimed = sqlx::query!(
                "insert into idempotency as i (scope, request_hash, minted, expires_at) values ($1, $2, $3, now() + make_interval(secs => $4))
                 on conflict (scope) do update
                    set request_hash = excluded.request_hash, minted = excluded.minted, status = null, answer = null,
                        expires_at = excluded.expires_at
                  where i.expires_at <= now()",
                scope,
                &request_hash[..],
                minted,
                ttl.as_secs_f64()
            )
            .execute(&self.pool)
            .await?;
            if claimed.rows_affected() == 1 {
                return Ok(IdempotencyClaim::New { minted });
            }
            let known = sqlx::query!("select request_hash, minted, status, answer from idempotency where scope = $1", scope)
                .fetch_optional(&self.pool)
                .await?;
            let Some(known) = known else { continue };
            if known.request_hash != request_hash {
                return Ok(IdempotencyClaim::Mismatch);
            }
            let answer = match known.status.zip(known.answer) {
                Some((status, answer)) => {
                    let status = u16::try_from(status).map_err(|_| StoreError::inconsistent("idempotency", scope, "not a status"))?;
                    Some((status, answer))
                }
                None => None,
            };
            return Ok(IdempotencyClaim::Known { minted: known.minted, answer });
        }
    }

    /// Keeps the answer of the request that acted under `minted`. The first answer stays.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn keep_answer(&self, scope: Uuid, minted: Uuid, status: u16, answer: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "update idempotency set status = $3, answer = $4 where scope = $1 and minted = $2 and status is null",
            scope,
            minted,
            i32::from(status),
            answer
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Removes claims whose time is over, at most 10 000 at a time; says how many.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_idempotency(&self) -> Result<u64, StoreError> {
        let swept = sqlx::query!(
            "delete from idempotency where scope in (select scope from idempotency where expires_at <= now() limit 10000 for update skip locked)
                and expires_at <= now()"
        )
        .execute(&self.pool)
        .await?;
        Ok(swept.rows_affected())
    }
}
