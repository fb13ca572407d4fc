//! The process environment, read once at the start. Nothing else in the project looks at it.

use super::setting::PREFIX;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A copy of the environment, so that rules and tests work on values and not on the process.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    hostname: Option<String>,
    is_root: bool,
}

impl Environment {
    /// The environment of this process. Names and values that are not UTF-8 are replaced by readable stand-ins: a rule that
    /// cares will refuse them.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let variables =
            std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())).collect();
        let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
        Self { variables, hostname, is_root: nix::unistd::geteuid().is_root() }
    }

    /// An environment of exactly these variables.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { variables, hostname: None, is_root: false }
    }

    /// A variable's value; an empty one counts as unset.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// All non-empty variables of the cloud, without the prefix.
    pub fn of_cloud(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value.as_str())))
            .filter(|(_, value)| !value.trim().is_empty())
    }

    /// All non-empty variables.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(_, value)| !value.trim().is_empty())
    }

    /// The configuration file that the environment names.
    pub fn config_file(&self) -> Option<PathBuf> {
        self.get("OPEN_COWORK_CONFIG_PATH").map(PathBuf::from)
    }

    /// Name of this node in the cluster when none is configured: the machine's name.
    pub fn default_node_id(&self) -> String {
        let name = self.hostname.as_deref().or_else(|| self.get("HOSTNAME")).unwrap_or_default();
        let usable: String =
            name.chars().filter(|character| character.is_ascii_alphanumeric() || ".-_".contains(*character)).take(63).collect();
        if usable.is_empty() { "node".to_owned() } else { usable.to_lowercase() }
    }

    /// Where data lives when nobody says: the place that the system's conventions give to a service or to a person's programs.
    pub fn default_data_dir(&self) -> PathBuf {
        const NAME: &str = "open-cowork-cloud";
        if self.is_root {
            return PathBuf::from("/var/lib").join(NAME);
        }
        if let Some(home) = self.get("XDG_DATA_HOME") {
            return PathBuf::from(home).join(NAME);
        }
        match self.get("HOME") {
            Some(home) => PathBuf::from(home).join(".local/share").join(NAME),
            None => PathBuf::from("/var/lib").join(NAME),
        }
    }

    /// Directories in which programs are looked up.
    pub fn program_path(&self) -> Vec<PathBuf> {
        self.get("PATH").map(|path| path.split(':').filter(|entry| !entry.is_empty()).map(PathBuf::from).collect()).unwrap_or_default()
    }
}
