//! What a deployment's profile offers.

use super::Denial;
use crate::codes::Code;

macro_rules! features {
    ($($variant:ident $key:literal $code:ident $label:literal $default:literal,)*) => {
        /// A part of the product that a profile may turn off.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is named by its key")]
        pub enum Feature { $($variant,)* }

        impl Feature {
            /// All features, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The key in a profile and on the wire.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// The code of a refusal.
            pub const fn code(self) -> Code {
                match self { $(Self::$variant => Code::$code,)* }
            }

            const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// Whether it is on when a profile says nothing at all.
            pub const fn default_on(self) -> bool {
                match self { $(Self::$variant => $default,)* }
            }
        }
    };
}

features! {
    Chat "chat" ChatDisabled "Chat is" true,
    Agents "agents" AgentsDisabled "Agents are" true,
    Artifacts "artifacts" ArtifactsDisabled "Artifacts are" true,
    ThreadIndex "threadIndex" ThreadIndexDisabled "Thread index is" true,
    Workflows "workflows" WorkflowsDisabled "Workflows are" true,
    Webhooks "webhooks" WebhooksDisabled "Webhooks are" false,
    Settings "settings" SettingsDisabled "Settings are" true,
    CustomSkills "customSkills" CustomSkillsDisabled "Custom skills are" true,
    CustomAgents "customAgents" CustomAgentsDisabled "Custom agents are" true,
    CustomMcps "customMcps" CustomMcpsDisabled "Custom MCPs are" true,
    Knowledge "knowledge" KnowledgeDisabled "Knowledge is" true,
    Channels "channels" ChannelsDisabled "Channels are" true,
    Byok "byok" ByokDisabled "BYOK is" true,
}

impl Feature {
    /// The feature with this key.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feature| feature.key() == key)
    }
}

/// Which features an action needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureNeed {
    /// All of them; none if the list is empty.
    All(&'static [Feature]),
    /// One of those that make up the capabilities.
    Capabilities,
}

/// The features of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features([bool; Feature::ALL.len()]);

impl Default for Features {
    fn default() -> Self {
        let mut features = Self::none();
        for feature in Feature::ALL {
            features.set(*feature, feature.default_on());
        }
        features
    }
}

impl Features {
    /// Everything off: where a profile lists features, a missing one is off.
    pub const fn none() -> Self {
        Self([false; Feature::ALL.len()])
    }

    /// Turns one on or off.
    pub fn set(&mut self, feature: Feature, on: bool) {
        self.0[feature as usize] = on;
    }

    /// Whether it is on.
    pub const fn has(&self, feature: Feature) -> bool {
        self.0[feature as usize]
    }

    /// Whether what an action needs is on.
    pub fn check(&self, need: FeatureNeed) -> Result<(), Denial> {
        match need {
            FeatureNeed::All(needed) => match needed.iter().find(|feature| !self.has(**feature)) {
                None => Ok(()),
                Some(off) => {
                    Err(Denial { code: off.code(), reason: None, text: format!("{} disabled for this cloud profile.", off.label()) })
                }
            },
            FeatureNeed::Capabilities => {
                if [Feature::Agents, Feature::CustomSkills, Feature::CustomMcps].iter().any(|feature| self.has(*feature)) {
                    return Ok(());
                }
                let text = "Capabilities are disabled for this cloud profile.".to_owned();
                Err(Denial { code: Code::CapabilitiesDisabled, reason: None, text })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_is_refused_by_its_own_code_and_name() {
        let refused = |need| Features::none().check(need).map_err(|denial| (denial.code.as_str(), denial.text)).unwrap_err();
        let mut seen: Vec<_> = Feature::ALL.iter().map(|feature| refused(FeatureNeed::All(std::slice::from_ref(feature)))).collect();
        seen.push(refused(FeatureNeed::Capabilities));
        let expected = [
            ("chat.disabled", "Chat is"),
            ("agents.disabled", "Agents are"),
            ("artifacts.disabled", "Artifacts are"),
            ("thread_index.disabled", "Thread index is"),
            ("workflows.disabled", "Workflows are"),
            ("webhooks.disabled", "Webhooks are"),
            ("settings.disabled", "Settings are"),
            ("custom_skills.disabled", "Custom skills are"),
            ("custom_agents.disabled", "Custom agents are"),
            ("custom_mcps.disabled", "Custom MCPs are"),
            ("knowledge.disabled", "Knowledge is"),
            ("channels.disabled", "Channels are"),
            ("byok.disabled", "BYOK is"),
            ("capabilities.disabled", "Capabilities are"),
        ];
        assert_eq!(seen, expected.map(|(code, subject)| (code, format!("{subject} disabled for this cloud profile."))));
        assert_eq!(Features::default().check(FeatureNeed::All(&[Feature::Channels, Feature::Byok])), Ok(()));
    }
}
