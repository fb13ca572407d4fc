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

/// The managed policy of an organisation that has none: everything is allowed.
pub(super) fn unrestricted() -> serde_json::Value {
    serde_json::json!({
        "allowedProviders": null,
        "deniedProviders": [],
        "allowedModels": null,
        "deniedModels": [],
        "keyManagement": "any",
        "extensions": { "customProviders": true, "customMcps": true, "customSkills": true },
        "features": {},
        "permissionCeilings": {
            "bash": "allow", "fileWrite": "allow", "web": "allow", "webSearch": "allow",
            "task": "allow", "mcp": "allow", "externalDirectory": "allow",
        },
        "updateChannel": null,
        "disabledByPolicy": {},
    })
}
