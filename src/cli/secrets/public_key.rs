//! `cowork secrets public-key`.

use crate::{
    cli::{
        ExitCode,
        output::{self, Output},
        settings::SettingArgs,
    },
    secrets::Keyring,
};
use anyhow::Context;
use clap::Args;
use serde_json::json;

/// Print the sealing key that belongs to the configured opening key.
#[derive(Debug, Args)]
pub(super) struct PublicKeyArgs {
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: PublicKeyArgs) -> anyhow::Result<ExitCode> {
    let config = args.settings.load()?.config;
    let opener = Keyring::configured_opener(&config).await?;
    let key = opener.map(|opener| *opener.sealer().sealing_key()).or(config.secrets.sealing_key);
    let key = key.context("no key is configured, and the first start of a worker has made none: cowork secrets keygen makes one")?;
    match args.output {
        Output::Json => output::print_json(&json!({ "keyId": key.id().to_string(), "sealingKey": key.to_string() }))?,
        Output::Table => output::print(&key.to_string())?,
    }
    Ok(ExitCode::Success)
}
