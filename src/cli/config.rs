//! `cowork config`: look at the configuration without starting anything.

use super::ExitCode;
use super::output::{self, Output};
use super::settings::SettingArgs;
use crate::config::{dump, schema};
use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  cowork config check --config open-cowork.config.jsonc
  cowork config dump --set
  cowork config dump --output json | jq '.[] | select(.source == \"environment\")'
  cowork config schema > open-cowork.schema.json";

/// Check, show and describe the configuration.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Validate all sources and apply the start rules; exit code 2 lists everything that is wrong.
    Check(SettingArgs),
    /// Print every setting with its effective value and its source; secrets are masked.
    Dump {
        /// Only what is set by a file, the environment or a flag.
        #[arg(long)]
        set: bool,
        /// Form of the output.
        #[arg(long, value_enum, default_value = "table")]
        output: Output,
        #[command(flatten)]
        settings: SettingArgs,
    },
    /// Print the JSON schema of the configuration file.
    Schema,
}

pub(super) fn run(args: ConfigArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        ConfigCommand::Check(settings) => check(settings)?,
        ConfigCommand::Dump { set, output, settings } => print_dump(set, output, settings)?,
        ConfigCommand::Schema => output::print_json(&schema::of_file())?,
    }
    Ok(ExitCode::Success)
}

fn check(settings: SettingArgs) -> anyhow::Result<()> {
    let loaded = settings.load()?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    for row in dump::rows(&loaded.values).iter().filter(|row| !row.used && row.source != crate::config::values::Source::Default) {
        eprintln!("warning: {} is set, but not used yet", row.name);
    }
    eprintln!("the configuration is valid");
    Ok(())
}

fn print_dump(set: bool, output: Output, settings: SettingArgs) -> anyhow::Result<()> {
    let loaded = settings.load()?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    let mut rows = dump::rows(&loaded.values);
    rows.retain(|row| !set || row.source != crate::config::values::Source::Default);
    if output == Output::Json {
        return output::print_json(&rows);
    }
    let mut table = output::table(&["SETTING", "VALUE", "SOURCE", "NOTE"]);
    for row in rows {
        table.add_row([
            row.name,
            row.value.unwrap_or_else(|| "-".to_owned()),
            row.source.to_string(),
            if row.used { String::new() } else { "not used yet".to_owned() },
        ]);
    }
    output::print(&table.trim_fmt())
}
