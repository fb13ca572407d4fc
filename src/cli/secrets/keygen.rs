//! `cowork secrets keygen`.

use crate::cli::{
    ExitCode,
    output::{self, Output},
};
use anyhow::Context;
use clap::Args;
use cowork_secrets::sealing::OpeningKey;
use serde_json::json;
use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf};

/// Make a new pair of keys: one to open with, for the workers, and one to seal with, for the web nodes.
#[derive(Debug, Args)]
pub(super) struct KeygenArgs {
    /// Write the opening key to this new file, which only its owner can read, and don't print it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
}

pub(super) fn run(args: &KeygenArgs) -> anyhow::Result<ExitCode> {
    let key = OpeningKey::generate();
    let (opening, sealing) = (key.to_text(), key.sealing_key().to_string());
    if let Some(path) = &args.out {
        write(path, opening.expose()).with_context(|| format!("the key can't be written to {}", path.display()))?;
    }
    let shown = args.out.is_none().then(|| opening.expose().as_str());
    match args.output {
        Output::Json => output::print_json(&json!({ "keyId": key.id().to_string(), "sealingKey": sealing, "openingKey": shown }))?,
        Output::Table => {
            let opening = shown.map(|text| format!("OPEN_COWORK_CLOUD_OPENING_KEY={text}\n")).unwrap_or_default();
            output::print(&format!("{opening}OPEN_COWORK_CLOUD_SEALING_KEY={sealing}\n"))?;
        }
    }
    Ok(ExitCode::Success)
}

/// A key that stands in the file is somebody's only one: it is never overwritten.
fn write(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
