//! `cowork reference`: the generated pages of the documentation, for `cargo xtask gen`.

use super::{Cli, ExitCode, codes_page, output};
use crate::config::{page, schema};
use crate::telemetry::catalogue;
use clap::{Args, Command, ValueEnum};
use std::fmt::Write;

/// Print a generated page of the documentation.
#[derive(Debug, Args)]
pub(super) struct ReferenceArgs {
    #[arg(value_enum)]
    page: Page,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Page {
    /// Who may do what.
    Authorization,
    /// The command line.
    Cli,
    /// The codes of errors.
    Codes,
    /// The settings.
    Config,
    /// The JSON schema of the configuration file.
    ConfigSchema,
    /// The metrics.
    Metrics,
    /// The HTTP interface.
    Openapi,
}

pub(super) fn run(args: &ReferenceArgs) -> anyhow::Result<ExitCode> {
    match args.page {
        Page::Authorization => output::print(&crate::http::access_page::as_markdown())?,
        Page::Codes => output::print(&codes_page::as_markdown())?,
        Page::Cli => output::print(&command_pages())?,
        Page::Config => output::print(&page::as_markdown())?,
        Page::ConfigSchema => output::print_json(&schema::of_file())?,
        Page::Metrics => output::print(&catalogue::as_markdown())?,
        Page::Openapi => output::print_json(&crate::http::openapi())?,
    }
    Ok(ExitCode::Success)
}

fn command_pages() -> String {
    let mut page = String::from("# Command line\n");
    // One width for everybody: the page must not depend on who makes it.
    let mut tree = Cli::tree().term_width(100);
    tree.build();
    append_command(&mut page, &mut tree);
    page
}

fn append_command(page: &mut String, command: &mut Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let help = command.render_long_help();
    let text = help.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", text.trim_end()).expect("a string takes any text");
    for inner in command.get_subcommands_mut().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        append_command(page, inner);
    }
}
