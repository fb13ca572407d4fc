//! Repositories.

use super::{CredentialReferences, GitUrl, GitUrlError, SourceDenied};
use crate::{codes::Code, ids::OrgId};
use std::time::Duration;

/// Which repositories a profile allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRules {
    /// Any at all.
    pub enabled: bool,
    /// `github.com`, `git.example:8443`, `*.git.example`, or `*` for any; without any, none.
    pub allowed_hosts: Vec<String>,
    /// `github.com/acme/site`, `acme/site`, `https://github.com/acme/*`; without any, every repository of the hosts.
    pub allowed_repositories: Vec<String>,
    /// Repositories on the server's own disk.
    pub allow_file_urls: bool,
    /// Hosts with private addresses.
    pub allow_private_network: bool,
    /// What may be used to sign in.
    pub credentials: CredentialReferences,
    /// How much is fetched.
    pub limits: CheckoutLimits,
}

/// Bounds on a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckoutLimits {
    /// Files and folders.
    pub entries: usize,
    /// Bytes of the files; git's own objects may take as much again.
    pub bytes: u64,
    /// From the first look at the host to the last file.
    pub time: Duration,
}

impl Default for CheckoutLimits {
    fn default() -> Self {
        Self { entries: 20_000, bytes: 512 << 20, time: Duration::from_secs(300) }
    }
}

impl Default for GitRules {
    fn default() -> Self {
        Self {
            enabled: true,
            allowed_hosts: ["github.com", "gitlab.com"].map(str::to_owned).into(),
            allowed_repositories: Vec::new(),
            allow_file_urls: false,
            allow_private_network: false,
            credentials: CredentialReferences::default(),
            limits: CheckoutLimits::default(),
        }
    }
}

impl GitRules {
    /// In the order of the contract's table: the first rule that fails is reported.
    pub(super) fn check(
        &self,
        url: &str,
        subdirectory: Option<&str>,
        reference: Option<&str>,
        credential: Option<&str>,
        org: &OrgId,
    ) -> Result<(), SourceDenied> {
        if !self.enabled {
            return Err(SourceDenied::new(Code::ProjectSourceGitDisabled, "Git project sources are not enabled for this cloud profile."));
        }
        self.check_address(url)?;
        if subdirectory.is_some_and(|folder| !is_safe_folder(folder)) {
            let reason = "Git subdirectories must be relative and stay inside the repository.";
            return Err(SourceDenied::new(Code::ProjectSourceSubdirectory, reason));
        }
        if reference.is_some_and(|reference| !is_safe_reference(reference)) {
            return Err(SourceDenied::new(Code::ProjectSourceReference, "Git references must be plain names."));
        }
        credential.map_or(Ok(()), |reference| self.credentials.take(reference, org))
    }

    fn check_address(&self, url: &str) -> Result<(), SourceDenied> {
        let url = GitUrl::parse(url).map_err(|error| {
            let code = match error {
                GitUrlError::Invalid => Code::ProjectSourceUrlInvalid,
                GitUrlError::Credentials => Code::ProjectSourceCredentials,
                GitUrlError::Components => Code::ProjectSourceUrlComponents,
            };
            SourceDenied::new(code, error.to_string())
        })?;
        match url.scheme() {
            "file" if !self.allow_file_urls => {
                return Err(SourceDenied::new(Code::ProjectSourceFileUrl, "Git file URLs are not enabled for this cloud profile."));
            }
            "https" if !self.allowed_hosts.iter().any(|allowed| is_host(allowed, &url)) => {
                return Err(SourceDenied::new(Code::ProjectSourceHostDenied, format!("Git host \"{}\" is not allowed.", url.place())));
            }
            "file" | "https" => {}
            _ => return Err(SourceDenied::new(Code::ProjectSourceScheme, "Git repository URLs must use HTTPS.")),
        }
        if self.allowed_repositories.is_empty() || self.allowed_repositories.iter().any(|allowed| is_repository(allowed, &url)) {
            return Ok(());
        }
        Err(SourceDenied::new(Code::ProjectSourceRepositoryDenied, format!("Git repository \"{}\" is not allowed.", url.repository())))
    }
}

/// An entry without a port means the usual one.
fn is_host(allowed: &str, url: &GitUrl) -> bool {
    let allowed = allowed.trim().to_ascii_lowercase();
    let place = url.place();
    match allowed.strip_prefix("*.") {
        _ if allowed == "*" => true,
        Some(domain) => place.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => place == allowed.strip_suffix(":443").unwrap_or(&allowed),
    }
}

/// An entry names a repository with its host, or by its path on any allowed host; `/*` at its end means all below.
fn is_repository(allowed: &str, url: &GitUrl) -> bool {
    let allowed = allowed.trim();
    let named = allowed.split_once("://").map_or(allowed, |(_, rest)| rest);
    let (named, below) = named.strip_suffix("/*").map_or((named, false), |folder| (folder, true));
    let named = named.trim_end_matches('/');
    let named = named.strip_suffix(".git").unwrap_or(named);
    let repository = url.repository();
    let path = repository.strip_prefix(&url.place()).unwrap_or_default().trim_start_matches('/');
    let is_named = |candidate: &str| {
        candidate.strip_prefix(named).is_some_and(|rest| if below { rest.len() > 1 && rest.starts_with('/') } else { rest.is_empty() })
    };
    !named.is_empty() && (is_named(&repository) || (!allowed.contains("://") && is_named(path)))
}

/// Narrower than git itself: nothing that a command line or a shell could read as something else.
fn is_safe_reference(reference: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-+@".contains(&byte);
    reference.len() <= 255
        && reference.bytes().all(is_plain)
        && !reference.starts_with(['-', '/', '.', '+'])
        && !reference.ends_with(['/', '.'])
        && !reference.contains("..")
        && !reference.contains("//")
}

fn is_safe_folder(folder: &str) -> bool {
    folder.len() <= 1024
        && !folder.starts_with(['/', '-', '~'])
        && !folder.contains(['\\', ':'])
        && !folder.chars().any(char::is_control)
        && folder.split('/').all(|part| part != ".." && !part.eq_ignore_ascii_case(".git"))
}
