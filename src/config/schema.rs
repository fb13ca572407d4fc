//! JSON schema of the configuration file, made from the catalogue, so that an editor knows what the program knows.

use super::catalogue;
use super::setting::{Kind, Setting};
use schemars::{Schema, json_schema};
use serde_json::{Value as Json, json};

/// The schema of the whole file. Only the object below `cloud` is described; the rest belongs to other programs.
pub fn of_file() -> Schema {
    let mut cloud = json!({ "type": "object", "description": "settings of the cloud", "properties": {} });
    for setting in catalogue::all() {
        if let Some(path) = setting.file {
            insert(&mut cloud, path, of_setting(setting));
        }
    }
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Open Cowork Cloud configuration",
        "type": "object",
        "properties": { "cloud": cloud },
    })
}

fn insert(object: &mut Json, path: &str, leaf: Json) {
    match path.split_once('.') {
        None => object["properties"][path] = leaf,
        Some((first, rest)) => {
            let inner = &mut object["properties"][first];
            if inner.is_null() {
                *inner = json!({ "type": "object", "properties": {} });
            }
            insert(inner, rest, leaf);
        }
    }
}

fn of_setting(setting: &Setting) -> Json {
    let mut schema = match setting.kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count(least) | Kind::Millis(least) => json!({ "type": "integer", "minimum": least.max(1) }),
        Kind::Limit => json!({ "type": ["integer", "null"], "minimum": 0 }),
        Kind::Span { .. } => json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h)|0)$" }),
        Kind::Port => json!({ "type": "integer", "minimum": 0, "maximum": 65535 }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::List | Kind::Networks => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Choices(words) => json!({ "type": "array", "items": { "type": "string", "enum": words } }),
        Kind::Url => json!({ "type": "string", "format": "uri" }),
        Kind::Json => json!({ "type": "object" }),
        Kind::Text | Kind::Secret | Kind::SecretRef | Kind::Host | Kind::Path => json!({ "type": "string" }),
    };
    schema["description"] =
        Json::String(if setting.acted_on { setting.help.to_owned() } else { format!("{} (not used yet)", setting.help) });
    if let Some(default) = setting.default {
        schema["default"] = match setting.kind {
            Kind::Flag => json!(default == "true"),
            Kind::Count(_) | Kind::Limit | Kind::Millis(_) | Kind::Port => default.parse::<u64>().map_or(Json::Null, Json::from),
            Kind::List | Kind::Choices(_) | Kind::Networks => json!(default.split(',').collect::<Vec<_>>()),
            _ => json!(default),
        };
    }
    schema
}
