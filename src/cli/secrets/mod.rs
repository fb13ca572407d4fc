//! `cowork secrets`: the two keys of a deployment, for whoever runs it.

mod doctor;
mod keygen;
mod progress;
mod public_key;
mod rewrap;
mod shred;
mod wrap;

use super::ExitCode;
use crate::{config::Config, secrets::Keyring};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use cowork_secrets::sealing::Opener;
use cowork_store::Store;

const EXAMPLES: &str = "\
Examples:
  cowork secrets keygen --out opening.key            the workers' key into a file; prints the one for the web nodes
  cowork secrets public-key                          the sealing key that belongs to the configured opening key
  cowork secrets wrap --with vault-transit://vault.internal:8200/transit/cowork
  cowork secrets doctor                              does everything open, and which keys does it need?
  cowork secrets rewrap                              after a rotation: seal everything to the current key
  cowork secrets shred --org acme --yes              make the keys of an organisation unreadable for ever

They read the same settings as the workers. Customers' keys are never printed.";

/// Make, guard and rotate the deployment's keys, and look after what is sealed to them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SecretsArgs {
    #[command(subcommand)]
    command: SecretsCommand,
}

#[derive(Debug, Subcommand)]
enum SecretsCommand {
    Keygen(keygen::KeygenArgs),
    PublicKey(public_key::PublicKeyArgs),
    Wrap(wrap::WrapArgs),
    Rewrap(rewrap::RewrapArgs),
    Doctor(doctor::DoctorArgs),
    Shred(shred::ShredArgs),
}

pub(super) async fn run(args: SecretsArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        SecretsCommand::Keygen(args) => keygen::run(&args),
        SecretsCommand::PublicKey(args) => public_key::run(args).await,
        SecretsCommand::Wrap(args) => wrap::run(args).await,
        SecretsCommand::Rewrap(args) => rewrap::run(args).await,
        SecretsCommand::Doctor(args) => doctor::run(args).await,
        SecretsCommand::Shred(args) => shred::run(args).await,
    }
}

/// What the workers of this configuration open with.
async fn opener(config: &Config, store: &Store) -> anyhow::Result<Opener> {
    let opener = Keyring::opener_of(config, store).await.context("the opening key can't be had")?;
    if opener.is_none() && !config.cluster.role.executes() {
        bail!("the role {} has no opening key: run this with the settings of a worker", config.cluster.role);
    }
    opener.context("no opening key is configured: set OPEN_COWORK_CLOUD_OPENING_KEY, or OPEN_COWORK_CLOUD_SECRET_KEY")
}
