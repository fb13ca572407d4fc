//! Against repositories on this disk; the way over the network is looked at where there is a server for it.

use super::*;
use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};
use tempfile::TempDir;

/// A repository with a branch, a tag, a folder, a link, a hook and a filter.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path();
    git(place, &["init", "--quiet", "--initial-branch=main"]);
    fs::create_dir_all(place.join("docs/inner")).expect("made");
    for (name, content) in [
        ("README.md", "one\n"),
        ("docs/inner/guide.md", "guide\n"),
        ("run.sh", "#!/bin/sh\n"),
        (".gitattributes", "*.md filter=evil\n"),
        (".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = https://nowhere.invalid/x\n"),
    ] {
        fs::write(place.join(name), content).expect("written");
    }
    fs::set_permissions(place.join("run.sh"), fs::Permissions::from_mode(0o755)).expect("changed");
    std::os::unix::fs::symlink("/etc/passwd", place.join("link")).expect("linked");
    git(place, &["add", "--all"]);
    git(place, &["commit", "--quiet", "--message=first"]);
    git(place, &["tag", "--annotate", "v1", "--message=v1"]);
    git(place, &["checkout", "--quiet", "-b", "next/step"]);
    fs::write(place.join("README.md"), "two\n").expect("written");
    git(place, &["commit", "--quiet", "--all", "--message=second"]);
    git(place, &["checkout", "--quiet", "main"]);
    folder
}

fn git(place: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(place).args(["-c", "user.name=Kim", "-c", "user.email=kim@acme.test"]).args(arguments);
    let output = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("git is there");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

struct Out {
    ground: TempDir,
    result: Result<(), CheckoutError>,
}

impl Out {
    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.ground.path().join("files").join(name)).ok()
    }

    fn code(&self) -> &'static str {
        self.result.as_ref().map_or_else(|error| error.code().as_str(), |()| "fetched")
    }
}

async fn check_out(repository: &TempDir, reference: Option<&str>, subdirectory: Option<&str>, limits: CheckoutLimits) -> Out {
    let ground = tempfile::tempdir().expect("a folder");
    let (scratch, files) = (ground.path().join("scratch"), ground.path().join("files"));
    fs::create_dir(&scratch).expect("made");
    fs::create_dir(&files).expect("made");
    let url = GitUrl::parse(&format!("file://{}", repository.path().display())).expect("an address");
    let git = Git::find().await.expect("git is there");
    let checkout = Checkout { url: &url, reference, subdirectory, credential: None, private_allowed: false, authority: None, limits };
    let result = checkout.run(&git, &scratch, &files).await;
    Out { ground, result }
}

#[tokio::test]
async fn the_files_of_a_branch_a_tag_or_a_folder_come_alone() {
    let repository = repository();
    let limits = CheckoutLimits::default();
    let whole = check_out(&repository, None, None, limits).await;
    assert_eq!((whole.code(), whole.read("README.md").as_deref()), ("fetched", Some("one\n")));
    assert_eq!(whole.read("docs/inner/guide.md").as_deref(), Some("guide\n"));
    let files = whole.ground.path().join("files");
    assert_eq!(fs::metadata(files.join("run.sh")).expect("it is there").permissions().mode() & 0o111, 0o111);
    assert!(!files.join(".git").exists(), "git's own folder stays behind");
    let link = fs::symlink_metadata(files.join("link")).expect("it is there");
    assert!(link.is_file(), "a link leads nowhere any more");

    for (reference, content) in [("next/step", "two\n"), ("v1", "one\n"), ("refs/heads/next/step", "two\n")] {
        let out = check_out(&repository, Some(reference), None, limits).await;
        assert_eq!((out.code(), out.read("README.md").as_deref()), ("fetched", Some(content)), "{reference}");
    }
    let folder = check_out(&repository, None, Some("docs/inner/"), limits).await;
    assert_eq!((folder.code(), folder.read("guide.md").as_deref(), folder.read("README.md")), ("fetched", Some("guide\n"), None));
}

#[tokio::test]
async fn what_is_not_there_or_too_much_says_so_and_leaves_nothing() {
    let repository = repository();
    let limits = CheckoutLimits::default();
    for (reference, folder) in [(Some("nowhere"), None), (None, Some("nowhere")), (None, Some("README.md")), (None, Some(":(top)docs"))] {
        let out = check_out(&repository, reference, folder, limits).await;
        assert_eq!(out.code(), "project_source.git.not_found", "{reference:?} {folder:?}: {:?}", out.result);
        assert_eq!(fs::read_dir(out.ground.path().join("files")).expect("it is there").count(), 0);
    }
    let few = check_out(&repository, None, None, CheckoutLimits { entries: 3, ..limits }).await;
    assert_eq!(few.code(), "project_source.git.too_large");
    let small = check_out(&repository, None, None, CheckoutLimits { bytes: 10, ..limits }).await;
    assert_eq!(small.code(), "project_source.git.too_large");
    let gone = tempfile::tempdir().expect("a folder");
    assert_eq!(check_out(&gone, None, None, limits).await.code(), "project_source.git.not_found");
}
