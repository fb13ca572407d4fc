//! The effective configuration for people and programs: every setting, its value, who said so. Secrets are only ever `[set]`.

use super::catalogue;
use super::setting::Kind;
use super::values::{Entry, Source, Values};
use serde::Serialize;

/// One line of the dump.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Section of the configuration.
    pub section: &'static str,
    /// Environment name, or the file's key where there is none.
    pub name: String,
    /// Effective value; absent when unset.
    pub value: Option<String>,
    /// Who said so.
    pub source: Source,
    /// Whether this version acts on it.
    pub used: bool,
    /// What it means.
    pub help: &'static str,
}

/// All settings in the order of the sections.
pub fn rows(values: &Values) -> Vec<Row> {
    let mut rows = Vec::new();
    for (section, settings) in catalogue::sections() {
        for setting in settings {
            let entry = values.entry(setting.name);
            rows.push(Row {
                section,
                name: setting.display_name(),
                value: shown(entry),
                source: entry.source,
                used: setting.acted_on,
                help: setting.help,
            });
        }
    }
    rows
}

fn shown(entry: &Entry) -> Option<String> {
    let value = entry.value.as_ref()?;
    Some(match entry.setting.kind {
        kind if kind.is_secret() => "[set]".to_owned(),
        Kind::Limit if value.to_string() == "0" => "unlimited".to_owned(),
        _ => value.to_string(),
    })
}
