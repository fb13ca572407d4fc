//! Why there are no files, read from what git says.

use cowork_domain::codes::Code;
use std::{io, time::Duration};

/// Why a checkout failed. No text of these holds an address or a secret.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// There is no git here, or one that can't be kept to the address that was looked at.
    #[error("This node has no git of version 2.37 or newer. Tell the operator.")]
    NoGit,
    /// The name leads inside.
    #[error("The host of the repository leads to an address that this cloud doesn't connect to.")]
    AddressDenied,
    /// No connection, or it broke.
    #[error("The host of the repository can't be reached at the moment. Send the prompt again later.")]
    Unreachable,
    /// The host wants to know who asks, or didn't like the answer.
    #[error("The host of the repository refused access: it may need a credential, or another one.")]
    Unauthorized,
    /// There is no such thing, or it is elsewhere now.
    #[error("The repository, its reference or its folder doesn't exist at this address.")]
    NotFound,
    /// More than may be.
    #[error("The repository is larger than this cloud profile allows.")]
    TooLarge,
    /// It took too long.
    #[error("The repository could not be fetched within {} seconds.", .0.as_secs())]
    Timeout(Duration),
    /// The disk, or the process.
    #[error("The files of the repository can't be written at the moment. Send the prompt again later.")]
    Io(#[from] io::Error),
}

impl CheckoutError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::NoGit => Code::ProjectSourceGitUnavailable,
            Self::AddressDenied => Code::ProjectSourceGitAddressDenied,
            Self::Unreachable => Code::ProjectSourceGitUnreachable,
            Self::Unauthorized => Code::ProjectSourceGitUnauthorized,
            Self::NotFound => Code::ProjectSourceGitNotFound,
            Self::TooLarge => Code::ProjectSourceGitTooLarge,
            Self::Timeout(_) => Code::ProjectSourceGitTimeout,
            Self::Io(_) => Code::WorkspaceUnavailable,
        }
    }

    /// What git's own words come to. What nobody knows counts as an unreachable host: then trying again may help.
    pub(super) fn of(words: &str) -> Self {
        let says = |texts: &[&str]| texts.iter().any(|text| words.contains(text));
        if says(&["Authentication failed", "could not read Username", "could not read Password", "error: 401", "error: 403"]) {
            return Self::Unauthorized;
        }
        let missing = [
            "couldn't find remote ref",
            "did not match any file",
            "repository not found",
            "Repository not found",
            "not found: did you run git update-server-info",
            "' not found",
            "error: 404",
            // It moved; nobody is followed.
            "error: 30",
            "does not appear to be a git repository",
            "not our ref",
            "Server does not allow request for unadvertised object",
            "no such remote ref",
            "not a tree object",
        ];
        if says(&missing) {
            return Self::NotFound;
        }
        if says(&["No space left on device", "Disk quota exceeded"]) {
            return Self::Io(io::ErrorKind::StorageFull.into());
        }
        if says(&["Out of memory", "out of memory", "mmap failed"]) {
            return Self::TooLarge;
        }
        Self::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gits_words_have_a_code() {
        for (words, code) in [
            ("fatal: could not read Username for 'https://git.example': terminal prompts disabled", "project_source.git.unauthorized"),
            ("fatal: Authentication failed for 'https://git.example/a/b/'", "project_source.git.unauthorized"),
            ("fatal: couldn't find remote ref nowhere", "project_source.git.not_found"),
            ("error: pathspec 'docs' did not match any file(s) known to git", "project_source.git.not_found"),
            ("remote: Repository not found.\nfatal: repository 'https://git.example/a/b/' not found", "project_source.git.not_found"),
            ("fatal: unable to access 'https://git.example/': Could not resolve host", "project_source.git.unreachable"),
            ("fatal: write error: No space left on device", "workspace.unavailable"),
        ] {
            assert_eq!(CheckoutError::of(words).code().as_str(), code, "{words}");
        }
    }
}
