//! The command line: data to standard output, everything else to standard error, exit codes that mean something.

mod audit;
mod cluster;
mod codes_page;
mod config;
mod connection;
mod database;
mod demo_model;
mod doctor;
mod drill;
mod exit;
mod load;
mod member;
mod migrate;
mod org;
mod output;
mod private_postgres;
mod reference;
mod secrets;
mod serve;
mod settings;
mod token;

pub use exit::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  cowork                                             start everything on this machine, http://127.0.0.1:8787
  cowork serve --listen 127.0.0.1:9000               the same on another port
  cowork doctor                                      see what is missing before the first start
  cowork config dump --output json | jq '.[].name'   list all settings

Exit codes:
  0  success
  1  the command failed
  2  wrong usage or configuration";

/// Managed, bring-your-own-key cloud for AI-agent sessions.
#[derive(Debug, Parser)]
#[command(name = "cowork", version, about, after_help = EXAMPLES, max_term_width = 120)]
pub struct Cli {
    /// Without one, the cloud is served with its defaults: what a first look needs.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Migrate(migrate::MigrateArgs),
    Cluster(cluster::ClusterArgs),
    Audit(audit::AuditArgs),
    Org(org::OrgArgs),
    Member(member::MemberArgs),
    Token(token::TokenArgs),
    Secrets(secrets::SecretsArgs),
    Config(config::ConfigArgs),
    Doctor(doctor::DoctorArgs),
    DemoModel(demo_model::DemoModelArgs),
    Load(load::LoadArgs),
    Drill(drill::DrillArgs),
    #[command(hide = true)]
    PrivatePostgres(private_postgres::PrivatePostgresArgs),
    #[command(hide = true)]
    Reference(reference::ReferenceArgs),
}

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<std::process::ExitCode> {
        let exit = match self.command.unwrap_or_else(|| Command::Serve(serve::ServeArgs::default())) {
            Command::Serve(args) => serve::run(args).await?,
            Command::Migrate(args) => migrate::run(args).await?,
            Command::Cluster(args) => cluster::run(args).await?,
            Command::Audit(args) => Box::pin(audit::run(args)).await?,
            Command::Org(args) => Box::pin(org::run(args)).await?,
            Command::Member(args) => Box::pin(member::run(args)).await?,
            Command::Token(args) => Box::pin(token::run(args)).await?,
            Command::Secrets(args) => Box::pin(secrets::run(args)).await?,
            Command::Config(args) => config::run(args)?,
            Command::Doctor(args) => doctor::run(args).await?,
            Command::DemoModel(args) => demo_model::run(args).await?,
            Command::Load(args) => return Box::pin(load::run(args)).await,
            Command::Drill(args) => return Box::pin(drill::run(args)).await,
            Command::PrivatePostgres(args) => private_postgres::run(args).await?,
            Command::Reference(args) => reference::run(&args)?,
        };
        Ok(exit.into())
    }

    /// The whole command tree, for the reference pages.
    pub(crate) fn tree() -> clap::Command {
        Self::command()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_consistent() {
        Cli::tree().debug_assert();
    }

    #[test]
    fn wrong_usage_has_its_own_exit_code() {
        let error = Cli::try_parse_from(["cowork", "serve", "--listen", "nowhere"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(Cli::try_parse_from(["cowork"]).is_ok_and(|cli| cli.command.is_none()), "without a command it serves");
        assert_eq!(Cli::try_parse_from(["cowork", "--help"]).unwrap_err().exit_code(), 0);
    }
}
