//! What happens when keys change: whoever may go on goes on, and everybody else stops within a second.

use super::{LeaseEnd, Shared, budget::BudgetRefusal, lease::LeaseState};
use cowork_domain::ids::OrgId;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, sleep, timeout_at},
};

/// Between two questions to a source that doesn't answer.
const AGAIN: Duration = Duration::from_millis(100);

/// Follows the changes until the source is gone. Organisations are checked side by side, or the last one would wait for the
/// questions about all others.
pub(super) async fn follow(mut changes: broadcast::Receiver<Option<OrgId>>, shared: Arc<Shared>) {
    let mut checks = FuturesUnordered::new();
    loop {
        let changed = tokio::select! {
            Some(()) = checks.next() => continue,
            changed = changes.recv() => changed,
        };
        match changed {
            Ok(Some(org)) => {
                shared.keyring.changed(&org);
                shared.budgets.changed(&org);
                checks.push(recheck(&shared, org));
            }
            // Some word was missed, or the source itself can't say: anything may have changed.
            Ok(None) | Err(RecvError::Lagged(_)) => {
                shared.keyring.all_changed();
                shared.budgets.all_changed();
                checks.extend(shared.tokens.orgs().into_iter().map(|org| recheck(&shared, org)));
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Ends the leases of an organisation whose keys are gone, whose models it excludes, or whose budget is spent. A key in another's
/// place is as good: an answer that is under way ends with the old one, and the next call takes the new one.
async fn recheck(shared: &Shared, org: OrgId) {
    let leases = shared.tokens.of_org(&org);
    if leases.is_empty() {
        return;
    }
    let until = Instant::now() + shared.limits.recheck;
    let end = |lease: &Arc<LeaseState>, end| lease.end(end);
    loop {
        match timeout_at(until, shared.keyring.access(&org)).await {
            Ok(Ok(access)) => {
                let gone = leases.iter().filter(|lease| access.keys.iter().all(|key| key.provider != lease.grant.provider));
                gone.for_each(|lease| end(lease, LeaseEnd::KeyDisabled));
                let denied = leases.iter().filter(|lease| !access.policy.admits_model(&lease.grant.provider, &lease.grant.model));
                denied.for_each(|lease| end(lease, LeaseEnd::ModelDenied));
                // A policy that was made tighter may leave nothing to spend. Where nobody can say, the next call asks again.
                if let Ok(Err(BudgetRefusal::Spent(kind))) = timeout_at(until, shared.budgets.admit(&org)).await {
                    leases.iter().for_each(|lease| end(lease, LeaseEnd::BudgetSpent(kind)));
                }
                return;
            }
            // A source that can't be asked may be able to answer in a moment.
            Ok(Err(super::KeySourceError::Unavailable(_))) if Instant::now() + AGAIN < until => sleep(AGAIN).await,
            Ok(Err(error)) => return leases.iter().for_each(|lease| end(lease, LeaseEnd::of(&error))),
            Err(_) => return leases.iter().for_each(|lease| end(lease, LeaseEnd::KeysUnavailable)),
        }
    }
}
