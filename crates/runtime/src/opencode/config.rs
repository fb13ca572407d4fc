//! What OpenCode is configured with. Nothing in it is a secret: the models' address is the key broker's, and the token that goes
//! with it has no power of its own.

use super::sandbox;
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

/// The configuration file.
pub(super) fn file(providers: &[ModelProvider]) -> String {
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
        "permission": permissions(),
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

/// Writing and running ask a person. The network is not for agents: what they fetch by themselves could tell others what they read.
fn permissions() -> Value {
    let hidden = json!({
        "*": "allow",
        "*/proc/*": "deny", "proc/*": "deny",
        "*/opencode/*": "deny", "opencode/*": "deny",
    });
    json!({
        "edit": "ask",
        "bash": "ask",
        "external_directory": "ask",
        "read": hidden,
        "webfetch": "deny",
        "websearch": "deny",
        "codesearch": "deny",
        "doom_loop": "deny",
        "skill": "deny",
        "lsp": "deny",
    })
}
