//! What OpenCode is configured with. Nothing in it is a secret: the models' address is the key broker's, and the token that goes
//! with it has no power of its own.

use super::sandbox;
use crate::{
    AllowedTools,
    native::{self, OfferedTool},
};
use serde_json::{Map, Value, json};

/// Its configuration folder is read-only, and it expects this file there.
pub(super) const GITIGNORE: &str = "node_modules\npackage.json\npackage-lock.json\nbun.lock\n.gitignore\n";

/// Tokens that a model of unknown size is taken to read and write; the provider has the last word.
const CONTEXT: u64 = 200_000;
const OUTPUT: u64 = 32_000;

/// A provider as OpenCode sees it.
#[derive(Debug, Clone)]
pub(super) struct ModelProvider {
    /// Its name in `provider/model`.
    pub(super) id: String,
    /// The npm package that speaks its protocol; one of those that are built into OpenCode.
    pub(super) npm: String,
    /// Where its API starts, on this machine's loopback.
    pub(super) base_url: String,
    /// What OpenCode shows there instead of a key.
    pub(super) token: String,
    /// Its models, the default first.
    pub(super) models: Vec<String>,
}

/// OpenCode's permissions, and what a profile calls the tools that they are for. It may say OpenCode's name as well.
const TOOLS: [(&str, &str); 10] = [
    ("bash", "bash"),
    ("edit", "write"),
    ("glob", "list"),
    ("grep", "read"),
    ("list", "list"),
    ("question", "question"),
    ("read", "read"),
    ("task", "task"),
    ("todoread", "todo"),
    ("todowrite", "todo"),
];

/// The tools that agents have here, as far as they are allowed, by the names that a profile uses.
pub fn offered_tools(allowed: &AllowedTools) -> Vec<OfferedTool> {
    let is_offered = |name: &str| TOOLS.iter().any(|(permission, tool)| *tool == name && is_allowed(allowed, permission, tool));
    let all = native::offered_tools(&AllowedTools::default()).into_iter();
    all.filter(|tool| is_offered(tool.name)).collect()
}

fn is_allowed(allowed: &AllowedTools, permission: &str, tool: &str) -> bool {
    allowed.allows(tool) || allowed.allows(permission)
}

/// The configuration file.
pub(super) fn file(providers: &[ModelProvider], tools: &AllowedTools) -> String {
    let by_id: Map<String, Value> = providers.iter().map(|provider| (provider.id.clone(), entry(provider))).collect();
    let names: Vec<&str> = providers.iter().map(|provider| provider.id.as_str()).collect();
    let model = providers.first().and_then(|provider| Some(format!("{}/{}", provider.id, provider.models.first()?)));
    json!({
        "autoupdate": false,
        "share": "disabled",
        "snapshot": false,
        "lsp": false,
        "formatter": false,
        "shell": format!("{}/shell/bash", sandbox::INSIDE),
        "model": model,
        "small_model": model,
        "enabled_providers": names,
        "provider": by_id,
        "permission": permissions(tools),
    })
    .to_string()
}

fn entry(provider: &ModelProvider) -> Value {
    let model =
        |name: &String| (name.clone(), json!({ "name": name, "tool_call": true, "limit": { "context": CONTEXT, "output": OUTPUT } }));
    json!({
        "npm": provider.npm,
        "name": provider.id,
        "options": { "baseURL": provider.base_url, "apiKey": provider.token },
        "models": provider.models.iter().map(model).collect::<Map<String, Value>>(),
    })
}

/// Writing and running ask a person, and so does delegating where the organisation's policy wants it: that is decided when
/// OpenCode asks. The network is not for agents: what they fetch by themselves could tell others what they read.
/// What the profile doesn't name is denied, and with that not even offered to the model.
fn permissions(tools: &AllowedTools) -> Value {
    let hidden = json!({
        "*": "allow",
        "*/proc/*": "deny", "proc/*": "deny",
        "*/opencode/*": "deny", "opencode/*": "deny",
    });
    let mut permissions = json!({
        "edit": "ask",
        "bash": "ask",
        "external_directory": "ask",
        "task": "ask",
        "read": hidden,
        "webfetch": "deny",
        "websearch": "deny",
        "codesearch": "deny",
        "doom_loop": "deny",
        "skill": "deny",
        "lsp": "deny",
    });
    for (permission, tool) in TOOLS {
        if !is_allowed(tools, permission, tool) {
            permissions[permission] = "deny".into();
        }
    }
    permissions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_may_take_tools_away_and_gives_none_back() {
        let all = permissions(&AllowedTools::default());
        assert_eq!((&all["bash"], &all["edit"], &all["webfetch"]), (&json!("ask"), &json!("ask"), &json!("deny")));
        assert!(all["glob"].is_null(), "OpenCode decides");
        let names = ["read", "edit", "webfetch"].map(str::to_owned);
        let some = permissions(&AllowedTools::new(Some(&names)));
        assert_eq!((&some["read"], &some["edit"]), (&all["read"], &all["edit"]));
        for denied in ["bash", "glob", "list", "question", "task", "todowrite", "webfetch"] {
            assert_eq!(some[denied], "deny", "{denied}");
        }
        let offered = |names: &[String]| offered_tools(&AllowedTools::new(Some(names))).iter().map(|tool| tool.name).collect::<Vec<_>>();
        assert_eq!(offered(&names), ["read", "write"]);
        assert_eq!(offered(&["artifact".to_owned()]), [""; 0], "there is none of it here");
    }
}
