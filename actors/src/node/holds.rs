//! Organisations whose queued prompts wait: an operator paused, suspended or closed them (requirement R-INC-01), or they don't pay
//! any more (R-BILL-06). Nothing of theirs is started; what runs already runs on, of those that are stopped without its provider keys.

use super::Shared;
use crate::{session::SessionMsg, supervise::Mail};
use cowork_domain::ids::OrgId;
use cowork_store::StoreError;
use parking_lot::RwLock;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{sync::Notify, time::sleep};

/// Between two looks when nobody says anything.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The organisations on hold, as this node last saw them.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    orgs: RwLock<HashSet<OrgId>>,
    news: Notify,
}

impl Holds {
    /// Whether nothing of this organisation may be started.
    pub(crate) fn holds(&self, org: &OrgId) -> bool {
        self.orgs.read().contains(org)
    }

    /// Something changed: look at once.
    pub(super) fn look(&self) {
        self.news.notify_one();
    }

    /// Takes what holds now; says which organisations go on.
    fn replace(&self, now: HashSet<OrgId>) -> HashSet<OrgId> {
        let mut orgs = self.orgs.write();
        let released = orgs.difference(&now).cloned().collect();
        *orgs = now;
        released
    }
}

/// Keeps the holds as the database has them, until the node stops.
pub(super) async fn keep(shared: Arc<Shared>) {
    loop {
        if let Err(error) = refresh(&shared).await {
            tracing::warn!(%error, "which organisations are on hold could not be read");
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = shared.holds.news.notified() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// Reads which organisations are on hold, and lets the sessions of the others go on.
pub(super) async fn refresh(shared: &Shared) -> Result<(), StoreError> {
    let billed_by = shared.options.billing.as_ref().map(|rules| rules.provider);
    let released = shared.holds.replace(shared.store.orgs_on_hold(billed_by).await?.into_iter().collect());
    if !released.is_empty() {
        for session in shared.table.sessions_of(&released) {
            session.cast(Mail::new(SessionMsg::Released)).ok();
        }
    }
    Ok(())
}
