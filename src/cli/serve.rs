//! `cowork serve`: run the cloud.

use super::ExitCode;
use super::settings::SettingArgs;
use crate::telemetry;
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  cowork serve
  cowork serve --listen 127.0.0.1:9000 --data-dir ./data

  # a cluster: OPEN_COWORK_CLOUD_CONTROL_PLANE_URL and OPEN_COWORK_CLOUD_CLUSTER_SECRET are set, the same for all nodes
  cowork serve --role worker --node-id w1 --node-address 10.0.0.5:7946
  cowork serve --role web --node-id web1 --node-address 10.0.0.6:7946 --drain-delay 10s

Everything else is set by OPEN_COWORK_CLOUD_* or the configuration file: `cowork config dump` lists all settings.";

/// Run the cloud until it is told to stop.
#[derive(Debug, Default, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let loaded = args.settings.load()?;
    telemetry::logs::install(&loaded.config.observability)?;
    let metrics = telemetry::metrics::install()?;
    for warning in &loaded.warnings {
        tracing::warn!(%warning, "configuration");
    }
    Box::pin(crate::serve::run(loaded.config, metrics)).await?;
    Ok(ExitCode::Success)
}
