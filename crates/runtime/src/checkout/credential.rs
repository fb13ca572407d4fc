//! What signs in at a repository's host, and how git gets it: from a named pipe in a folder of our own, read by git's helper when it
//! is asked. It stands in no command line, in no environment, on no disk and in no log.

use cowork_domain::secret::Secret;
use nix::{sys::stat::Mode, unistd::mkfifo};
use std::{
    convert::Infallible,
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{io::AsyncWriteExt as _, net::unix::pipe};
use zeroize::Zeroizing;

/// The user of tokens: every large host takes it.
const TOKEN_USER: &str = "x-access-token";
const LONGEST: usize = 8 * 1024;
/// Between two looks whether git asks.
const GLANCE: Duration = Duration::from_millis(10);
/// Long enough for a reader to see the end of what it got.
const PAUSE: Duration = Duration::from_millis(100);

/// The variable that names the pipe to the helper.
pub(super) const PIPE: &str = "COWORK_CREDENTIAL";
/// Git runs it with a shell. `read` and `printf` are the shell's own, so nothing travels in arguments.
pub(super) const HELPER: &str = r#"!f() { test "$1" = get || exit 0; { IFS= read -r user && IFS= read -r word; } <"$COWORK_CREDENTIAL" || exit 1; printf 'username=%s\npassword=%s\n' "$user" "$word"; }; f"#;

/// A user and a password, or a token.
pub struct GitCredential {
    /// As git's helper says it.
    lines: Secret<String>,
}

/// The text is no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is neither a token nor user:password")]
pub struct NoCredential;

impl GitCredential {
    /// From a secret's text: `user:password`, or a token alone.
    pub fn parse(text: &Secret<String>) -> Result<Self, NoCredential> {
        let text = text.expose().trim();
        let (user, word) = text.split_once(':').unwrap_or((TOKEN_USER, text));
        if user.is_empty() || word.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(NoCredential);
        }
        Ok(Self { lines: Secret::new(format!("{user}\n{word}\n")) })
    }
}

/// A pipe by which one run of git can ask for it.
pub(super) struct Handing<'a> {
    credential: &'a GitCredential,
    pipe: PathBuf,
}

impl<'a> Handing<'a> {
    pub(super) fn new(credential: &'a GitCredential, folder: &Path) -> io::Result<Self> {
        let pipe = folder.join("credential");
        mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR)?;
        Ok(Self { credential, pipe })
    }

    pub(super) fn pipe(&self) -> &Path {
        &self.pipe
    }

    /// Answers whenever somebody reads, until it is dropped. One who is answered twice reads the first answer only.
    pub(super) async fn serve(&self) -> Infallible {
        let lines = Zeroizing::new(self.credential.lines.expose().clone());
        loop {
            // It can only be opened while a reader has it open.
            match pipe::OpenOptions::new().open_sender(&self.pipe) {
                Ok(mut reader) => {
                    let _ = reader.write_all(lines.as_bytes()).await;
                    drop(reader);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_token_or_a_user_with_a_password() {
        let lines = |text: &str| GitCredential::parse(&Secret::new(text.to_owned())).map(|read| read.lines.expose().clone());
        assert_eq!(lines("ghp_x\n"), Ok("x-access-token\nghp_x\n".into()));
        assert_eq!(lines("kim:a:b"), Ok("kim\na:b\n".into()));
        for bad in ["", "  ", ":x", "kim:", "a\nb", "a\u{0}b"] {
            assert_eq!(lines(bad), Err(NoCredential), "{bad:?}");
        }
    }
}
