//! What an organisation used of its quotas in the windows that run now.

use crate::{Store, StoreError, column::count};
use cowork_domain::{ids::OrgId, timestamp::Timestamp};

/// How much was used since the hour, or the day, began. What has a window of its own in the tables of limits is counted there,
/// because that is what refuses; the others are counted from what was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumed {
    /// The database's clock, by which the windows begin and end.
    pub at: Timestamp,
    /// Prompts of this hour, from wherever they came.
    pub prompts: u64,
    /// Prompts of this hour that the quota of channels admitted.
    pub gateway_prompts_admitted: u64,
    /// Prompts of this hour that were recorded as coming from channels.
    pub gateway_prompts_recorded: u64,
    /// Deliveries of this hour that the quota admitted.
    pub gateway_deliveries_admitted: u64,
    /// Deliveries of this hour that were recorded as claimed.
    pub gateway_deliveries_recorded: u64,
    /// Runs of workflows that were recorded in this hour.
    pub workflow_runs: u64,
    /// Minutes of workers that were recorded in this hour.
    pub worker_minutes: u64,
    /// Bytes of artifacts and projects that were taken today.
    pub artifact_bytes: u64,
}

impl Store {
    /// What an org used in the hour and the day that run now. Hours and days are those of UTC.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn consumed(&self, org: &OrgId) -> Result<Consumed, StoreError> {
        let row = sqlx::query!(
            r#"with clock as (select now() as at, date_trunc('hour', now(), 'UTC') as hour),
                    recorded as (
                        select coalesce(sum(quantity) filter (where event_type = 'worker.minute'), 0)::bigint as minutes,
                               coalesce(sum(quantity) filter (where event_type = 'gateway.delivery.claimed'), 0)::bigint as deliveries,
                               count(*) filter (where event_type = 'prompt.enqueued' and metadata ->> 'source' = 'gateway') as prompts,
                               count(*) filter (where event_type = 'work.queued' and metadata ->> 'source' = 'workflow') as runs
                          from usage_events, clock where org = $1 and created_at >= clock.hour),
                    -- The bits of `steps`: 1 queued, 16 completed, 32 failed. A minute that was begun counts whole.
                    worked as (
                        select coalesce(sum(greatest(1, (elapsed_ms + 59999) / 60000)) filter (where steps & 48 <> 0), 0)::bigint as minutes,
                               count(*) filter (where steps & 1 <> 0 and source = 'gateway') as prompts,
                               count(*) filter (where steps & 1 <> 0 and source = 'workflow') as runs
                          from work_usage w, clock where w.org = $1 and w.at >= clock.hour),
                    admitted as (
                        select coalesce(sum(used) filter (where scope = 'gateway_prompt'), 0)::bigint as prompts,
                               coalesce(sum(used) filter (where scope = 'gateway_deliveries'), 0)::bigint as deliveries
                          from rate_windows, clock
                         where scope in ('gateway_prompt', 'gateway_deliveries') and key = $1 and window_ms = 3600000 and ends_at > clock.at)
               select clock.at as "at!",
                      (select count(*) from commands where org = $1 and kind = 'prompt' and created_at >= clock.hour) as "prompts!",
                      admitted.prompts as "gateway_prompts_admitted!", recorded.prompts + worked.prompts as "gateway_prompts_recorded!",
                      admitted.deliveries as "gateway_deliveries_admitted!", recorded.deliveries as "gateway_deliveries_recorded!",
                      recorded.runs + worked.runs as "workflow_runs!", recorded.minutes + worked.minutes as "worker_minutes!",
                      coalesce((select bytes from artifact_days where org = $1 and day = (clock.at at time zone 'utc')::date), 0) as "artifact_bytes!"
                 from clock, recorded, worked, admitted"#,
            org.as_str()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Consumed {
            at: row.at.into(),
            prompts: count(row.prompts),
            gateway_prompts_admitted: count(row.gateway_prompts_admitted),
            gateway_prompts_recorded: count(row.gateway_prompts_recorded),
            gateway_deliveries_admitted: count(row.gateway_deliveries_admitted),
            gateway_deliveries_recorded: count(row.gateway_deliveries_recorded),
            workflow_runs: count(row.workflow_runs),
            worker_minutes: count(row.worker_minutes),
            artifact_bytes: count(row.artifact_bytes),
        })
    }
}
