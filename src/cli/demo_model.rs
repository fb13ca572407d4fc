//! `cowork demo-model`: the model server for trying things out, alone.

use super::ExitCode;
use super::output;
use anyhow::Context;
use clap::Args;
use cowork_runtime::demo::{self, DemoModelOptions};
use std::net::SocketAddr;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cowork demo-model --listen 127.0.0.1:9999
  cowork demo-model --require-key sk-demo --log requests.jsonl
  curl http://127.0.0.1:9999/v1/models";

/// Run the demo model: an OpenAI-compatible server that needs no key and follows directives such as `[[text:100]]`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DemoModelArgs {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9999")]
    listen: SocketAddr,
    /// Accept only this key; others get 401.
    #[arg(long, value_name = "KEY")]
    require_key: Option<String>,
    /// Write one JSON line per request, with the Authorization header as it came.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

pub(super) async fn run(args: DemoModelArgs) -> anyhow::Result<ExitCode> {
    let options = DemoModelOptions { listen: args.listen, require_key: args.require_key, log: args.log };
    let model = demo::start(options).await.with_context(|| format!("the demo model cannot listen on {}", args.listen))?;
    output::print(&model.base_url())?;
    stop_signal().await?;
    model.stop().await;
    Ok(ExitCode::Success)
}

/// Waits for Ctrl-C or a polite end.
async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
