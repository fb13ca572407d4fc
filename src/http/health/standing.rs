//! Whether a node can do what its role is for, from what it knows of itself and of the others.

use crate::config::cluster::Role;
use cowork_actors::Readiness;
use std::time::Duration;

/// A node whose view of the cluster is older than this sends requests to places that may not be right any more.
const FRESH: Duration = Duration::from_secs(3);

/// How a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It should get nothing to do yet, or any more.
    Unfit(&'static str),
    /// It does what it is for; the text says what is less than perfect.
    Fit(Option<String>),
}

impl Standing {
    /// For a role. Whether the node is draining, and whether its database answers now, is asked elsewhere.
    ///
    /// What a node can't mend never makes it unfit while it can still help: if shards without an owner did, one failed worker
    /// would take every front door out of the load balancer at once.
    pub(crate) fn of(role: Role, readiness: &Readiness) -> Self {
        let Readiness { member, owns_shards, lanes_connected, database_seen, workers_alive, .. } = *readiness;
        if !member {
            return Self::Unfit("This node is not a member of the cluster.");
        }
        if role.executes() && !lanes_connected {
            return Self::Unfit("Cloud journal is not connected.");
        }
        match role {
            // One that owns nothing serves as a web node does: it is draining, or has just come.
            Role::AllInOne if !owns_shards && workers_alive == 0 => Self::Unfit("This node does not own its sessions."),
            Role::Web if database_seen.is_none_or(|ago| ago > FRESH) => {
                Self::Unfit("This node has not heard of the cluster for 3 seconds.")
            }
            Role::Web if workers_alive == 0 => Self::Unfit("No worker is alive."),
            Role::AllInOne | Role::Web => Self::Fit(blemish(readiness)),
            Role::Worker | Role::Scheduler => Self::Fit(None),
        }
    }
}

fn blemish(readiness: &Readiness) -> Option<String> {
    let Readiness { shards_unowned, workers_alive, workers_linked, .. } = *readiness;
    let mut words = Vec::new();
    if shards_unowned > 0 {
        words.push(format!("{shards_unowned} shards have no owner at the moment"));
    }
    if workers_linked < workers_alive {
        words.push(format!("{workers_linked} of {workers_alive} workers are linked, the others are reached through the database"));
    }
    (!words.is_empty()).then(|| format!("degraded: {}", words.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> Readiness {
        Readiness {
            member: true,
            owns_shards: true,
            lanes_connected: true,
            draining: false,
            database_seen: Some(Duration::from_millis(200)),
            shards_unowned: 0,
            workers_alive: 3,
            workers_linked: 3,
        }
    }

    #[track_caller]
    fn assert_unfit(role: Role, readiness: Readiness, because: &str) {
        match Standing::of(role, &readiness) {
            Standing::Unfit(reason) => assert!(reason.contains(because), "{reason}"),
            Standing::Fit(detail) => panic!("{role} is fit ({detail:?}) with {readiness:?}"),
        }
    }

    #[test]
    fn each_role_needs_what_it_works_with() {
        for role in [Role::AllInOne, Role::Web, Role::Worker, Role::Scheduler] {
            assert_eq!(Standing::of(role, &healthy()), Standing::Fit(None), "{role}");
            assert_unfit(role, Readiness { member: false, ..healthy() }, "not a member");
        }
        let no_lanes = Readiness { lanes_connected: false, ..healthy() };
        assert_unfit(Role::Worker, no_lanes, "journal");
        assert_eq!(Standing::of(Role::Web, &no_lanes), Standing::Fit(None), "a web node writes no log");
        let owns_nothing = Readiness { owns_shards: false, ..healthy() };
        assert_unfit(Role::AllInOne, Readiness { workers_alive: 0, workers_linked: 0, ..owns_nothing }, "own its sessions");
        assert_eq!(Standing::of(Role::AllInOne, &owns_nothing), Standing::Fit(None), "others own everything while it drains");
        assert_eq!(Standing::of(Role::Worker, &owns_nothing), Standing::Fit(None), "a worker that just came owns nothing yet");
    }

    #[test]
    fn a_web_node_stays_in_service_as_long_as_it_can_help() {
        let web = Readiness { owns_shards: false, lanes_connected: false, ..healthy() };
        assert_unfit(Role::Web, Readiness { workers_alive: 0, workers_linked: 0, ..web }, "No worker");
        assert_unfit(Role::Web, Readiness { database_seen: Some(Duration::from_millis(3001)), ..web }, "3 seconds");
        assert_unfit(Role::Web, Readiness { database_seen: None, ..web }, "3 seconds");
        let degraded = Standing::of(Role::Web, &Readiness { workers_linked: 1, shards_unowned: 86, ..web });
        let Standing::Fit(Some(detail)) = degraded else { panic!("{degraded:?}") };
        assert!(detail.contains("86 shards") && detail.contains("1 of 3 workers"), "{detail}");
    }
}
