//! What an organisation spent at its model providers today.

use crate::{Store, StoreError, column::count};
use cowork_domain::{
    byok::{Dollars, Spent},
    ids::OrgId,
    timestamp::Timestamp,
};
use std::time::Duration;

const DAY_MILLIS: i64 = 86_400_000;

/// A day of UTC, by the database's clock, and what was spent in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySpending {
    /// Counted from 1970.
    pub day: i32,
    /// Until it ends.
    pub rest: Duration,
    /// By what turns wrote, on all nodes.
    pub spent: Spent,
}

impl DaySpending {
    /// When the next day begins.
    pub fn ends_at(&self) -> Timestamp {
        Timestamp::from_millis((i64::from(self.day) + 1) * DAY_MILLIS)
    }
}

impl Store {
    /// The sum of the day's model calls.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn model_spending(&self, org: &OrgId) -> Result<DaySpending, StoreError> {
        let row = sqlx::query!(
            r#"select n.day - date '1970-01-01' as "day!",
                      extract(epoch from (n.day + 1)::timestamp - now() at time zone 'utc')::float8 as "rest!",
                      least(coalesce(u.tokens, 0), 9223372036854775807)::int8 as "tokens!", coalesce(u.cost, 0) as "cost!"
                 from (select (now() at time zone 'utc')::date as day) n,
              lateral (select sum(quantity) as tokens, sum((metadata ->> 'cost')::float8) as cost
                         from usage_events
                        where org = $1 and event_type = 'model.tokens' and created_at >= n.day::timestamp at time zone 'utc') u"#,
            org.as_str()
        )
        .fetch_one(&self.pool)
        .await?;
        // A sum beyond all dollars is beyond every budget, too.
        let cost = Dollars::of(row.cost).unwrap_or(Dollars::MOST);
        Ok(DaySpending {
            day: row.day,
            rest: Duration::try_from_secs_f64(row.rest).unwrap_or_default(),
            spent: Spent { tokens: count(row.tokens), cost },
        })
    }
}
