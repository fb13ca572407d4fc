//! What a session works on, as a request names it (contract 05 §2). A source that would put a
//! credential into the log, or that no checkout may follow, is refused before anything is stored.

use crate::http::error::ApiError;
use cowork_domain::{codes::Code, event::ProjectSource};
use http::StatusCode;
use serde_json::Value;

/// Reads the field of a request; absent and null mean no source.
pub(in crate::http) fn read(source: Option<&Value>) -> Result<Option<ProjectSource>, ApiError> {
    let Some(source) = source else { return Ok(None) };
    let source: ProjectSource =
        serde_json::from_value(source.clone()).map_err(|_| denied(Code::ProjectSourceInvalid, "Cloud project source is invalid."))?;
    if let ProjectSource::Git { repository_url, reference, subdirectory, .. } = &source {
        check_url(repository_url)?;
        if reference.as_deref().is_some_and(|reference| !is_safe_reference(reference)) {
            return Err(denied(Code::ProjectSourceReference, "Git references must be plain names."));
        }
        if subdirectory.as_deref().is_some_and(|folder| !is_safe_folder(folder)) {
            return Err(denied(Code::ProjectSourceSubdirectory, "Git subdirectories must be relative and stay inside the repository."));
        }
        return Ok(Some(source));
    }
    // Uploaded snapshots need an object store, which this deployment does not have.
    Err(denied(Code::ProjectSourceSnapshotDisabled, "Uploaded project snapshots are not enabled for this cloud profile."))
}

/// In the order of the contract's table: the first failing check is reported.
fn check_url(url: &str) -> Result<(), ApiError> {
    let invalid = || denied(Code::ProjectSourceUrlInvalid, "Git repository URL is invalid.");
    let has_credentials = || denied(Code::ProjectSourceCredentials, "Git repository URLs must not contain credentials.");
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(if url.contains('@') { has_credentials() } else { invalid() });
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(has_credentials());
    }
    if rest.contains(['?', '#']) {
        return Err(denied(Code::ProjectSourceUrlComponents, "Git repository URLs must not contain a query or fragment."));
    }
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "file" => return Err(denied(Code::ProjectSourceFileUrl, "Git file URLs are not enabled for this cloud profile.")),
        _ => return Err(denied(Code::ProjectSourceScheme, "Git repository URLs must use HTTPS.")),
    }
    let is_url = !authority.is_empty() && url.parse::<http::Uri>().is_ok();
    if is_url { Ok(()) } else { Err(invalid()) }
}

/// Narrower than git itself: nothing that a command line or a shell could read as something else.
fn is_safe_reference(reference: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-+@".contains(&byte);
    !reference.is_empty()
        && reference.len() <= 255
        && reference.bytes().all(is_plain)
        && !reference.starts_with(['-', '/', '.'])
        && !reference.contains("..")
        && !reference.contains("@{")
}

fn is_safe_folder(folder: &str) -> bool {
    folder.len() <= 1024
        && !folder.starts_with(['/', '-'])
        && !folder.contains('\\')
        && folder.split('/').all(|part| !matches!(part, ".." | ".git"))
}

fn denied(code: Code, message: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, message).verdict(code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(source: &Value) -> String {
        match read(Some(source)) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => {
                let body: Value = serde_json::from_str(&error.body()).expect("JSON");
                body["code"].as_str().unwrap_or_default().to_owned()
            }
        }
    }

    #[test]
    fn sources_that_leak_or_escape_are_refused_by_name() {
        let git = |url: &str| json!({ "kind": "git", "repositoryUrl": url });
        for (url, expected) in [
            ("https://git.example/acme/app", "accepted"),
            ("https://kim:pw@git.example/acme/app", "project_source.git.raw_credentials"),
            ("git@git.example:acme/app", "project_source.git.raw_credentials"),
            ("https://git.example/acme/app?token=1", "project_source.git.url_components"),
            ("file:///etc", "project_source.git.file_url_disabled"),
            ("http://git.example/acme/app", "project_source.git.scheme"),
            ("https://", "project_source.git.invalid_url"),
            ("app", "project_source.git.invalid_url"),
        ] {
            assert_eq!(code(&git(url)), expected, "{url}");
        }
        let with = |field: &str, value: &str| json!({ "kind": "git", "repositoryUrl": "https://git.example/a/b", field: value });
        assert_eq!(code(&with("ref", "--upload-pack=x")), "project_source.git.ref");
        assert_eq!(code(&with("ref", "release/1.2")), "accepted");
        assert_eq!(code(&with("subdirectory", "a/../../b")), "project_source.git.subdirectory");
        for malformed in [json!("git"), json!({}), json!({ "kind": "zip" }), json!([])] {
            assert_eq!(code(&malformed), "project_source.required", "{malformed}");
        }
        assert!(read(None).is_ok_and(|source| source.is_none()));
    }
}
