//! Keys without a database: a source whose keys a test places and takes away.

use cowork_domain::{
    ids::{OrgId, SecretId},
    policy::ManagedPolicy,
    provider::ProviderId,
    secret::Secret,
};
use cowork_runtime::broker::{ActiveKey, KeySource, KeySourceError, OrgAccess, Purpose};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

pub(crate) struct Keys {
    held: Mutex<Vec<Held>>,
    policy: Mutex<ManagedPolicy>,
    /// What every question is answered with, if something is wrong.
    pub(crate) trouble: Mutex<Option<KeySourceError>>,
    /// Whether no question is answered, because asking panics.
    pub(crate) is_broken: AtomicBool,
    pub(crate) asked: watch::Sender<u32>,
    pub(crate) opened: watch::Sender<u32>,
    pub(crate) refused: watch::Sender<u32>,
    changes: broadcast::Sender<Option<OrgId>>,
}

struct Held {
    org: OrgId,
    key: ActiveKey,
    text: String,
}

impl Keys {
    pub(crate) fn none() -> Arc<Self> {
        let count = || watch::channel(0).0;
        let (asked, opened, refused) = (count(), count(), count());
        Arc::new(Self {
            held: Mutex::default(),
            policy: Mutex::default(),
            trouble: Mutex::default(),
            is_broken: AtomicBool::new(false),
            asked,
            opened,
            refused,
            changes: broadcast::channel(16).0,
        })
    }

    pub(crate) fn place(&self, org: &OrgId, provider: &ProviderId, text: &str) {
        let key = ActiveKey { provider: provider.clone(), secret: SecretId::from_uuid(Uuid::new_v4()), version: 1 };
        let mut held = self.held.lock();
        held.retain(|held| held.org != *org || held.key.provider != *provider);
        held.push(Held { org: org.clone(), key, text: text.to_owned() });
        drop(held);
        self.changed(Some(org));
    }

    pub(crate) fn disable(&self, org: &OrgId, provider: &ProviderId) {
        self.held.lock().retain(|held| held.org != *org || held.key.provider != *provider);
        self.changed(Some(org));
    }

    /// What every organisation's owner allows; once somebody asked, the change is to be told.
    pub(crate) fn allow(&self, policy: ManagedPolicy) {
        *self.policy.lock() = policy;
    }

    pub(crate) fn changed(&self, org: Option<&OrgId>) {
        // Nobody listens in some tests.
        let _ = self.changes.send(org.cloned());
    }
}

impl KeySource for Keys {
    fn access<'a>(&'a self, org: &'a OrgId) -> BoxFuture<'a, Result<OrgAccess, KeySourceError>> {
        self.asked.send_modify(|asked| *asked += 1);
        assert!(!self.is_broken.load(Ordering::SeqCst), "the test says that asking panics");
        let access = || {
            let keys = self.held.lock().iter().filter(|held| held.org == *org).map(|held| held.key.clone()).collect();
            OrgAccess { keys, policy: self.policy.lock().clone() }
        };
        let answer = self.trouble.lock().clone().map_or_else(|| Ok(access()), Err);
        Box::pin(std::future::ready(answer))
    }

    fn admits<'a>(&'a self, _: &'a OrgId, _: &'a ProviderId) -> BoxFuture<'a, Result<bool, KeySourceError>> {
        Box::pin(std::future::ready(Ok(true)))
    }

    fn reveal<'a>(&'a self, org: &'a OrgId, key: &'a ActiveKey, _: Purpose) -> BoxFuture<'a, Result<Secret<String>, KeySourceError>> {
        self.opened.send_modify(|opened| *opened += 1);
        let text = self.held.lock().iter().find(|held| held.org == *org && held.key == *key).map(|held| held.text.clone());
        Box::pin(std::future::ready(text.map(Secret::new).ok_or(KeySourceError::Missing)))
    }

    fn refused(&self, _: &OrgId, _: &ActiveKey) {
        self.refused.send_modify(|refused| *refused += 1);
    }

    fn changes(&self) -> broadcast::Receiver<Option<OrgId>> {
        self.changes.subscribe()
    }
}
