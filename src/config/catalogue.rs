//! Every setting there is, from all sections.

use super::problem::suggestion;
use super::setting::{PREFIX, Setting};
use super::{
    abuse, auth, billing, branding, byok, cluster, execution, objects, observability, production_rules, profile, project_sources,
    providers, retention, runtime, secrets, server, sse, storage,
};

/// The sections in the order in which `config dump` shows them.
const SECTIONS: [(&str, &[Setting]); 19] = [
    ("cluster", cluster::SETTINGS),
    ("start rules", production_rules::SETTINGS),
    ("server", server::SETTINGS),
    ("auth", auth::SETTINGS),
    ("secrets", secrets::SETTINGS),
    ("storage", storage::SETTINGS),
    ("objects", objects::SETTINGS),
    ("abuse", abuse::SETTINGS),
    ("runtime", runtime::SETTINGS),
    ("providers", providers::SETTINGS),
    ("execution", execution::SETTINGS),
    ("sse", sse::SETTINGS),
    ("observability", observability::SETTINGS),
    ("branding", branding::SETTINGS),
    ("profile", profile::SETTINGS),
    ("project sources", project_sources::SETTINGS),
    ("retention", retention::SETTINGS),
    ("billing", billing::SETTINGS),
    ("byok", byok::SETTINGS),
];

/// Names below our prefix that belong to another program of the product: the gateway is told the cloud's address with it.
pub(super) const FOREIGN_NAMES: [&str; 1] = ["BASE_URL"];

/// Sections of the file whose inner keys other parts of the product read. What stands there is accepted.
pub(super) const OPEN_FILE_SECTIONS: [&str; 2] = ["projectSources", "runtime"];

/// All settings.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    sections().flat_map(|(_, settings)| settings)
}

/// All settings by section.
pub fn sections() -> impl Iterator<Item = (&'static str, &'static [Setting])> {
    SECTIONS.into_iter()
}

pub(super) fn by_environment_name(name: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.environment && setting.name == name)
}

pub(super) fn by_file_key(path: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.file == Some(path))
}

pub(super) fn file_keys() -> impl Iterator<Item = &'static str> {
    all().filter_map(|setting| setting.file)
}

/// The sentence about an environment name that nobody knows.
pub(super) fn unknown_name(name: &str) -> String {
    let known = all().filter(|setting| setting.environment).map(|setting| setting.name);
    match suggestion(name, known) {
        Some(near) => format!("{PREFIX}{name} is not a setting: did you mean {PREFIX}{near}?"),
        None => format!("{PREFIX}{name} is not a setting: `cowork config dump` lists all names"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_file_keys_are_unique() {
        let mut names = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for setting in all() {
            assert!(names.insert(setting.name), "{} appears twice", setting.name);
            assert!(setting.file.is_none_or(|key| keys.insert(key)), "{:?} appears twice", setting.file);
            assert!(setting.environment || setting.file.is_some(), "{} can't be set at all", setting.name);
        }
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest_one() {
        assert!(unknown_name("MAX_CONECTIONS").contains("did you mean OPEN_COWORK_CLOUD_MAX_CONNECTIONS?"));
        assert!(unknown_name("SOMETHING_ELSE_ENTIRELY").contains("config dump"));
    }
}
