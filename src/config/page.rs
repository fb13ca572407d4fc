//! The settings as a page of the documentation.

use super::catalogue;
use super::setting::{Kind, Setting};
use std::fmt::Write;

const INTRODUCTION: &str = "\
# Configuration

Sources, weakest first: the defaults below, the configuration file (`--config FILE` or `OPEN_COWORK_CONFIG_PATH`; JSON with
comments and trailing commas, everything under `cloud`), the environment, command-line flags. An empty variable counts as unset.
Switches are 1/true/yes/on or 0/false/no/off.

A name that nobody knows or a value that is malformed stops the start with exit code 2; all problems are reported at once.
`cowork config check` finds them without starting, `cowork config dump` shows every effective value and its source.

- Without any setting the server listens on `127.0.0.1` only, because the default of the auth mode is `none`. To listen elsewhere,
  set `OPEN_COWORK_CLOUD_AUTH_MODE=header` and a secret.
- In tier `local` quotas and the request rate limit apply only where they are set. In every other tier their defaults apply.
- A limit of 0 (in the file: 0 or `null`) means unlimited.
- Settings marked *not used yet* are known and checked, and this version does not act on them.
";

/// All settings, one table per section.
pub fn as_markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (section, settings) in catalogue::sections() {
        write!(page, "\n## {section}\n\n| setting | default | file key | meaning |\n|---|---|---|---|\n").expect("a string takes any text");
        for setting in settings {
            append(&mut page, setting).expect("a string takes any text");
        }
    }
    page
}

fn append(page: &mut String, setting: &Setting) -> std::fmt::Result {
    let code = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(|text| format!("`{text}`")).unwrap_or_default();
    let name = if setting.environment { format!("`{}`", setting.environment_name()) } else { "(file only)".to_owned() };
    let key = setting.file.map(|path| format!("cloud.{path}"));
    let words = match setting.kind {
        Kind::Choice(words) | Kind::Choices(words) => format!(": {}", words.join(", ")),
        Kind::Span { .. } => format!(": {}", setting.kind),
        _ => String::new(),
    };
    let note = if setting.acted_on { "" } else { " *(not used yet)*" };
    writeln!(page, "| {name} | {} | {} | {}{words}{note} |", code(setting.default), code(key.as_deref()), setting.help)
}
