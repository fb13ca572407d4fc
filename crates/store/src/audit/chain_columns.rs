//! A row of the audit log as the chain sees it: what stands in the columns, untouched.

use cowork_domain::{
    audit::{ChainHash, ChainRow, PlacedRow},
    ids::{AuditId, OrgId},
};
use time::OffsetDateTime;
use uuid::Uuid;

pub(super) struct ChainColumns {
    pub(super) chain_position: Option<i64>,
    pub(super) id: Uuid,
    pub(super) event_type: String,
    pub(super) actor_type: String,
    pub(super) actor_id: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) target_type: Option<String>,
    pub(super) target_id: Option<String>,
    /// As the database prints it.
    pub(super) metadata: String,
    pub(super) created_at: OffsetDateTime,
}

impl ChainColumns {
    pub(super) fn hash(&self, org: &OrgId) -> ChainHash {
        let row = ChainRow {
            id: self.id,
            event_type: &self.event_type,
            actor_type: &self.actor_type,
            actor_id: self.actor_id.as_deref(),
            account_id: self.account_id.as_deref(),
            target_type: self.target_type.as_deref(),
            target_id: self.target_id.as_deref(),
            metadata: &self.metadata,
            created_at: micros(self.created_at),
        };
        row.hash(org)
    }

    /// A sealed row with its place; nothing proves where an unsealed one stands.
    pub(super) fn placed(&self, org: &OrgId) -> PlacedRow {
        PlacedRow { position: self.chain_position.unwrap_or_default(), event: AuditId::from_uuid(self.id), hash: self.hash(org) }
    }
}

/// Microseconds since the Unix epoch: all that a `timestamptz` keeps.
pub(super) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX)
}
