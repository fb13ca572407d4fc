//! Pools: which workers belong together, and how many there may be.

use super::{LONGEST_NAME, WorkerInvalid, count, id, named, object, text};
use crate::{
    ids::{OrgId, TenantId},
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Who runs the workers of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolMode {
    /// The operator of the deployment.
    SaasOperated,
    /// The organisation.
    SelfHosted,
}

impl PoolMode {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SaasOperated => "saas_operated",
            Self::SelfHosted => "self_hosted",
        }
    }

    /// The mode with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::SaasOperated, Self::SelfHosted].into_iter().find(|mode| mode.as_str() == name)
    }
}

/// Whether a pool is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolStatus {
    /// It is.
    Active,
    /// Not at the moment.
    Paused,
    /// No longer.
    Retired,
}

impl PoolStatus {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Retired => "retired",
        }
    }

    /// The status with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Paused, Self::Retired].into_iter().find(|status| status.as_str() == name)
    }
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerPool {
    /// Its id.
    pub pool_id: String,
    /// Whose it is.
    pub org_id: OrgId,
    /// Of the organisation.
    pub tenant_id: TenantId,
    /// For people.
    pub name: String,
    /// Who runs its workers.
    pub mode: PoolMode,
    /// Whether it is in use.
    pub status: PoolStatus,
    /// Where its workers are.
    pub region: Option<String>,
    /// What they can do; an object.
    pub capabilities: Value,
    /// How many there may be.
    pub max_workers: Option<i64>,
    /// How much they may have to do, all together.
    pub max_concurrent_work: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What makes a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolRequest {
    /// As chosen by the caller.
    pub pool_id: Option<String>,
    /// For people.
    pub name: String,
    /// Who runs its workers.
    pub mode: PoolMode,
    /// Whether it is in use from the start.
    pub status: PoolStatus,
    /// Where its workers are.
    pub region: Option<String>,
    /// What they can do; an object.
    pub capabilities: Value,
    /// How many there may be.
    pub max_workers: Option<i64>,
    /// How much they may have to do, all together.
    pub max_concurrent_work: Option<i64>,
}

impl PoolRequest {
    /// Reads the fields of a request.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, WorkerInvalid> {
        let name = text(fields, "name", LONGEST_NAME)?.ok_or(WorkerInvalid::PoolIncomplete)?;
        Ok(Self {
            pool_id: id(fields, "poolId")?.map(str::to_owned),
            name: name.to_owned(),
            mode: named(fields, "mode", PoolMode::parse)?.ok_or(WorkerInvalid::PoolIncomplete)?,
            status: named(fields, "status", PoolStatus::parse)?.unwrap_or(PoolStatus::Active),
            region: text(fields, "region", LONGEST_NAME)?.map(str::to_owned),
            capabilities: object(fields, "capabilities").unwrap_or_else(|| json!({})),
            max_workers: count(fields, "maxWorkers"),
            max_concurrent_work: count(fields, "maxConcurrentWork"),
        })
    }
}

/// What changes of a pool; everything else stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PoolEdit {
    name: Option<String>,
    mode: Option<PoolMode>,
    status: Option<PoolStatus>,
    /// There and none clears.
    region: Vec<Option<String>>,
    capabilities: Option<Value>,
    max_workers: Vec<Option<i64>>,
    max_concurrent_work: Vec<Option<i64>>,
}

impl PoolEdit {
    /// Reads the fields of a request. Limits and the region are cleared by anything that is none.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, WorkerInvalid> {
        let limit = |name: &str| if fields.contains_key(name) { vec![count(fields, name)] } else { Vec::new() };
        let region = text(fields, "region", LONGEST_NAME)?.map(str::to_owned);
        Ok(Self {
            name: text(fields, "name", LONGEST_NAME)?.map(str::to_owned),
            mode: named(fields, "mode", PoolMode::parse)?,
            status: named(fields, "status", PoolStatus::parse)?,
            region: if fields.contains_key("region") { vec![region] } else { Vec::new() },
            capabilities: object(fields, "capabilities"),
            max_workers: limit("maxWorkers"),
            max_concurrent_work: limit("maxConcurrentWork"),
        })
    }

    /// The pool after the change.
    pub fn apply(&self, mut pool: WorkerPool) -> WorkerPool {
        if let Some(name) = &self.name {
            pool.name.clone_from(name);
        }
        pool.mode = self.mode.unwrap_or(pool.mode);
        pool.status = self.status.unwrap_or(pool.status);
        if let Some(region) = self.region.first() {
            pool.region.clone_from(region);
        }
        if let Some(capabilities) = &self.capabilities {
            pool.capabilities.clone_from(capabilities);
        }
        pool.max_workers = self.max_workers.first().copied().unwrap_or(pool.max_workers);
        pool.max_concurrent_work = self.max_concurrent_work.first().copied().unwrap_or(pool.max_concurrent_work);
        pool
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &Value) -> Result<PoolRequest, WorkerInvalid> {
        PoolRequest::read(fields.as_object().expect("an object"))
    }

    #[test]
    fn a_pool_needs_a_name_and_a_mode_and_its_limits_are_forgiving() {
        assert_eq!(read(&json!({ "name": "A" })), Err(WorkerInvalid::PoolIncomplete));
        assert_eq!(read(&json!({ "mode": "self_hosted", "name": " " })), Err(WorkerInvalid::PoolIncomplete));
        assert_eq!(read(&json!({ "name": "A", "mode": "mine" })), Err(WorkerInvalid::Unknown("mode")));
        assert_eq!(read(&json!({ "name": "A", "mode": "self_hosted", "poolId": "a:b" })), Err(WorkerInvalid::Id("poolId")));
        let pool = read(&json!({ "name": "A", "mode": "self_hosted", "maxWorkers": -1, "maxConcurrentWork": 3 })).expect("valid");
        assert_eq!((pool.max_workers, pool.max_concurrent_work, pool.status), (None, Some(3), PoolStatus::Active));
    }
}
