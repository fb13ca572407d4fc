//! A repository's files, fetched once for a session's workspace.
//!
//! Git runs as a child process that knows nothing of this machine: no configuration, no environment, no hooks, no filters, no
//! submodules, no other protocol than the one it is told. It connects to an address that was looked at before, follows no
//! redirect, and is killed with all its children when it takes too long, fetches too much, or nobody waits any more. What it leaves
//! are plain files: links become small texts, and its own folder stays behind.

mod address;
mod credential;
mod failure;
mod git;
mod measure;

pub use credential::{GitCredential, NoCredential};
pub use failure::CheckoutError;
pub use git::Git;

use address::Pinned;
use cowork_domain::project_source::{CheckoutLimits, GitUrl};
use credential::Handing;
use git::Protocol;
use std::path::Path;

/// What is fetched, and how.
pub struct Checkout<'a> {
    /// Which repository; `https` or `file`.
    pub url: &'a GitUrl,
    /// A branch, a tag or a commit; none is what the repository shows first.
    pub reference: Option<&'a str>,
    /// Only this folder of it.
    pub subdirectory: Option<&'a str>,
    /// What signs in, if the host asks.
    pub credential: Option<&'a GitCredential>,
    /// The host may have a private address.
    pub private_allowed: bool,
    /// Signs the host's certificate, where the system's authorities don't.
    pub authority: Option<&'a Path>,
    /// How much.
    pub limits: CheckoutLimits,
}

impl Checkout<'_> {
    /// Fetches into `files`, an empty folder. `scratch` is an empty folder beside it, on the same disk, that nobody else can read;
    /// whoever made both removes them.
    pub async fn run(&self, git: &Git, scratch: &Path, files: &Path) -> Result<(), CheckoutError> {
        let worked = tokio::time::timeout(self.limits.time, self.work(git, scratch, files));
        worked.await.unwrap_or(Err(CheckoutError::Timeout(self.limits.time)))
    }

    async fn work(&self, git: &Git, scratch: &Path, files: &Path) -> Result<(), CheckoutError> {
        let pinned = match self.url.scheme() {
            "file" => None,
            _ => Some(Pinned::find(self.url, self.private_allowed).await?),
        };
        let protocol = Protocol { pinned: pinned.as_ref(), authority: self.authority };
        let (repository, tree) = (scratch.join("repository"), scratch.join("tree"));
        std::fs::create_dir(&tree)?;
        let place = git::Ground { scratch, repository: &repository, tree: &tree, limits: &self.limits };

        git.run(&place, &protocol, None, &["init", "--quiet", "--bare", "--template=", "--initial-branch=main", "."]).await?;
        let handing = self.credential.map(|credential| Handing::new(credential, scratch)).transpose()?;
        let url = self.url.to_string();
        let wanted = self.reference.unwrap_or("HEAD");
        let fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--end-of-options"];
        let refspec = format!("{wanted}:refs/cowork/checkout");
        let fetched: Vec<&str> = fetch.into_iter().chain([url.as_str(), refspec.as_str()]).collect();
        git.run(&place, &protocol, handing.as_ref(), &fetched).await?;
        drop(handing);
        let folder = self.subdirectory.map_or("", |folder| folder.trim_matches('/'));
        let pathspec = if folder.is_empty() { "." } else { folder };
        git.run(&place, &protocol, None, &["checkout", "--quiet", "--force", "refs/cowork/checkout", "--", pathspec]).await?;

        let (found, files, limits) = (tree.join(folder), files.to_owned(), self.limits);
        let settled = tokio::task::spawn_blocking(move || settle(&found, &files, &limits));
        settled.await.unwrap_or_else(|_| Err(std::io::Error::other("the work was interrupted").into()))
    }
}

/// Counts what is there, and puts it in its place.
fn settle(found: &Path, files: &Path, limits: &CheckoutLimits) -> Result<(), CheckoutError> {
    if !std::fs::symlink_metadata(found).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(CheckoutError::NotFound);
    }
    let size = measure::of(found, limits.entries, limits.bytes)?;
    if size.entries > limits.entries || size.bytes > limits.bytes {
        return Err(CheckoutError::TooLarge);
    }
    // An empty folder gives way.
    Ok(std::fs::rename(found, files)?)
}

#[cfg(test)]
mod tests;
