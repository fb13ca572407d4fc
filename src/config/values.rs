//! The effective value of every setting, and where it came from.

use super::catalogue;
use super::cluster;
use super::environment::Environment;
use super::file::ConfigFile;
use super::problem::Findings;
use super::secret::Secret;
use super::setting::{PREFIX, Setting, Value, parse_host};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where a value came from, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The program's own default.
    Default,
    /// The configuration file.
    File,
    /// The environment.
    Environment,
    /// A command-line flag.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        })
    }
}

/// A setting with its effective value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The setting.
    pub setting: &'static Setting,
    /// Its value, if it has one.
    pub value: Option<Value>,
    /// Who said so.
    pub source: Source,
}

/// A value that a command-line flag sets.
#[derive(Debug, Clone)]
pub struct Override {
    /// The setting's name without the prefix.
    pub setting: &'static str,
    /// The flag as the user wrote it, for error texts.
    pub flag: &'static str,
    /// What the user wrote behind it.
    pub text: String,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Values {
    entries: BTreeMap<&'static str, Entry>,
}

impl Values {
    /// Lays the sources over each other, weakest first. A malformed value is noted and leaves the weaker one in place, so that
    /// the remaining checks still find what else is wrong.
    pub fn merge(environment: &Environment, file: Option<&ConfigFile>, overrides: &[Override], findings: &mut Findings) -> Self {
        let mut values = Self::defaults(environment);
        if let Some(file) = file {
            values.take_file(file, findings);
        }
        values.take_environment(environment, findings);
        for given in overrides {
            values.take(given.setting, given.flag, &given.text, Source::Flag, findings);
        }
        values.name_after_role();
        values
    }

    fn defaults(environment: &Environment) -> Self {
        let mut entries = BTreeMap::new();
        for setting in catalogue::all() {
            let computed = match setting.name {
                "ROOT" => Some(environment.default_data_dir().display().to_string()),
                "NODE_ID" => Some(environment.default_node_id()),
                "SERVICE_VERSION" => Some(env!("CARGO_PKG_VERSION").to_owned()),
                _ => None,
            };
            let text = computed.as_deref().or(setting.default);
            let value = text.map(|text| Value::parse(setting.kind, text).expect("a test reads every default of the catalogue"));
            entries.insert(setting.name, Entry { setting, value, source: Source::Default });
        }
        Self { entries }
    }

    /// Processes of several roles on one machine are several nodes, so the machine's name alone would not do.
    fn name_after_role(&mut self) {
        let role = self.text("ROLE").unwrap_or_default();
        if role == "all-in-one" || self.is_configured("NODE_ID") {
            return;
        }
        let mut name = self.text("NODE_ID").unwrap_or_default();
        name.truncate(cluster::LONGEST_NODE_ID - role.len() - 1);
        self.set("NODE_ID", Value::Text(format!("{name}-{role}")), Source::Default);
    }

    fn take_file(&mut self, file: &ConfigFile, findings: &mut Findings) {
        for (path, json) in file.leaves() {
            let Some(setting) = catalogue::by_file_key(path) else { continue };
            match Value::from_json(setting.kind, json) {
                Some(value) => self.set(setting.name, value, Source::File),
                None if json.is_null() => {}
                None => findings.problem(format!("cloud.{path} in {}: expected {}", file.path().display(), setting.kind)),
            }
        }
    }

    fn take_environment(&mut self, environment: &Environment, findings: &mut Findings) {
        // Platforms hand the port to listen on to a process by these two general names; ours are stronger.
        if let Some(port) = environment.get("PORT") {
            self.take("PORT", "PORT", port, Source::Environment, findings);
        }
        match environment.get("HOST") {
            // Some shells export the machine's name as HOST: that was not meant for us.
            Some(host) if parse_host(host).is_some() => self.take("HOST", "HOST", host, Source::Environment, findings),
            Some(_) => {
                findings.warning("HOST is not an address and is ignored; use OPEN_COWORK_CLOUD_HOST to choose the address to listen on");
            }
            None => {}
        }
        if let Some(directory) = environment.get("PG_BIN") {
            self.take("PG_BIN", "PG_BIN", directory, Source::Environment, findings);
        }
        for (name, text) in environment.of_cloud() {
            if catalogue::by_environment_name(name).is_some() {
                self.take(name, &format!("{PREFIX}{name}"), text, Source::Environment, findings);
            } else if !catalogue::FOREIGN_NAMES.contains(&name) {
                findings.problem(catalogue::unknown_name(name));
            }
        }
    }

    fn take(&mut self, name: &str, shown_as: &str, text: &str, source: Source, findings: &mut Findings) {
        let entry = self.entries.get(name).expect("callers look the name up in the catalogue");
        let setting = entry.setting;
        match Value::parse(setting.kind, text) {
            Some(value) => self.set(setting.name, value, source),
            None if setting.kind.is_secret() => findings.problem(format!("{shown_as} is malformed: expected {}", setting.kind)),
            None => findings.problem(format!("{shown_as} is \"{}\": expected {}", text.trim(), setting.kind)),
        }
    }

    fn set(&mut self, name: &'static str, value: Value, source: Source) {
        let entry = self.entries.get_mut(name).expect("every setting of the catalogue has an entry");
        entry.value = Some(value);
        entry.source = source;
    }

    /// All settings, by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Where a setting's value came from.
    pub fn source(&self, name: &str) -> Source {
        self.entry(name).source
    }

    /// Whether anybody said anything about this setting.
    pub fn is_configured(&self, name: &str) -> bool {
        self.source(name) != Source::Default
    }

    pub(super) fn entry(&self, name: &str) -> &Entry {
        self.entries.get(name).expect("sections ask for settings of the catalogue; a test reads them all")
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.entry(name).value.as_ref()? {
            Value::Text(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.entry(name).value, Some(Value::Flag(true)))
    }

    /// A number, 0 when unset.
    pub(super) fn number(&self, name: &str) -> u64 {
        match self.entry(name).value {
            Some(Value::Number(number)) => number,
            _ => 0,
        }
    }

    pub(super) fn count(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(usize::MAX)
    }

    pub(super) fn count_u32(&self, name: &str) -> u32 {
        u32::try_from(self.number(name)).unwrap_or(u32::MAX)
    }

    pub(super) fn port(&self, name: &str) -> u16 {
        u16::try_from(self.number(name)).expect("a port is checked when it is read")
    }

    pub(super) fn millis(&self, name: &str) -> Duration {
        Duration::from_millis(self.number(name))
    }

    /// A length of time, zero when unset.
    pub(super) fn span(&self, name: &str) -> Duration {
        match self.entry(name).value {
            Some(Value::Span(span)) => span,
            _ => Duration::ZERO,
        }
    }

    /// A limit; `None` is unlimited.
    pub(super) fn limit(&self, name: &str) -> Option<u64> {
        Some(self.number(name)).filter(|limit| *limit > 0)
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match &self.entry(name).value {
            Some(Value::List(words)) => words.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn json(&self, name: &str) -> Option<&serde_json::Value> {
        match &self.entry(name).value {
            Some(Value::Json(json)) => Some(json),
            _ => None,
        }
    }
}
