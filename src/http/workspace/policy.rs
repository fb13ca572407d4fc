//! What the profile allows, as clients read it.

use cowork_domain::policy::{Feature, Features};
use serde::{Serialize, Serializer};

/// Features by key, in the order of the contract.
pub(in crate::http) struct FeatureFlags<'a>(pub(in crate::http) &'a Features);

impl Serialize for FeatureFlags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Feature::ALL.iter().map(|feature| (feature.key(), self.0.has(*feature))))
    }
}
