//! One setting: its name, what it accepts, where it may come from.

use super::span;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// Every environment name of the cloud starts with this.
pub const PREFIX: &str = "OPEN_COWORK_CLOUD_";

/// A setting as the catalogue knows it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Name without the prefix; also the key by which a section asks for the value.
    pub name: &'static str,
    /// What is accepted.
    pub kind: Kind,
    /// The value when no source sets it, written as one would write it in the environment.
    pub default: Option<&'static str>,
    /// Path below `cloud` in the configuration file, segments separated by dots.
    pub file: Option<&'static str>,
    /// Whether the environment may set it.
    pub environment: bool,
    /// Whether this version acts on it; a setting that it merely knows is still validated.
    pub acted_on: bool,
    /// One line for people.
    pub help: &'static str,
}

impl Setting {
    /// A setting of the environment that this version acts on, without a default.
    pub const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, kind, default: None, file: None, environment: true, acted_on: true, help }
    }

    /// The value when nobody sets it.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// The key below `cloud` in the configuration file.
    #[must_use]
    pub const fn file(mut self, path: &'static str) -> Self {
        self.file = Some(path);
        self
    }

    /// Only the configuration file can say this; it has no environment name.
    #[must_use]
    pub const fn file_only(mut self) -> Self {
        self.environment = false;
        self
    }

    /// Known and validated, without effect in this version.
    #[must_use]
    pub const fn later(mut self) -> Self {
        self.acted_on = false;
        self
    }

    /// The full environment name.
    pub fn environment_name(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    /// How people refer to it: the environment name, or the file's key where there is none.
    pub fn display_name(&self) -> String {
        match self.file {
            Some(path) if !self.environment => format!("cloud.{path}"),
            _ => self.environment_name(),
        }
    }
}

/// What a setting accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text that is never shown.
    Secret,
    /// A reference to a secret: `env:NAME`, a secret manager's address.
    SecretRef,
    /// 1/true/yes/on or 0/false/no/off.
    Flag,
    /// A whole number of at least this much.
    Count(u64),
    /// A limit: a whole number, where 0 means unlimited.
    Limit,
    /// Milliseconds, at least this many.
    Millis(u64),
    /// A length of time with its unit, within these bounds.
    Span {
        /// The shortest, in milliseconds.
        least: u64,
        /// The longest, in milliseconds.
        most: u64,
    },
    /// 0 to 65535, where 0 means off or any.
    Port,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Comma-separated words.
    List,
    /// Comma-separated, each one of these words.
    Choices(&'static [&'static str]),
    /// Comma-separated address ranges, such as `10.0.0.0/8`.
    Networks,
    /// An IP address or `localhost`.
    Host,
    /// An absolute http or https address.
    Url,
    /// A path of the file system.
    Path,
    /// A JSON object.
    Json,
}

impl Kind {
    /// Whether the value must never be shown.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret)
    }
}

impl fmt::Display for Kind {
    /// What to write, as the end of "expected …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Secret => f.write_str("a secret text"),
            Self::SecretRef => {
                f.write_str("a reference such as env:NAME, file:PATH, vault://…, gcp-sm://…, aws-sm://…, azure-kv://… or https://…")
            }
            Self::Flag => f.write_str("true or false"),
            Self::Count(0 | 1) => f.write_str("a positive whole number"),
            Self::Count(least) => write!(f, "a whole number of at least {least}"),
            Self::Limit => f.write_str("a whole number, or 0 for unlimited"),
            Self::Millis(0 | 1) => f.write_str("a positive number of milliseconds"),
            Self::Millis(least) => write!(f, "at least {least} milliseconds"),
            Self::Span { least, most } => {
                let [least, most] = [*least, *most].map(|millis| span::show(Duration::from_millis(millis)));
                write!(f, "a time with its unit such as 5s, from {least} to {most}")
            }
            Self::Port => f.write_str("a port from 0 to 65535"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::List => f.write_str("words separated by commas"),
            Self::Choices(words) => write!(f, "words separated by commas, each one of {}", words.join(", ")),
            Self::Networks => f.write_str("address ranges separated by commas, such as 10.0.0.0/8"),
            Self::Host => f.write_str("an IP address or localhost"),
            Self::Url => f.write_str("an absolute http:// or https:// address"),
            Self::Path => f.write_str("a path"),
            Self::Json => f.write_str("a JSON object"),
        }
    }
}

