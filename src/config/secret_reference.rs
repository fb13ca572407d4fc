//! Secrets that are given by reference: the setting beside it, `…_REF`, says where the value is.

use super::environment::Environment;
use super::problem::Findings;
use super::secret::Secret;
use super::setting::PREFIX;
use super::values::Values;
use crate::secrets::surroundings;
use cowork_secrets::service::{SecretReference, read_secret};

/// A secret given inline or by reference. Going on without a secret that somebody configured would be unsafe, so a reference
/// that can't be followed stops the start.
pub(super) fn resolve(values: &Values, environment: &Environment, name: &str, findings: &mut Findings) -> Option<Secret> {
    let inline = values.secret(name);
    let Some(reference) = values.text(&format!("{name}_REF")) else { return inline };
    if inline.is_some() {
        findings.problem(format!("{PREFIX}{name} and {PREFIX}{name}_REF are both set: keep one of them"));
        return None;
    }
    let found = if let Some(variable) = reference.strip_prefix("env:") {
        environment.get(variable).map(str::to_owned).ok_or_else(|| format!("the environment variable {variable}, which is not set"))
    } else if let Some(path) = reference.strip_prefix("file:") {
        read_file(path)
    } else {
        read_manager(&reference, environment)
    };
    match found {
        Ok(text) => Some(Secret::new(text)),
        Err(what) => {
            findings.problem(format!("{PREFIX}{name}_REF refers to {what}"));
            None
        }
    }
}

/// The text of a mounted secret. Editors and most tools end a file with a line feed, which belongs to nobody's secret.
fn read_file(path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("the file {path}, which cannot be read: {error}"))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err(format!("the file {path}, which is empty")) } else { Ok(secret.to_owned()) }
}

/// The text that a secret manager holds. Everything else at the start needs it, so the start waits: some seconds at most. The
/// configuration is read without a runtime of its own, and within one that must not be entered twice; hence the thread.
fn read_manager(reference: &str, environment: &Environment) -> Result<String, String> {
    let reference = SecretReference::parse(reference).map_err(|why| format!("something that can't be read: {why}"))?;
    let read = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        let secret = runtime.block_on(read_secret(&reference, &surroundings(environment))).map_err(|error| error.to_string())?;
        Ok(secret.expose().trim_end_matches(['\r', '\n']).to_owned())
    };
    let read: Result<String, String> =
        std::thread::scope(|scope| scope.spawn(read).join().unwrap_or_else(|_| Err("the reading ended early".to_owned())));
    match read {
        Ok(text) if text.is_empty() => Err(format!("{reference}, which is empty")),
        Ok(text) => Ok(text),
        Err(why) => Err(format!("{reference}, which can't be read: {why}")),
    }
}
