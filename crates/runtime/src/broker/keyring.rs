//! What the broker knows of an organisation's keys while it needs to.

use super::{ActiveKey, KeySource, KeySourceError, OrgAccess, Purpose};
use cowork_domain::{
    ids::{OrgId, SecretId},
    provider::ProviderId,
    secret::Secret,
};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::OnceCell, time::Instant};

/// How long a list of keys is believed without a word from the source. Changes are announced; this is for those that weren't.
const BELIEVED: Duration = Duration::from_mins(1);
/// Organisations that are remembered without a lease.
const REMEMBERED: usize = 4096;

/// What organisations may use, and keys that are open because turns use them.
pub(super) struct Keyring {
    source: Arc<dyn KeySource>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    orgs: HashMap<OrgId, OrgKeys>,
    /// Grows with every change of anybody's keys, so that an answer to an older question isn't kept.
    changes: u64,
}

#[derive(Default)]
struct OrgKeys {
    access: Option<(Arc<OrgAccess>, Instant)>,
    open: HashMap<(SecretId, u32), Arc<Opening>>,
}

/// A key that is open, or is being opened.
type Opening = OnceCell<Arc<Secret<String>>>;

/// A key on its way into a request. It is wiped when the last call that uses it has been sent and the organisation holds no lease.
pub(super) struct OpenKey {
    pub(super) key: ActiveKey,
    pub(super) secret: Arc<Secret<String>>,
}

impl Keyring {
    pub(super) fn new(source: Arc<dyn KeySource>) -> Self {
        Self { source, known: Mutex::default() }
    }

    /// What turns of the organisation may use.
    pub(super) async fn access(&self, org: &OrgId) -> Result<Arc<OrgAccess>, KeySourceError> {
        let asked_at = {
            let known = self.known.lock();
            if let Some((access, since)) = known.orgs.get(org).and_then(|keys| keys.access.as_ref())
                && since.elapsed() < BELIEVED
            {
                return Ok(Arc::clone(access));
            }
            known.changes
        };
        let access = Arc::new(self.source.access(org).await?);
        let mut known = self.known.lock();
        if known.changes == asked_at {
            known.org(org).access = Some((Arc::clone(&access), Instant::now()));
        }
        Ok(access)
    }

    /// Whether keys of a provider are allowed.
    pub(super) async fn admits(&self, org: &OrgId, provider: &ProviderId) -> Result<bool, KeySourceError> {
        self.source.admits(org, provider).await
    }

    /// The key of a provider, open. Calls that come at once share one opening.
    pub(super) async fn open(&self, org: &OrgId, provider: &ProviderId) -> Result<OpenKey, KeySourceError> {
        let access = self.access(org).await?;
        let key = access.keys.iter().find(|key| key.provider == *provider).ok_or(KeySourceError::Missing)?;
        let cell = {
            let mut known = self.known.lock();
            Arc::clone(known.org(org).open.entry((key.secret, key.version)).or_default())
        };
        let secret = cell
            .get_or_try_init(|| async {
                metrics::counter!("cowork_broker_keys_opened_total").increment(1);
                self.source.reveal(org, key, Purpose::Runtime).await.map(Arc::new)
            })
            .await?;
        Ok(OpenKey { key: key.clone(), secret: Arc::clone(secret) })
    }

    /// The provider refused the key.
    pub(super) fn refused(&self, org: &OrgId, key: &ActiveKey) {
        self.source.refused(org, key);
    }

    /// The organisation's keys changed: nothing that is known of them counts any more.
    pub(super) fn changed(&self, org: &OrgId) {
        let mut known = self.known.lock();
        known.changes += 1;
        known.orgs.remove(org);
    }

    /// Anything may have changed.
    pub(super) fn all_changed(&self) {
        let mut known = self.known.lock();
        known.changes += 1;
        known.orgs.clear();
    }

    /// No turn of the organisation runs: its keys are closed.
    pub(super) fn forget_keys(&self, org: &OrgId) {
        if let Some(keys) = self.known.lock().orgs.get_mut(org) {
            keys.open.clear();
        }
    }
}

impl Known {
    /// What is known of an organisation. Lists are small, but organisations may be many: beyond a bound, those without open
    /// keys are forgotten.
    fn org(&mut self, org: &OrgId) -> &mut OrgKeys {
        if self.orgs.len() >= REMEMBERED && !self.orgs.contains_key(org) {
            self.orgs.retain(|_, keys| !keys.open.is_empty());
        }
        self.orgs.entry(org.clone()).or_default()
    }
}
