//! `cowork secrets wrap`.

use crate::{
    cli::{
        ExitCode,
        output::{self, Output},
        settings::SettingArgs,
    },
    secrets::{Keyring, surroundings},
};
use anyhow::Context;
use clap::Args;
use cowork_secrets::service::{self, KeyReference};
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  export OPEN_COWORK_CLOUD_OPENING_KEY_REF=file:opening.key
  cowork secrets wrap --with vault-transit://vault.internal:8200/transit/cowork
  cowork secrets wrap --with 'aws-kms://alias/cowork?region=eu-west-1'
  cowork secrets wrap --with gcp-kms://projects/p/locations/global/keyRings/r/cryptoKeys/k
  cowork secrets wrap --with azure-kv://acme/keys/cowork

Credentials come from where the service's own tools take them: VAULT_TOKEN, AWS_…, GOOGLE_APPLICATION_CREDENTIALS, AZURE_…,
or the identity of the machine. The result is what OPEN_COWORK_CLOUD_OPENING_KEY may hold instead of the key itself.";

/// Have a key service guard the configured opening key, and print what stands for it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WrapArgs {
    /// The service's key, as a reference.
    #[arg(long, value_name = "REFERENCE")]
    with: String,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: WrapArgs) -> anyhow::Result<ExitCode> {
    let reference = KeyReference::parse(&args.with).context("--with names no key of a key service")?;
    let config = args.settings.load()?.config;
    let opener = Keyring::configured_opener(&config).await?;
    let opener = opener.context("no opening key is configured: set OPEN_COWORK_CLOUD_OPENING_KEY or _REF to the key to wrap")?;
    let surroundings = surroundings(config.secrets.surroundings.expose());
    let wrapped = service::wrap(opener.current(), reference, &surroundings).await.context("the key can't be wrapped")?;
    // What can't be unwrapped is found out while the key is still at hand.
    service::unwrap(&wrapped, &surroundings).await.context("the key was wrapped, but can't be unwrapped again")?;
    match args.output {
        Output::Json => {
            let reference = wrapped.reference.to_string();
            output::print_json(&json!({ "keyId": wrapped.id.to_string(), "reference": reference, "openingKey": wrapped.to_string() }))?;
        }
        Output::Table => output::print(&format!("OPEN_COWORK_CLOUD_OPENING_KEY={wrapped}\n"))?,
    }
    Ok(ExitCode::Success)
}
