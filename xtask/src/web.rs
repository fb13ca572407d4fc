//! `cargo xtask web-test` and `cargo xtask screenshots`: the page in a real browser, against a real server.

use crate::steps::{self, program, succeeds};
use anyhow::{Context, bail, ensure};
use clap::Args;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Test the page in a browser; further arguments go to Playwright.
#[derive(Debug, Args)]
pub(crate) struct WebTestArgs {
    /// Arguments of `playwright test`, such as the name of a file.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Take pictures of every view in both themes, into docs/screenshots.
#[derive(Debug, Args)]
pub(crate) struct ScreenshotsArgs {}

pub(crate) fn test(args: &WebTestArgs) -> anyhow::Result<()> {
    let cowork = steps::build_cowork(false)?;
    Browser::find()?.run(&cowork, "web", &args.arguments)
}

pub(crate) fn screenshots(_args: &ScreenshotsArgs) -> anyhow::Result<()> {
    let cowork = steps::build_cowork(false)?;
    Browser::find()?.run(&cowork, "screenshots", &[])
}

/// A browser, and what drives it.
pub(crate) struct Browser {
    web: PathBuf,
    playwright: PathBuf,
    chromium: PathBuf,
}

impl Browser {
    /// Finds or installs what it takes, or says what is missing.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let web = steps::root().join("web");
        ensure!(
            web.join("dist/index.html").metadata().is_ok_and(|document| document.len() > 0),
            "the page was not built: run `npm ci && npm run build` in web/ (Node.js 20.19 or later), then `cargo build`"
        );
        let playwright = web.join("node_modules/.bin/playwright");
        ensure!(playwright.is_file(), "the packages of the page are missing: run `npm ci` in web/");
        Ok(Self { web, playwright, chromium: chromium()? })
    }

    /// Runs one of the projects of `web/playwright.config.ts`. Its tests start the servers that they need.
    pub(crate) fn run(&self, cowork: &Path, project: &str, arguments: &[String]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.playwright);
        command.args(["test", &format!("--project={project}")]).args(arguments).current_dir(&self.web);
        steps::run(command.env("COWORK_BIN", cowork).env("CHROMIUM", &self.chromium))
    }
}

/// The browser that is installed, or one that is installed now, where that needs no question: as root on Debian.
#[expect(clippy::disallowed_methods, reason = "xtask is a program of its own and is told by the environment where the browser is")]
fn chromium() -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        ensure!(named.is_file(), "CHROMIUM names {}, which is no file", named.display());
        return Ok(named);
    }
    let places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let found = || places.iter().map(Path::new).find(|path| path.is_file()).map(Path::to_owned);
    if let Some(found) = found() {
        return Ok(found);
    }
    if nix::unistd::Uid::effective().is_root() && succeeds(program("apt-get", &["--version"]).env("LC_ALL", "C")) {
        steps::apt_install("chromium")?;
        return found().context("apt-get installed chromium, and it is not where it should be");
    }
    bail!("Chromium is missing: install it (on Debian `sudo apt-get install chromium`), or name a browser in CHROMIUM")
}
