//! Where an entity lives now.

use super::{OwnershipWatch, PictureWatch, view::Owner};
use uuid::Uuid;

/// The way to an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// This node owns it.
    Here,
    /// Another node does.
    Peer(Owner),
    /// Nobody that is known: it is on its way to a new owner.
    NotNow,
}

/// Finds entities, as far as this node knows.
#[derive(Debug, Clone)]
pub(crate) struct Whereabouts {
    pub(crate) own_name: String,
    pub(crate) ownership: OwnershipWatch,
    pub(crate) picture: PictureWatch,
}

impl Whereabouts {
    /// Where the entity with this key lives.
    pub(crate) fn of(&self, key: Uuid) -> Place {
        if self.ownership.now().is_some_and(|owned| owned.of(key).is_some()) {
            return Place::Here;
        }
        let Some(picture) = self.picture.now() else { return Place::NotNow };
        match picture.owner_of(picture.shard_of(key)) {
            Some(owner) if owner.name != self.own_name => Place::Peer(owner),
            // The picture is behind: what it takes for ours is on its way in or out.
            _ => Place::NotNow,
        }
    }

    /// Returns when the entity is no longer known to live with this owner.
    pub(crate) async fn moved(&self, key: Uuid, from: &Owner) {
        let (mut pictures, mut ownerships) = (self.picture.changes(), self.ownership.changes());
        while self.of(key) == Place::Peer(from.clone()) {
            tokio::select! {
                Ok(()) = pictures.changed() => {}
                Ok(()) = ownerships.changed() => {}
                else => return,
            }
        }
    }
}