/// An accepted value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text of any kind.
    Text(String),
    /// A yes or no.
    Flag(bool),
    /// A number; milliseconds and limits included.
    Number(u64),
    /// A length of time.
    Span(Duration),
    /// Several words.
    List(Vec<String>),
    /// A JSON object.
    Json(serde_json::Value),
}

impl Value {
    /// Reads what a person wrote. `None` means that `kind` does not accept it.
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let text = text.trim();
        let at_least = |least: u64| text.parse::<u64>().ok().filter(|number| *number >= least).map(Self::Number);
        match kind {
            Kind::Text | Kind::Secret | Kind::Path => Some(Self::Text(text.to_owned())),
            Kind::SecretRef => is_secret_reference(text).then(|| Self::Text(text.to_owned())),
            Kind::Flag => parse_flag(text).map(Self::Flag),
            Kind::Count(least) | Kind::Millis(least) => at_least(least.max(1)),
            Kind::Limit => at_least(0),
            Kind::Span { least, most } => {
                let bounds = Duration::from_millis(least)..=Duration::from_millis(most);
                span::parse(text).filter(|span| bounds.contains(span)).map(Self::Span)
            }
            Kind::Port => text.parse::<u16>().ok().map(|port| Self::Number(u64::from(port))),
            Kind::Choice(words) => words.contains(&text).then(|| Self::Text(text.to_owned())),
            Kind::List => Some(Self::List(split_words(text))),
            Kind::Choices(words) => {
                let given = split_words(text);
                given.iter().all(|word| words.contains(&word.as_str())).then_some(Self::List(given))
            }
            Kind::Networks => {
                let given = split_words(text);
                given.iter().all(|word| super::network::Network::parse(word).is_some()).then_some(Self::List(given))
            }
            Kind::Host => parse_host(text).map(|address| Self::Text(address.to_string())),
            Kind::Url => is_absolute_url(text).then(|| Self::Text(text.trim_end_matches('/').to_owned())),
            Kind::Json => serde_json::from_str(text).ok().filter(serde_json::Value::is_object).map(Self::Json),
        }
    }

    /// Reads a value of the configuration file, where numbers, switches and lists have their own notation.
    pub fn from_json(kind: Kind, json: &serde_json::Value) -> Option<Self> {
        match json {
            serde_json::Value::String(text) => Self::parse(kind, text),
            // A JSON `null` says "no limit" where there is one to lift.
            serde_json::Value::Null => (kind == Kind::Limit).then_some(Self::Number(0)),
            serde_json::Value::Bool(flag) => (kind == Kind::Flag).then_some(Self::Flag(*flag)),
            serde_json::Value::Number(number) => match kind {
                Kind::Count(_) | Kind::Limit | Kind::Millis(_) | Kind::Port => Self::parse(kind, &number.to_string()),
                _ => None,
            },
            serde_json::Value::Array(items) => {
                let words = items.iter().map(serde_json::Value::as_str).collect::<Option<Vec<_>>>()?;
                match kind {
                    Kind::List | Kind::Choices(_) | Kind::Networks => Self::parse(kind, &words.join(",")),
                    _ => None,
                }
            }
            serde_json::Value::Object(_) => (kind == Kind::Json).then(|| Self::Json(json.clone())),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Span(span) => f.write_str(&span::show(*span)),
            Self::List(words) => f.write_str(&words.join(",")),
            Self::Json(json) => write!(f, "{json}"),
        }
    }
}

fn parse_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn split_words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The address behind a host setting. `localhost` is the IPv4 loopback, which every client of ours tries.
pub fn parse_host(text: &str) -> Option<IpAddr> {
    if text.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::from([127, 0, 0, 1]));
    }
    text.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_absolute_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty()))
}

fn is_secret_reference(text: &str) -> bool {
    ["env:", "file:", "vault://", "gcp-sm://", "aws-sm://", "azure-kv://", "https://"]
        .iter()
        .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
}
