//! Secrets that are given by reference: the setting beside it, `…_REF`, says where the value is.

use super::environment::Environment;
use super::problem::Findings;
use super::secret::Secret;
use super::setting::PREFIX;
use super::values::Values;

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
        findings.problem(format!("{PREFIX}{name}_REF names a secret manager, which this version can't read: use env:NAME or file:PATH"));
        return None;
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
