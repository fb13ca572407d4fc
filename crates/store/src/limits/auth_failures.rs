//! Rejected credentials, and who has to wait because of them.

use super::{count, duration, millis};
use crate::{Store, StoreError};
use cowork_domain::limits::BackoffRule;
use std::time::Duration;

/// Newest first, so that a flood doesn't hide what has just begun.
const MOST_BLOCKS: i64 = 5000;

/// How often a scope failed, over all nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthFailures {
    /// `ip:…` or `auth:…`.
    pub scope: String,
    /// In the current window.
    pub failures: u64,
    /// Until that window ends.
    pub rest: Duration,
    /// How long it has to wait, if it has to.
    pub blocked_for: Option<Duration>,
}

/// A scope that has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthBlock {
    /// `ip:…` or `auth:…`.
    pub scope: String,
    /// How long it still has to.
    pub rest: Duration,
}

impl Store {
    /// Adds rejections to scopes, and starts their waits where the rule says so. A scope must appear only once.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn add_auth_failures(&self, failed: &[(String, u64)], rule: BackoffRule) -> Result<Vec<AuthFailures>, StoreError> {
        let scopes: Vec<String> = failed.iter().map(|(scope, _)| scope.clone()).collect();
        let counts: Vec<i64> = failed.iter().map(|(_, failures)| count(*failures)).collect();
        // In the order of the scopes: two nodes that count the same ones must not wait for each other.
        let rows = sqlx::query!(
            r#"insert into auth_failures as f (scope, window_ms, ends_at, failures, blocked_at, blocked_until)
               select n.scope, $3::bigint, date_bin(t.length, t.now, timestamptz 'epoch') + t.length, n.failures,
                      case when n.failures >= $4::bigint then t.now end, case when n.failures >= $4 then t.now + t.wait end
                 from unnest($1::text[], $2::bigint[]) as n(scope, failures),
                      (select clock_timestamp() as now, make_interval(secs => $3::bigint::float8 / 1000) as length,
                              make_interval(secs => $5::bigint::float8 / 1000) as wait) as t
                order by n.scope
               on conflict (scope, window_ms) do update
                  set (ends_at, failures, blocked_at, blocked_until) = (
                      select greatest(f.ends_at, excluded.ends_at), n.failures,
                             case when n.failures >= $4 then t.now else f.blocked_at end,
                             case when n.failures >= $4 then t.now + make_interval(secs => $5::bigint::float8 / 1000) else f.blocked_until end
                        from (select clock_timestamp() as now) as t,
                             (select case when f.ends_at < excluded.ends_at then excluded.failures
                                          else f.failures + excluded.failures end as failures) as n)
            returning scope, failures, extract(epoch from ends_at - clock_timestamp())::float8 as "rest!",
                      extract(epoch from blocked_until - clock_timestamp())::float8 as blocked_for"#,
            &scopes[..],
            &counts[..],
            millis(rule.window),
            count(rule.max_failures),
            millis(rule.wait)
        )
        .fetch_all(&self.pool)
        .await?;
        let failures = rows.into_iter().map(|row| AuthFailures {
            scope: row.scope,
            failures: u64::try_from(row.failures).unwrap_or(0),
            rest: duration(row.rest),
            blocked_for: row.blocked_for.map(duration).filter(|rest| !rest.is_zero()),
        });
        Ok(failures.collect())
    }

    /// Scopes whose wait began within the last `within` and isn't over; at most 5000, the newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn recent_auth_blocks(&self, within: Duration) -> Result<Vec<AuthBlock>, StoreError> {
        // `now()`, because the planner takes no index for a clock that may tick within the statement.
        let rows = sqlx::query!(
            r#"select scope, extract(epoch from blocked_until - clock_timestamp())::float8 as "rest!"
                 from auth_failures
                where blocked_at > now() - make_interval(secs => $1) and blocked_until > now()
                order by blocked_at desc limit $2"#,
            within.as_secs_f64(),
            MOST_BLOCKS
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| AuthBlock { scope: row.scope, rest: duration(row.rest) }).collect())
    }

    /// Removes what says nothing any more, at most 10 000 rows at a time; says how many.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_auth_failures(&self) -> Result<u64, StoreError> {
        let swept = sqlx::query!(
            "delete from auth_failures
              where (scope, window_ms) in (select scope, window_ms from auth_failures where expires_at < now()
                                            limit 10000 for update skip locked)
                and expires_at < now()"
        )
        .execute(&self.pool)
        .await?;
        Ok(swept.rows_affected())
    }
}
