//! Whether an organisation works, and how its operator changes that (requirement R-RST-01).

use crate::audit::AuditAction;
use serde::{Serialize, Serializer};

/// Whether an organisation works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrgStatus {
    /// It does.
    Active,
    /// Reads go on, changes are refused.
    Frozen,
    /// Stopped by its operator until resumed.
    Paused,
    /// Stopped for abuse or by law.
    Suspended,
    /// Gone.
    Closed,
}

impl OrgStatus {
    const ALL: [Self; 5] = [Self::Active, Self::Frozen, Self::Paused, Self::Suspended, Self::Closed];

    /// The name as stored and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
            Self::Paused => "paused",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// The status with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether its members get in, if only to read.
    pub const fn admits(self) -> bool {
        matches!(self, Self::Active | Self::Frozen)
    }
}

impl Serialize for OrgStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What an operator does to an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrgOrder {
    /// Nobody gets in until it is resumed.
    Pause,
    /// Ends a pause or a suspension.
    Resume,
    /// Reading goes on, changes are refused.
    Freeze,
    /// Ends that.
    Unfreeze,
}

/// An order that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the organisation is {}", .status.as_str())]
pub struct OrderRefused {
    /// What it is.
    pub status: OrgStatus,
}

impl OrgOrder {
    /// The status that it leads to; none where it has been carried out already.
    ///
    /// # Errors
    /// The organisation is in a status that the order says nothing about. A frozen organisation that is paused and resumed is
    /// active: whoever resumes it has looked at it.
    pub const fn obeyed(self, status: OrgStatus) -> Result<Option<OrgStatus>, OrderRefused> {
        match (self, status) {
            (Self::Pause, OrgStatus::Active | OrgStatus::Frozen) => Ok(Some(OrgStatus::Paused)),
            (Self::Freeze, OrgStatus::Active) => Ok(Some(OrgStatus::Frozen)),
            (Self::Resume, OrgStatus::Paused | OrgStatus::Suspended) | (Self::Unfreeze, OrgStatus::Frozen) => Ok(Some(OrgStatus::Active)),
            (Self::Pause, OrgStatus::Paused) | (Self::Freeze, OrgStatus::Frozen) | (Self::Resume | Self::Unfreeze, OrgStatus::Active) => {
                Ok(None)
            }
            _ => Err(OrderRefused { status }),
        }
    }

    /// How the audit log names it.
    pub const fn audit_action(self) -> AuditAction {
        match self {
            Self::Pause => AuditAction::OrgPaused,
            Self::Freeze => AuditAction::OrgFrozen,
            Self::Resume | Self::Unfreeze => AuditAction::OrgResumed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_carried_out_once_and_only_where_it_means_something() {
        assert_eq!(OrgOrder::Pause.obeyed(OrgStatus::Frozen), Ok(Some(OrgStatus::Paused)));
        assert_eq!(OrgOrder::Resume.obeyed(OrgStatus::Suspended), Ok(Some(OrgStatus::Active)));
        assert_eq!(OrgOrder::Freeze.obeyed(OrgStatus::Frozen), Ok(None));
        for (order, status) in [
            (OrgOrder::Resume, OrgStatus::Frozen),
            (OrgOrder::Unfreeze, OrgStatus::Paused),
            (OrgOrder::Freeze, OrgStatus::Suspended),
            (OrgOrder::Resume, OrgStatus::Closed),
        ] {
            assert_eq!(order.obeyed(status), Err(OrderRefused { status }), "{order:?}");
        }
        for status in OrgStatus::ALL {
            assert_eq!(OrgStatus::parse(status.as_str()), Some(status));
        }
    }
}
