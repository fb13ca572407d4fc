//! A faithful S3 on this machine: `moto` from PyPI, in an environment of its own beside the build, which is made once.

use crate::{program::GLANCE, server::PATIENCE};
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

const PACKAGE: &str = "moto[server,s3]==5.1.*";

/// A running store with one bucket.
pub(super) struct Moto {
    child: Child,
    pub(super) url: String,
}

impl Moto {
    /// Starts one; without Python or without its packages it says why there is none.
    pub(super) async fn start(bucket: &str) -> Option<Self> {
        let program = match installed() {
            Ok(program) => program,
            Err(why) => {
                eprintln!("not tested with S3: {why}");
                return None;
            }
        };
        // Nobody else has installed one yet; a second call changes nothing.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("an installed program starts");
        let output = child.stderr.take().expect("piped");
        let (found, waiting) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("Running on ") {
                    found.send(url.trim().to_owned()).ok();
                }
            }
        });
        let moto = Self { child, url: waiting.recv_timeout(PATIENCE).expect("it says where it is") };
        let deadline = Instant::now() + PATIENCE;
        let http = client();
        loop {
            let made = http.put(format!("{}/{bucket}", moto.url)).send().await;
            if made.is_ok_and(|made| made.status().is_success()) {
                return Some(moto);
            }
            assert!(Instant::now() < deadline, "it never made a bucket");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a browser, or an administrator, asks the store with.
pub(super) fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).build().expect("a client can be made")
}

/// Where the program is, installed if need be. Tests that start together wait for the first of them.
fn installed() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let lock = std::fs::File::create(folder.join("moto.lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let place = folder.join("moto");
    let program = place.join("bin/moto_server");
    let done = place.join("installed");
    if program.exists() && done.exists() {
        return Ok(program);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    run(Command::new(place.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", PACKAGE]))?;
    std::fs::write(done, PACKAGE).map_err(|error| error.to_string())?;
    Ok(program)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} ended with {}: {}", output.status, said.lines().last().unwrap_or_default()))
}
