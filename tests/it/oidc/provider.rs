//! The npm package `oidc-provider`, as a process beside the server.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use super::browser::Browser;

const CLIENT_SECRET: &str = "a-secret-of-the-test";

/// A running provider, where one person signs in without being asked. It ends with its standard input.
pub(super) struct Provider {
    pub(super) issuer: String,
    child: Child,
    stdin: Option<ChildStdin>,
    http: reqwest::Client,
}

impl Provider {
    pub(super) fn start() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let packages = packages();
        let script = sources().join("provider.js");
        let mut child = Command::new("node")
            .arg(script)
            .arg(packages)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need node in the path");
        let stdin = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("its output can be read");
        let issuer = line.trim().strip_prefix("ready ").expect("the provider did not get ready").to_owned();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client can be made");
        Self { issuer, child, stdin, http }
    }

    /// The environment of a server that trusts it.
    pub(super) fn environment(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("AUTH_MODE", "oidc"),
            ("OIDC_ISSUER_URL", &self.issuer),
            ("OIDC_CLIENT_ID", "cowork"),
            ("OIDC_CLIENT_SECRET", CLIENT_SECRET),
            ("COOKIE_SECRET", "vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D"),
            ("COOKIE_SECURE", "false"),
        ]
    }

    /// Tells it how to behave; see the script.
    pub(super) async fn told(&self, query: &[(&str, &str)]) {
        let url = reqwest::Url::parse_with_params(&format!("{}/control", self.issuer), query).expect("an address");
        let answer = self.http.get(url).send().await.expect("the provider answers");
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// An id token as a desktop gets it.
    pub(super) async fn id_token(&self) -> String {
        let redirect = "http://127.0.0.1:1/desktop";
        self.told(&[("redirect", redirect)]).await;
        let verifier = "a-verifier-has-at-least-forty-three-characters";
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let asked = [
            ("client_id", "cowork"),
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("redirect_uri", redirect),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let start = reqwest::Url::parse_with_params(&format!("{}/auth", self.issuer), asked).expect("an address");
        let back = Browser::new().follow(start.as_str(), redirect).await;
        let (_, code) = back.query_pairs().find(|(name, _)| name == "code").expect("the provider gave a code");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
            ("client_id", "cowork"),
            ("client_secret", CLIENT_SECRET),
        ];
        let form = reqwest::Url::parse_with_params("http://form/", form).expect("an address").query().unwrap_or_default().to_owned();
        let request =
            self.http.post(format!("{}/token", self.issuer)).header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer: Value = request.send().await.expect("the provider answers").json().await.expect("it answers in JSON");
        answer["id_token"].as_str().unwrap_or_else(|| panic!("no id token: {answer}")).to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stdin.take();
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc")
}

/// The folder with the provider's packages, as the lock file wants them. They are installed once; tests that come at the same time
/// each install their own, and the first one's stays.
fn packages() -> PathBuf {
    let lock = std::fs::read(sources().join("package-lock.json")).expect("the lock file is checked in");
    let digest = HEXLOWER.encode(&Sha256::digest(&lock)[..8]);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = cache.join(format!("oidc-provider-{digest}"));
    if folder.is_dir() {
        return folder;
    }
    std::fs::create_dir_all(cache).expect("the cache can be written");
    let fresh = tempfile::Builder::new().prefix("oidc-provider-").tempdir_in(cache).expect("the cache can be written");
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(sources().join(name), fresh.path().join(name)).expect("the cache can be written");
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(fresh.path()).stdin(Stdio::null());
    let output = npm.output().expect("these tests need npm in the path");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "these tests need oidc-provider from the npm registry, and could not get it:\n{said}");
    let fresh = fresh.keep();
    if std::fs::rename(&fresh, &folder).is_err() {
        std::fs::remove_dir_all(&fresh).ok();
    }
    folder
}
