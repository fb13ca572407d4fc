//! A faithful Azure Blob Storage on this machine: `azurite` from npm, in a folder of its own beside the build, which is made once.

use super::moto::client;
use crate::{program::GLANCE, server::PATIENCE};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

const PACKAGE: &str = "azurite@3.35";
/// The account that every azurite has, and its key: both are in its documentation.
pub(super) const ACCOUNT: &str = "devstoreaccount1";
pub(super) const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A running store with one container.
pub(super) struct Azurite {
    child: Child,
    /// Of the account.
    pub(super) url: String,
}

impl Azurite {
    /// Starts one; without Node.js or without its package it says why there is none.
    pub(super) async fn start(container: &str) -> Option<Self> {
        let program = match installed() {
            Ok(program) => program,
            Err(why) => {
                eprintln!("not tested with Azure: {why}");
                return None;
            }
        };
        // Nobody else has installed one yet; a second call changes nothing.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut child = Command::new(program)
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("an installed program starts");
        let output = child.stdout.take().expect("piped");
        let (found, waiting) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("successfully listens on ") {
                    found.send(url.trim().to_owned()).ok();
                }
            }
        });
        let url = waiting.recv_timeout(PATIENCE).expect("it says where it is");
        let azurite = Self { child, url: format!("{url}/{ACCOUNT}") };
        let create = format!("{}/{container}?restype=container&{}", azurite.url, shared_access());
        let deadline = Instant::now() + PATIENCE;
        loop {
            let made = client().put(&create).header("x-ms-version", SIGNED_VERSION).body("").send().await;
            if made.is_ok_and(|made| made.status().is_success()) {
                return Some(azurite);
            }
            assert!(Instant::now() < deadline, "it never made a container");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

const SIGNED_VERSION: &str = "2019-12-12";

/// A shared access signature for everything in the account's blobs, as a query (Azure, "Create an account SAS").
pub(super) fn shared_access() -> String {
    let (permissions, services, kinds, end) = ("rwdlac", "b", "sco", "2099-01-01T00:00:00Z");
    let signed = format!("{ACCOUNT}\n{permissions}\n{services}\n{kinds}\n\n{end}\n\n\n{SIGNED_VERSION}\n");
    let key = STANDARD.decode(KEY).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length will do");
    mac.update(signed.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("sv={SIGNED_VERSION}&ss={services}&srt={kinds}&sp={permissions}&se={end}&sig={signature}")
}

/// Where the program is, installed if need be. Tests that start together wait for the first of them.
fn installed() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let lock = std::fs::File::create(folder.join("azurite.lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let place = folder.join("azurite");
    let program = place.join("node_modules/.bin/azurite-blob");
    let done = place.join("installed");
    if program.exists() && done.exists() {
        return Ok(program);
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix"]).arg(&place).arg(PACKAGE);
    let output = npm.stdin(Stdio::null()).output().map_err(|error| format!("npm: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("npm ended with {}: {}", output.status, said.lines().last().unwrap_or_default()));
    }
    std::fs::write(done, PACKAGE).map_err(|error| error.to_string())?;
    Ok(program)
}
