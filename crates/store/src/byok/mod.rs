//! What sealed keys need: organisations' data keys, and the renewal of what they and the deployment's key seal.

mod org_key;
mod published_key;
mod rewrap;
mod shred;

pub use org_key::OrgDataKey;
pub use rewrap::{OwnedDataKey, SealedSecret, UnderKey};
pub use shred::Shredded;
