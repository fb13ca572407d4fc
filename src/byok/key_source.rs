//! The keys that the broker of this node works with.

use super::{
    changes,
    opening::NotOpened,
    references::ReferenceError,
    shelf::{KeyShelf, NotUsable},
};
use cowork_actors::Clock;
use cowork_domain::{
    byok::CheckRules,
    ids::{OrgId, SecretId},
    provider::ProviderId,
    secret::Secret,
};
use cowork_runtime::broker::{ActiveKey, KeySource, KeySourceError, OrgAccess, Purpose};
use futures_util::future::BoxFuture;
use std::{convert::Infallible, sync::Arc};
use tokio::sync::{Mutex, broadcast, mpsc};

/// Changes that a slow listener may be behind before it takes everything for changed.
const NEWS: usize = 1024;
/// Refusals that wait to be noted; what comes on top says nothing new.
const REFUSALS: usize = 256;

/// Active keys out of the store. It follows their changes for as long as [`BrokerKeys::run`] is polled.
pub struct BrokerKeys {
    shelf: KeyShelf,
    rules: CheckRules,
    clock: Clock,
    news: broadcast::Sender<Option<OrgId>>,
    refusals: mpsc::Sender<(OrgId, SecretId)>,
    refused: Mutex<mpsc::Receiver<(OrgId, SecretId)>>,
}

impl BrokerKeys {
    /// Keys of this shelf; `rules` bound the checks that refusals lead to.
    pub fn new(shelf: KeyShelf, rules: CheckRules, clock: Clock) -> Arc<Self> {
        let (refusals, refused) = mpsc::channel(REFUSALS);
        Arc::new(Self { shelf, rules, clock, news: broadcast::channel(NEWS).0, refusals, refused: Mutex::new(refused) })
    }

    /// Passes changes on and notes refusals, until it is dropped.
    pub async fn run(&self) -> Infallible {
        tokio::select! {
            never = changes::watch(self.shelf.store.clone(), self.news.clone()) => never,
            never = self.note_refusals() => never,
        }
    }

    async fn note_refusals(&self) -> Infallible {
        let mut refused = self.refused.lock().await;
        loop {
            let (org, secret) = refused.recv().await.expect("this value holds a sender");
            if let Err(error) = self.shelf.store.byok_refused(&org, secret, self.clock.now(), &self.rules).await {
                tracing::warn!(%error, %secret, "the refusal of a provider key could not be noted");
            }
        }
    }

    async fn access_of(&self, org: &OrgId) -> Result<OrgAccess, KeySourceError> {
        let (rows, policy) = self.shelf.usable(org).await?;
        let keys = rows.into_iter().map(|row| ActiveKey { provider: row.provider, secret: row.id, version: row.version });
        Ok(OrgAccess { keys: keys.collect(), policy })
    }

    async fn open(&self, org: &OrgId, key: &ActiveKey, purpose: Purpose) -> Result<Secret<String>, KeySourceError> {
        let (row, stored) = self.shelf.find(org, key.secret).await?;
        if row.provider != key.provider || row.version != key.version {
            return Err(KeySourceError::Missing);
        }
        self.shelf.opener.open(&row, &stored, purpose).await.map_err(|error| {
            if matches!(error, NotOpened::Reference(ReferenceError::Expired)) {
                // The check that follows takes it out of use.
                self.refused(org, key);
            }
            error.into()
        })
    }
}

impl KeySource for BrokerKeys {
    fn access<'a>(&'a self, org: &'a OrgId) -> BoxFuture<'a, Result<OrgAccess, KeySourceError>> {
        Box::pin(self.access_of(org))
    }

    fn admits<'a>(&'a self, org: &'a OrgId, provider: &'a ProviderId) -> BoxFuture<'a, Result<bool, KeySourceError>> {
        Box::pin(async { Ok(self.shelf.admits(org, provider).await.map_err(NotUsable::from)?) })
    }

    fn reveal<'a>(&'a self, org: &'a OrgId, key: &'a ActiveKey, purpose: Purpose) -> BoxFuture<'a, Result<Secret<String>, KeySourceError>> {
        Box::pin(self.open(org, key, purpose))
    }

    fn refused(&self, org: &OrgId, key: &ActiveKey) {
        self.refusals.try_send((org.clone(), key.secret)).ok();
    }

    fn changes(&self) -> broadcast::Receiver<Option<OrgId>> {
        self.news.subscribe()
    }
}

impl From<NotUsable> for KeySourceError {
    fn from(error: NotUsable) -> Self {
        match error {
            NotUsable::OrgStopped => Self::OrgStopped,
            NotUsable::Missing => Self::Missing,
            NotUsable::Provider(_) => Self::ProviderDisabled,
            NotUsable::Store(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<NotOpened> for KeySourceError {
    fn from(error: NotOpened) -> Self {
        match error {
            NotOpened::Unopenable | NotOpened::Reference(_) => Self::Unopenable,
            NotOpened::Store(error) => Self::Unavailable(error.to_string()),
        }
    }
}
