//! How much waits, apart from what sessions have to do: for metrics and for operators.

use crate::{Store, StoreError, column::count};
use cowork_domain::{ids::OrgId, timestamp::Timestamp};
use std::time::Duration;

/// What waits of one kind of chat system, or of another instance of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Backlog {
    /// As the bindings name it.
    pub provider: String,
    /// `pending`, `claimed` or `failed`.
    pub status: String,
    /// How many deliveries.
    pub count: u64,
    /// Since the oldest of them was made.
    pub oldest: Duration,
}

/// What waits of one binding.
#[derive(Debug, Clone, PartialEq)]
pub struct BindingBacklog {
    /// Whose it is.
    pub org: String,
    /// The binding.
    pub binding: String,
    /// Its chat system.
    pub provider: String,
    /// For people.
    pub display_name: String,
    /// Whether it is served.
    pub status: String,
    /// Deliveries that wait for their first claim.
    pub pending: u64,
    /// Deliveries that a gateway sends.
    pub claimed: u64,
    /// Deliveries that wait for another attempt.
    pub failed: u64,
    /// Deliveries that were given up.
    pub dead: u64,
    /// When the oldest of those that aren't at rest was made.
    pub oldest_at: Option<Timestamp>,
    /// Who serves it.
    pub holder: Option<String>,
    /// Until when.
    pub lease_expires_at: Option<Timestamp>,
}

impl Store {
    /// What waits, of all organisations.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn delivery_backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        let rows = sqlx::query!(
            r#"select b.provider, d.status, sum(d.waiting)::bigint as "waiting!", extract(epoch from now() - min(d.oldest))::float8 as "oldest!"
                 from (select org, binding, status, count(*) as waiting, min(created_at) as oldest from channel_deliveries
                        where status in ('pending', 'claimed', 'failed') group by org, binding, status) d
                 join channel_bindings b on b.org = d.org and b.id = d.binding
                group by b.provider, d.status"#
        )
        .fetch_all(&self.pool)
        .await?;
        let backlog = |provider, status, waiting, oldest: f64| Backlog {
            provider,
            status,
            count: count(waiting),
            oldest: Duration::try_from_secs_f64(oldest).unwrap_or_default(),
        };
        Ok(rows.into_iter().map(|row| backlog(row.provider, row.status, row.waiting, row.oldest)).collect())
    }

    /// What waits and what was given up, by binding: those with the oldest first, at most `limit`. Without an organisation, of all.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn binding_backlogs(&self, org: Option<&OrgId>, limit: u32) -> Result<Vec<BindingBacklog>, StoreError> {
        let rows = sqlx::query!(
            r#"select b.org, b.id, b.provider, b.display_name, b.status, coalesce(o.pending, 0) as "pending!",
                      coalesce(o.claimed, 0) as "claimed!", coalesce(o.failed, 0) as "failed!", coalesce(x.dead, 0) as "dead!",
                      o.oldest as "oldest?", l.holder as "holder?", l.expires_at as "expires_at?"
                 from channel_bindings b
                 left join (select org, binding, count(*) filter (where status = 'pending') as pending,
                                   count(*) filter (where status = 'claimed') as claimed, count(*) filter (where status = 'failed') as failed,
                                   min(created_at) as oldest
                              from channel_deliveries where status in ('pending', 'claimed', 'failed') and ($1::text is null or org = $1)
                             group by org, binding) o on o.org = b.org and o.binding = b.id
                 left join (select org, binding, count(*) as dead from channel_deliveries
                             where status = 'dead' and ($1::text is null or org = $1) group by org, binding) x
                        on x.org = b.org and x.binding = b.id
                 left join channel_leases l on l.org = b.org and l.binding = b.id and l.expires_at > clock_timestamp()
                where ($1::text is null or b.org = $1)
                order by o.oldest nulls last, x.dead desc nulls last, b.org, b.id limit $2"#,
            org.map(OrgId::as_str),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| BindingBacklog {
                org: row.org,
                binding: row.id,
                provider: row.provider,
                display_name: row.display_name,
                status: row.status,
                pending: count(row.pending),
                claimed: count(row.claimed),
                failed: count(row.failed),
                dead: count(row.dead),
                oldest_at: row.oldest.map(Into::into),
                holder: row.holder,
                lease_expires_at: row.expires_at.map(Into::into),
            })
            .collect())
    }
}
