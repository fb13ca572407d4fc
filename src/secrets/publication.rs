//! What web nodes find in the database when nobody told them the sealing key.
//!
//! Whoever can write to the database could put a key of their own there, and read what is sealed to it from then on. So this is
//! for tiers that accept that (docs/secrets.md); `public_production` demands a configured sealing key.

use cowork_secrets::sealing::{Opener, SealingKey};
use cowork_store::{Store, StoreError};

/// The key that stands in the database, as a node with an opening key sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Publication {
    /// Ours, the current one.
    Ours,
    /// Another one that we can open, too.
    Known(SealingKey),
    /// One that we can't open: of a deployment key that we weren't given, or of nobody.
    Foreign(SealingKey),
}

impl Publication {
    /// Publishes the opener's current key where there is none, where it takes the place of one that the opener knows, and where
    /// nothing is sealed to the one that stands there.
    pub(crate) async fn publish(store: &Store, opener: &Opener) -> Result<Self, StoreError> {
        let mut replaces: Vec<String> = opener.previous().iter().map(SealingKey::to_string).collect();
        if let Some(text) = store.published_sealing_key().await? {
            let is_used = match SealingKey::parse(&text) {
                Ok(key) => is_in_use(store, &key).await?,
                Err(_) => false,
            };
            if !is_used {
                replaces.push(text);
            }
        }
        let own = *opener.sealer().sealing_key();
        let stands = store.publish_sealing_key(&own.to_string(), &replaces).await?;
        Ok(match SealingKey::parse(&stands) {
            Ok(key) if key == own => Self::Ours,
            Ok(key) if opener.previous().contains(&key) => Self::Known(key),
            Ok(key) => Self::Foreign(key),
            // It came in between, and no node takes it for a key.
            Err(_) => Self::Ours,
        })
    }
}

/// Whether anything is sealed to this key.
pub(super) async fn is_in_use(store: &Store, key: &SealingKey) -> Result<bool, StoreError> {
    let id = key.id().to_string();
    Ok(store.sealed_under_keys().await?.iter().any(|under| under.key_id == id))
}
