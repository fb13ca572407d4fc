//! Keeps the audit logs of the orgs that this node owns: seals what was written, removes what is past retention.
//!
//! Rows are written unchained, so that no writer waits for another one; here they are linked, a few
//! seconds later (docs/audit.md). Two nodes that both take an org for theirs take turns: the chain
//! has a lock in the database. Nothing here is ever fatal: what failed is tried again in the next round.

use crate::{node::Shared, supervise::EntityKey};
use cowork_domain::ids::OrgId;
use cowork_store::StoreError;
use std::{sync::Arc, time::Duration};

/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(2);
/// Rows of one seal: a transaction of some 20 ms.
const BATCH: u32 = 1_000;
/// Seals of one org in a round, so that a long backlog doesn't hold up the others.
const BATCHES: usize = 20;
/// Rows of an org that are counted for the gauge.
const COUNTED: u32 = 10_000;

/// Works until the node stops.
pub(crate) async fn keep_audit(shared: Arc<Shared>) {
    let unsealed = metrics::gauge!("cowork_audit_unsealed");
    let mut last_removal = None;
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(shared.clock.jitter(PAUSE)) => {}
        }
        if !shared.owns_anything() {
            unsealed.set(0.0);
            continue;
        }
        match seal(&shared).await {
            Ok(left) => unsealed.set(left),
            Err(error) => failed(&error, "the audit log can't be sealed now"),
        }
        let Some(retention) = shared.options.audit_retention else { continue };
        let now = shared.clock.instant();
        if last_removal.is_none_or(|at| now.duration_since(at) >= retention.every) {
            last_removal = Some(now);
            if let Err(error) = remove(&shared, retention).await {
                tracing::warn!(%error, "old audit rows can't be removed now");
            }
        }
    }
}

/// Seals the logs of this node's orgs; returns how many rows are left.
async fn seal(shared: &Shared) -> Result<f64, StoreError> {
    let mut left = 0;
    for waiting in shared.store.unsealed_audit(COUNTED).await? {
        if !owns(shared, &waiting.org) {
            continue;
        }
        let sealed = match seal_org(shared, &waiting.org).await {
            Ok(sealed) => sealed,
            // The log of one org may be beyond sealing; the others must not wait for it.
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            Err(error) => {
                failed(&error, "the audit log of an org can't be sealed");
                0
            }
        };
        left += waiting.rows.saturating_sub(sealed);
    }
    #[expect(clippy::cast_precision_loss, reason = "a gauge needs no more than 53 bits")]
    Ok(left as f64)
}

async fn seal_org(shared: &Shared, org: &OrgId) -> Result<u64, StoreError> {
    let mut rows = 0;
    for _ in 0..BATCHES {
        if shared.stop.is_cancelled() {
            break;
        }
        let sealed = shared.store.seal_audit(org, BATCH).await?;
        rows += sealed.rows;
        metrics::counter!("cowork_audit_sealed_total").increment(sealed.rows);
        if !sealed.has_more {
            break;
        }
    }
    Ok(rows)
}

async fn remove(shared: &Shared, retention: AuditRetention) -> Result<(), StoreError> {
    let age = i64::try_from(retention.age.as_millis()).unwrap_or(i64::MAX);
    let before = shared.clock.now().plus_millis(-age);
    for org in shared.store.orgs_with_audit().await? {
        if !owns(shared, &org) {
            continue;
        }
        let mut rows = 0;
        for _ in 0..retention.seals_per_run {
            let removed = shared.store.remove_audit(&org, before, 1).await?;
            if removed == 0 || shared.stop.is_cancelled() {
                break;
            }
            rows += removed;
        }
        if rows > 0 {
            tracing::info!(%org, rows, "removed audit rows past their retention");
            metrics::counter!("cowork_audit_removed_total").increment(rows);
        }
    }
    Ok(())
}

fn owns(shared: &Shared, org: &OrgId) -> bool {
    let key = EntityKey::Org(org.clone()).shard_key();
    shared.ownership.now().is_some_and(|owned| owned.of(key).is_some())
}

fn failed(error: &StoreError, what: &'static str) {
    metrics::counter!("cowork_audit_seal_failures_total").increment(1);
    tracing::warn!(%error, "{what}");
}

/// How long audit rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditRetention {
    /// Since they were sealed.
    pub age: Duration,
    /// How often the oldest are looked for.
    pub every: Duration,
    /// Seals of an org whose rows are removed at a time.
    pub seals_per_run: usize,
}
