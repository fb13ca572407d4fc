//! What executes the turns of a deployment.

use super::cluster::Tier;
use super::values::Values;
use serde::Deserialize;

/// What executes turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeChoice {
    /// This process.
    Native,
    /// OpenCode; the start fails where it can't run.
    OpenCode,
    /// OpenCode where it can run, else this process.
    Auto,
}

impl RuntimeChoice {
    /// The setting, else the profile's word. In tier `local` an answer within milliseconds is worth more than OpenCode's tools.
    pub(super) fn read(values: &Values, profile: Option<Self>, tier: Tier) -> Self {
        let set = match values.text("RUNTIME").as_deref() {
            Some("native") => Some(Self::Native),
            Some("opencode") => Some(Self::OpenCode),
            Some("auto") => Some(Self::Auto),
            _ => None,
        };
        set.or(profile).unwrap_or(if tier == Tier::Local { Self::Native } else { Self::Auto })
    }
}
