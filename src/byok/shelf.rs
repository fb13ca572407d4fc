//! Which keys may be used now.

use super::opening::KeyOpener;
use cowork_domain::{
    byok::{ProviderRefused, ProviderRules},
    ids::{OrgId, SecretId},
    org::OrgStatus,
    policy::ManagedPolicy,
    provider::{ProviderId, ProviderTable},
};
use cowork_store::{ByokKey, ByokRow, Store, StoreError};

/// Stored keys behind the rules that decide who may use them. Cheap to clone.
#[derive(Clone)]
pub struct KeyShelf {
    pub(super) store: Store,
    pub(super) opener: KeyOpener,
    /// The providers that this deployment knows.
    pub(super) table: ProviderTable,
    /// Those of them that organisations may bring keys for.
    pub(super) providers: ProviderRules,
}

/// Why a key may not be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotUsable {
    #[error("the organisation is not active")]
    OrgStopped,
    #[error("there is no such key in use")]
    Missing,
    #[error(transparent)]
    Provider(#[from] ProviderRefused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyShelf {
    /// Keys of this store, opened by this opener.
    pub const fn new(store: Store, opener: KeyOpener, table: ProviderTable, providers: ProviderRules) -> Self {
        Self { store, opener, table, providers }
    }

    /// What opens them.
    pub const fn opener(&self) -> &KeyOpener {
        &self.opener
    }

    /// The organisation's usable keys, the oldest activation first, and its policy.
    pub(super) async fn usable(&self, org: &OrgId) -> Result<(Vec<ByokRow>, ManagedPolicy), NotUsable> {
        let mut rows = self.store.byok_usable(org).await?;
        if rows.is_empty() {
            self.refuse_stopped(org).await?;
        }
        let policy = self.policy(org).await?;
        rows.retain(|row| self.table.get(&row.provider).is_some() && self.providers.admit_use(&row.provider, &policy).is_ok());
        Ok((rows, policy))
    }

    /// One of them, with the key.
    pub(super) async fn find(&self, org: &OrgId, secret: SecretId) -> Result<(ByokRow, ByokKey), NotUsable> {
        let Some((row, key)) = self.store.byok_key(org, secret).await? else {
            self.refuse_stopped(org).await?;
            return Err(NotUsable::Missing);
        };
        self.providers.admit_use(&row.provider, &self.policy(org).await?)?;
        Ok((row, key))
    }

    /// Whether keys of a provider may be used.
    pub(super) async fn admits(&self, org: &OrgId, provider: &ProviderId) -> Result<bool, StoreError> {
        Ok(self.providers.admit_use(provider, &self.policy(org).await?).is_ok())
    }

    async fn policy(&self, org: &OrgId) -> Result<ManagedPolicy, StoreError> {
        Ok(self.store.managed_policy(org).await?.map(|row| row.policy).unwrap_or_default())
    }

    async fn refuse_stopped(&self, org: &OrgId) -> Result<(), NotUsable> {
        let status = self.store.org(org).await?.map_or(OrgStatus::Active, |org| org.status);
        if status.admits() { Ok(()) } else { Err(NotUsable::OrgStopped) }
    }
}
