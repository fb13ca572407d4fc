//! What the deployment offers: features and allow-lists (contract 02 §1).

use super::cluster::Tier;
use super::problem::{Findings, suggestion};
use super::runtime_choice::RuntimeChoice;
use super::setting::{Kind, Setting};
use super::values::Values;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("PROFILE", Kind::Text, "which of the profiles applies").or("full").file("defaultProfile"),
    Setting::new("PROFILES", Kind::Json, "profiles by name: label, description, agents, tools, mcps, features, model, runtime")
        .file_only()
        .file("profiles"),
    Setting::new(
        "RUNTIME",
        Kind::Choice(&["native", "opencode", "auto"]),
        "what executes turns, for every profile: this process, OpenCode, or OpenCode where it can run (default: what the profile says, else native in tier local and auto elsewhere)",
    ),
    feature("FEATURE_CHAT", "features.chat", "true"),
    feature("FEATURE_AGENTS", "features.agents", "true"),
    feature("FEATURE_ARTIFACTS", "features.artifacts", "true"),
    feature("FEATURE_THREAD_INDEX", "features.threadIndex", "true"),
    feature("FEATURE_WORKFLOWS", "features.workflows", "true"),
    feature("FEATURE_WEBHOOKS", "features.webhooks", "false"),
    feature("FEATURE_SETTINGS", "features.settings", "true"),
    feature("FEATURE_CUSTOM_SKILLS", "features.customSkills", "true"),
    feature("FEATURE_CUSTOM_AGENTS", "features.customAgents", "true"),
    feature("FEATURE_CUSTOM_MCPS", "features.customMcps", "true"),
    feature("FEATURE_KNOWLEDGE", "features.knowledge", "true"),
    feature("FEATURE_CHANNELS", "features.channels", "true"),
    feature("FEATURE_BYOK", "features.byok", "true"),
];

const fn feature(name: &'static str, file: &'static str, default: &'static str) -> Setting {
    Setting::new(name, Kind::Flag, "whether the deployment offers this").or(default).file(file)
}

/// The `profile` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileConfig {
    /// Name of the profile that applies.
    pub name: String,
    /// How people see it.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// What executes turns.
    pub runtime: RuntimeChoice,
    /// What the deployment offers.
    pub features: Features,
    /// Agents that sessions may use; `None` is unrestricted.
    pub allowed_agents: Option<Vec<String>>,
    /// Tools that agents may use; `None` is unrestricted.
    pub allowed_tools: Option<Vec<String>>,
    /// MCP servers that agents may use; `None` is unrestricted.
    pub allowed_mcps: Option<Vec<String>>,
    /// Answers prompts that name no model, as `provider/model`.
    pub model: Option<String>,
}

/// The features, under the contract's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the features")]
#[expect(clippy::struct_excessive_bools, reason = "thirteen independent switches of the contract")]
pub struct Features {
    pub chat: bool,
    pub agents: bool,
    pub artifacts: bool,
    pub thread_index: bool,
    pub workflows: bool,
    pub webhooks: bool,
    pub settings: bool,
    pub custom_skills: bool,
    pub custom_agents: bool,
    pub custom_mcps: bool,
    pub knowledge: bool,
    pub channels: bool,
    pub byok: bool,
}

/// A profile as the file describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProfileEntry {
    label: Option<String>,
    description: Option<String>,
    agents: Option<Vec<String>>,
    tools: Option<Vec<String>>,
    mcps: Option<Vec<String>>,
    model: Option<String>,
    runtime: Option<RuntimeChoice>,
    features: BTreeMap<String, bool>,
}

impl ProfileConfig {
    pub(super) fn read(values: &Values, tier: Tier, findings: &mut Findings) -> Self {
        let name = values.text("PROFILE").unwrap_or_default();
        let entry = entry_of(values, &name, findings);
        let mut features = Features::read(values);
        for (feature, enabled) in &entry.features {
            match features.by_name(feature) {
                Some(switch) => *switch = *enabled,
                None => findings.problem(format!("cloud.profiles.{name}.features.{feature} is not a feature")),
            }
        }
        Self {
            label: entry.label.unwrap_or_else(|| if name == "full" { "Full".to_owned() } else { name.clone() }),
            description: entry
                .description
                .unwrap_or_else(|| if name == "full" { "All features of this deployment.".to_owned() } else { String::new() }),
            name,
            runtime: RuntimeChoice::read(values, entry.runtime, tier),
            features,
            allowed_agents: entry.agents,
            allowed_tools: entry.tools,
            allowed_mcps: entry.mcps,
            model: entry.model.filter(|model| !model.trim().is_empty()),
        }
    }
}

/// The file's description of a profile. `full` needs none; any other one restricts something, so its absence can't be waved through.
fn entry_of(values: &Values, name: &str, findings: &mut Findings) -> ProfileEntry {
    let profiles = values.json("PROFILES").and_then(serde_json::Value::as_object);
    if let Some(json) = profiles.and_then(|profiles| profiles.get(name)) {
        return ProfileEntry::deserialize(json).unwrap_or_else(|error| {
            findings.problem(format!("cloud.profiles.{name} is malformed: {error}"));
            ProfileEntry::default()
        });
    }
    if name != "full" {
        let known = profiles.into_iter().flat_map(|profiles| profiles.keys()).map(String::as_str).chain(["full"]);
        let hint =
            suggestion(name, known).map_or_else(|| "describe it under cloud.profiles".to_owned(), |near| format!("did you mean {near}?"));
        findings.problem(format!("the profile \"{name}\" is not known: {hint}"));
    }
    ProfileEntry::default()
}

impl Features {
    fn read(values: &Values) -> Self {
        Self {
            chat: values.flag("FEATURE_CHAT"),
            agents: values.flag("FEATURE_AGENTS"),
            artifacts: values.flag("FEATURE_ARTIFACTS"),
            thread_index: values.flag("FEATURE_THREAD_INDEX"),
            workflows: values.flag("FEATURE_WORKFLOWS"),
            webhooks: values.flag("FEATURE_WEBHOOKS"),
            settings: values.flag("FEATURE_SETTINGS"),
            custom_skills: values.flag("FEATURE_CUSTOM_SKILLS"),
            custom_agents: values.flag("FEATURE_CUSTOM_AGENTS"),
            custom_mcps: values.flag("FEATURE_CUSTOM_MCPS"),
            knowledge: values.flag("FEATURE_KNOWLEDGE"),
            channels: values.flag("FEATURE_CHANNELS"),
            byok: values.flag("FEATURE_BYOK"),
        }
    }

    fn by_name(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "chat" => &mut self.chat,
            "agents" => &mut self.agents,
            "artifacts" => &mut self.artifacts,
            "threadIndex" => &mut self.thread_index,
            "workflows" => &mut self.workflows,
            "webhooks" => &mut self.webhooks,
            "settings" => &mut self.settings,
            "customSkills" => &mut self.custom_skills,
            "customAgents" => &mut self.custom_agents,
            "customMcps" => &mut self.custom_mcps,
            "knowledge" => &mut self.knowledge,
            "channels" => &mut self.channels,
            "byok" => &mut self.byok,
            _ => return None,
        })
    }
}
