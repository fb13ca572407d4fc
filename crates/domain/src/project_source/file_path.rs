//! Which files a snapshot may hold. Clients leave the rest out by themselves; this is for those that don't.

/// How deep folders may nest: as deep as workspaces are kept.
const DEEPEST: usize = 64;
const LONGEST: usize = 1024;
/// Longest name of a file on common file systems, in bytes.
const LONGEST_NAME: usize = 255;

/// Folders and files that hold somebody's secrets.
const SECRET_NAMES: [&str; 14] = [
    ".npmrc",
    ".pypirc",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".pgpass",
    ".dockercfg",
    ".vault-token",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".htpasswd",
    ".terraformrc",
];
const SECRET_FOLDERS: [&str; 6] = [".ssh", ".aws", ".azure", ".gcloud", ".gnupg", ".kube"];
const SECRET_ENDINGS: [&str; 5] = [".pem", ".key", ".p12", ".pfx", ".ppk"];
/// Folders that tools make again.
const GENERATED: [&str; 18] = [
    ".git",
    ".hg",
    ".svn",
    "node_modules",
    "dist",
    "build",
    "target",
    "vendor",
    "coverage",
    ".next",
    ".nuxt",
    ".turbo",
    ".cache",
    ".venv",
    "venv",
    "__pycache__",
    ".gradle",
    ".terraform",
];

/// Why a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathRefused {
    /// It leads out of the project, or nowhere.
    #[error("is not a plain relative path")]
    Unsafe,
    /// It holds secrets.
    #[error("may hold secrets")]
    Secret,
    /// It is made by tools.
    #[error("is generated")]
    Generated,
}

/// Whether a snapshot may hold a file of this path.
pub fn check_path(path: &str) -> Result<(), PathRefused> {
    let has_drive = path.as_bytes().get(1) == Some(&b':') && path.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_plain = |name: &str| !matches!(name, "" | "." | "..") && name.len() <= LONGEST_NAME;
    let is_text = !path.chars().any(|character| character.is_control() || character == '\\');
    let depth = path.split('/').count();
    if path.len() > LONGEST || has_drive || !is_text || depth > DEEPEST || !path.split('/').all(is_plain) {
        return Err(PathRefused::Unsafe);
    }
    // File systems that ignore case would take `.ENV` for `.env`.
    let path = path.to_ascii_lowercase();
    let mut names = path.split('/');
    let name = names.next_back().unwrap_or_default();
    let folders: Vec<&str> = names.collect();
    let is_environment = name == ".env" || name.starts_with(".env.") || name == ".envrc";
    let is_secret = is_environment || SECRET_NAMES.contains(&name) || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending));
    if is_secret || SECRET_FOLDERS.contains(&name) || folders.iter().any(|folder| SECRET_FOLDERS.contains(folder)) {
        return Err(PathRefused::Secret);
    }
    if name == ".git" || folders.iter().any(|folder| GENERATED.contains(folder)) {
        return Err(PathRefused::Generated);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_leaks_or_is_made_again_stays_outside() {
        for good in
            ["README.md", "src/a.ts", "ä b/c", ".github/workflows/ci.yml", "scripts/build", "environment.env", "keys.md", "...", ".envoy/x"]
        {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        let deep = vec!["a"; 65].join("/");
        for outside in ["", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", "a\\b", "a\0b", "C:/x", "a\nb", &"x".repeat(256), &deep]
        {
            assert_eq!(check_path(outside), Err(PathRefused::Unsafe), "{outside}");
        }
        for secret in
            [".env", "app/.env.local", ".ENV", ".npmrc", "home/.ssh/config", ".aws/credentials", "certs/server.key", "id_ed25519", ".ssh"]
        {
            assert_eq!(check_path(secret), Err(PathRefused::Secret), "{secret}");
        }
        for generated in
            [".git/config", "sub/.git", "node_modules/x/index.js", "app/DIST/a.js", "target/debug/x", "vendor/a.go", "coverage/i.html"]
        {
            assert_eq!(check_path(generated), Err(PathRefused::Generated), "{generated}");
        }
    }
}
