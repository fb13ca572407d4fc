//! What was used, newest first: rows as they were written, and what sessions keep as facts, told as rows.

use crate::{Store, StoreError};
use cowork_domain::{
    audit::{UsageRow, UsageUnit, WorkPlace, WorkSteps, WorkUsage},
    ids::{CommandId, OrgId, Sequence, SessionId, TenantId, UsageId, UserId},
};
use std::cmp::Reverse;

impl Store {
    /// The newest usage rows of an org.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn usage_page(&self, org: &OrgId, limit: u32) -> Result<Vec<UsageRow>, StoreError> {
        let mut rows = self.written_usage(org, limit).await?;
        // Each fact is at least one row, so the newest rows are among those of as many facts.
        rows.extend(self.work_usage(org, limit).await?);
        rows.sort_unstable_by_key(|row| Reverse((row.at, row.id.as_uuid())));
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(rows)
    }

    async fn written_usage(&self, org: &OrgId, limit: u32) -> Result<Vec<UsageRow>, StoreError> {
        let rows = sqlx::query!(
            "select id, account_id, event_type, quantity, unit, metadata, created_at
               from usage_events where org = $1 order by created_at desc, id desc limit $2",
            org.as_str(),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| {
            let unit = UsageUnit::parse(&row.unit);
            Ok(UsageRow {
                id: UsageId::from_uuid(row.id),
                org: org.clone(),
                account: row.account_id.map(UserId::new),
                event_type: row.event_type,
                quantity: row.quantity,
                unit: unit.ok_or_else(|| StoreError::inconsistent("usage_events", row.id, "unknown unit"))?,
                metadata: row.metadata,
                at: row.created_at.into(),
            })
        });
        read.collect()
    }

    async fn work_usage(&self, org: &OrgId, limit: u32) -> Result<Vec<UsageRow>, StoreError> {
        let facts = sqlx::query!(
            "select w.at, w.session, s.tenant, w.command, w.kind, w.source, w.account, w.worker, w.steps, w.attempt, w.place,
                    w.elapsed_ms, w.error_code
               from work_usage w join sessions s on s.session = w.session
              where w.org = $1 order by w.at desc, w.command, w.kind limit $2",
            org.as_str(),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let mut rows = Vec::new();
        for fact in facts {
            let steps = WorkSteps::of_bits(fact.steps);
            let work = WorkUsage {
                command: CommandId::from_uuid(fact.command),
                kind: fact.kind,
                sender: fact.source.zip(fact.account.map(UserId::new)),
                steps: steps.ok_or_else(|| StoreError::inconsistent("work_usage", fact.command, "unknown steps"))?,
                attempt: fact.attempt.unsigned_abs(),
                place: Sequence(fact.place.unsigned_abs()),
                elapsed_ms: fact.elapsed_ms,
                error_code: fact.error_code,
                at: fact.at.into(),
            };
            let tenant = TenantId::new(fact.tenant);
            let of = WorkPlace { org, tenant: &tenant, session: SessionId::from_uuid(fact.session), worker: &fact.worker };
            rows.extend(work.rows(of));
        }
        Ok(rows)
    }
}
