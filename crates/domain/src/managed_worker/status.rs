//! What becomes of a worker.

use crate::audit::AuditAction;
use serde::Serialize;

/// Where a worker is between its registration and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerStatus {
    /// Registered, and not let to work yet.
    Pending,
    /// Works.
    Active,
    /// Ends what it has and takes nothing new.
    Draining,
    /// Takes nothing new until it is resumed.
    Paused,
    /// Gone for good, in order.
    Retired,
    /// Gone for good: it isn't trusted any more.
    Revoked,
    /// Doesn't do what it should.
    Unhealthy,
}

/// A change that a worker's life doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid managed worker transition from {} to {}.", from.as_str(), to.as_str())]
pub struct InvalidTransition {
    from: WorkerStatus,
    to: WorkerStatus,
}

impl WorkerStatus {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Pending, Self::Active, Self::Draining, Self::Paused, Self::Retired, Self::Revoked, Self::Unhealthy];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Paused => "paused",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// The status with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == name)
    }

    /// What a verb of the interface makes of a worker.
    pub fn of_verb(verb: &str) -> Option<Self> {
        match verb {
            "activate" | "resume" => Some(Self::Active),
            "pause" => Some(Self::Paused),
            "drain" => Some(Self::Draining),
            "retire" => Some(Self::Retired),
            "revoke" => Some(Self::Revoked),
            "unhealthy" => Some(Self::Unhealthy),
            _ => None,
        }
    }

    /// Whether nothing comes after it. Its credentials open nothing.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Retired | Self::Revoked)
    }

    /// The next status. What it is already, it may become again.
    pub fn become_next(self, to: Self) -> Result<Self, InvalidTransition> {
        use WorkerStatus::{Active, Draining, Paused, Pending, Retired, Revoked, Unhealthy};
        let next: &[Self] = match self {
            Pending => &[Active, Revoked],
            Active => &[Draining, Paused, Unhealthy, Retired, Revoked],
            Draining => &[Active, Retired, Revoked, Unhealthy],
            Paused => &[Active, Retired, Revoked],
            Unhealthy => &[Active, Draining, Retired, Revoked],
            Retired | Revoked => &[],
        };
        if self == to || next.contains(&to) { Ok(to) } else { Err(InvalidTransition { from: self, to }) }
    }

    /// What the audit log says of becoming it. A worker only ever is registered as pending.
    pub const fn action(self) -> AuditAction {
        match self {
            Self::Pending => AuditAction::ManagedWorkerRegistered,
            Self::Active => AuditAction::ManagedWorkerActive,
            Self::Draining => AuditAction::ManagedWorkerDraining,
            Self::Paused => AuditAction::ManagedWorkerPaused,
            Self::Retired => AuditAction::ManagedWorkerRetired,
            Self::Revoked => AuditAction::ManagedWorkerRevoked,
            Self::Unhealthy => AuditAction::ManagedWorkerUnhealthy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_has_the_changes_of_the_contract_and_no_others() {
        use WorkerStatus::{Active, Draining, Paused, Pending, Retired, Revoked, Unhealthy};
        let allowed = [
            (Pending, vec![Active, Revoked]),
            (Active, vec![Draining, Paused, Unhealthy, Retired, Revoked]),
            (Draining, vec![Active, Retired, Revoked, Unhealthy]),
            (Paused, vec![Active, Retired, Revoked]),
            (Unhealthy, vec![Active, Draining, Retired, Revoked]),
            (Retired, vec![]),
            (Revoked, vec![]),
        ];
        for (from, next) in allowed {
            for to in WorkerStatus::ALL {
                assert_eq!(from.become_next(*to).is_ok(), from == *to || next.contains(to), "{from:?} {to:?}");
            }
        }
        let refused = Pending.become_next(Draining).expect_err("refused");
        assert_eq!(refused.to_string(), "Invalid managed worker transition from pending to draining.");
    }
}
