//! What an organisation's owner allows its members (contract 02 §7).

mod edit;

pub use edit::{ManagedPolicyEdit, ManagedPolicyInvalid};

use crate::{byok::BudgetLimits, provider::ProviderId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Whose provider keys may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyManagement {
    /// Anybody's.
    #[default]
    Any,
    /// The organisation's own.
    ByokRequired,
    /// Those that the operator manages for it.
    OrgManagedRequired,
}

/// The most that an agent may do by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ceiling {
    /// Without a question.
    #[default]
    Allow,
    /// After a question.
    Ask,
    /// Never.
    Deny,
}

/// What members may add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Extensions {
    /// Providers of models.
    pub custom_providers: bool,
    /// MCP servers.
    pub custom_mcps: bool,
    /// Skills.
    pub custom_skills: bool,
}

impl Default for Extensions {
    fn default() -> Self {
        Self { custom_providers: true, custom_mcps: true, custom_skills: true }
    }
}

/// How far agents may go, by what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PermissionCeilings {
    /// Commands.
    pub bash: Ceiling,
    /// Changes of files.
    pub file_write: Ceiling,
    /// Fetching pages.
    pub web: Ceiling,
    /// Searching the web.
    pub web_search: Ceiling,
    /// Other agents.
    pub task: Ceiling,
    /// Tools of MCP servers.
    pub mcp: Ceiling,
    /// Files outside of the workspace.
    pub external_directory: Ceiling,
}

impl PermissionCeilings {
    /// How far a tool may go, by its name in either runtime. What has no ceiling may go as far as its runtime lets it.
    pub fn of(self, tool: &str) -> Ceiling {
        match tool {
            "bash" => self.bash,
            "write" | "edit" | "multiedit" | "patch" | "apply_patch" => self.file_write,
            "webfetch" => self.web,
            "websearch" | "codesearch" => self.web_search,
            "task" => self.task,
            "external_directory" => self.external_directory,
            _ => Ceiling::Allow,
        }
    }

    fn named(self) -> [(&'static str, Ceiling); 7] {
        [
            ("bash", self.bash),
            ("fileWrite", self.file_write),
            ("web", self.web),
            ("webSearch", self.web_search),
            ("task", self.task),
            ("mcp", self.mcp),
            ("externalDirectory", self.external_directory),
        ]
    }

    fn named_mut(&mut self, name: &str) -> Option<&mut Ceiling> {
        match name {
            "bash" => Some(&mut self.bash),
            "fileWrite" => Some(&mut self.file_write),
            "web" => Some(&mut self.web),
            "webSearch" => Some(&mut self.web_search),
            "task" => Some(&mut self.task),
            "mcp" => Some(&mut self.mcp),
            "externalDirectory" => Some(&mut self.external_directory),
            _ => None,
        }
    }
}

/// The policy of one organisation. The default allows everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedPolicy {
    /// Providers that may be used; none means any.
    pub allowed_providers: Option<Vec<String>>,
    /// Providers that may not.
    pub denied_providers: Vec<String>,
    /// Models that may be used; none means any.
    pub allowed_models: Option<Vec<String>>,
    /// Models that may not.
    pub denied_models: Vec<String>,
    /// Whose keys.
    pub key_management: KeyManagement,
    /// What members may add.
    pub extensions: Extensions,
    /// Parts of the desktop client, by name.
    pub features: BTreeMap<String, bool>,
    /// How far agents may go.
    pub permission_ceilings: PermissionCeilings,
    /// Which releases the desktop client takes.
    pub update_channel: Option<String>,
    /// The most that the organisation lets itself spend at its model providers; it only narrows the operator's budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_budget: Option<BudgetLimits>,
}

impl ManagedPolicy {
    /// Whether models of a provider may be used.
    pub fn admits_provider(&self, provider: &ProviderId) -> bool {
        self.allowed_providers.as_deref().is_none_or(|allowed| provider.is_in(allowed)) && !provider.is_in(&self.denied_providers)
    }

    /// Whether a model may be used. The lists name it alone, or as `provider/model`.
    pub fn admits_model(&self, provider: &ProviderId, model: &str) -> bool {
        let is_it = |name: &String| {
            let rest = name.strip_prefix(provider.as_str()).and_then(|rest| rest.strip_prefix('/'));
            name == model || rest == Some(model)
        };
        let is_named = |list: &[String]| list.iter().any(is_it);
        self.allowed_models.as_deref().is_none_or(is_named) && !is_named(&self.denied_models)
    }

    /// The models of a provider that the list of allowed ones names with it.
    pub fn models_of(&self, provider: &ProviderId) -> impl Iterator<Item = &str> {
        let allowed = self.allowed_models.iter().flatten();
        allowed.filter_map(move |name| name.strip_prefix(provider.as_str())?.strip_prefix('/'))
    }

    /// The policy as members read it: with what is restricted, and why.
    pub fn view(&self) -> Value {
        let mut view = self.fields();
        view.insert("disabledByPolicy".to_owned(), Value::Object(self.disabled()));
        Value::Object(view)
    }

    /// The fields by their names on the wire.
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => unreachable!("a policy is an object with text keys"),
        }
    }

    fn disabled(&self) -> Map<String, Value> {
        let ceilings = self.permission_ceilings.named().map(|(name, ceiling)| (name, ceiling != Ceiling::Allow));
        let controls = [
            ("providers", self.allowed_providers.is_some() || !self.denied_providers.is_empty()),
            ("models", self.allowed_models.is_some() || !self.denied_models.is_empty()),
            ("customProviders", !self.extensions.custom_providers),
            ("customMcps", !self.extensions.custom_mcps),
            ("customSkills", !self.extensions.custom_skills),
            ("keyManagement", self.key_management != KeyManagement::Any),
            ("updateChannel", self.update_channel.is_some()),
        ];
        let mark = json!({ "disabledByPolicy": true, "reason": "Managed by your organization" });
        let restricted = ceilings.into_iter().chain(controls).filter(|(_, is_restricted)| *is_restricted);
        restricted.map(|(name, _)| (name.to_owned(), mark.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_models_name_them_alone_or_with_their_provider() {
        let openai = ProviderId::parse("openai").expect("a name");
        let admits = |allowed: Option<&[&str]>, denied: &[&str], model: &str| {
            let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
            let policy = ManagedPolicy { allowed_models: allowed.map(owned), denied_models: owned(denied), ..ManagedPolicy::default() };
            policy.admits_model(&openai, model)
        };
        assert!(admits(None, &[], "gpt-5"));
        assert!(admits(Some(&["openai/gpt-5"]), &[], "gpt-5") && admits(Some(&["gpt-5"]), &[], "gpt-5"));
        assert!(!admits(Some(&["xai/gpt-5", "openai/gpt"]), &[], "gpt-5") && !admits(Some(&[]), &[], "gpt-5"));
        assert!(!admits(Some(&["gpt-5"]), &["openai/gpt-5"], "gpt-5"), "a denial wins");
        assert!(admits(None, &["xai/gpt-5"], "gpt-5"));
    }

    #[test]
    fn a_tool_has_the_ceiling_of_what_it_does() {
        let ceilings = PermissionCeilings { bash: Ceiling::Deny, file_write: Ceiling::Ask, ..PermissionCeilings::default() };
        let of = ["bash", "write", "edit", "task", "read", "question"].map(|tool| ceilings.of(tool));
        assert_eq!(of, [Ceiling::Deny, Ceiling::Ask, Ceiling::Ask, Ceiling::Allow, Ceiling::Allow, Ceiling::Allow]);
    }
}
