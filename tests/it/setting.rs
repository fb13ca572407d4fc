//! What a server runs on, and what outlives it when it is killed.

use crate::program::{program, program_as, program_without};
use cowork_store::test_database::TestDatabase;
use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};
use tempfile::TempDir;

/// What outlives a killed server.
pub(crate) struct Setting {
    database: Option<Arc<TestDatabase>>,
    folder: TempDir,
    environment: Vec<(String, String)>,
    runs: Runs,
}

/// How servers run.
enum Runs {
    AsWe,
    /// As this user and group.
    AsUser(u32),
    /// Where this program can't be had.
    Without(&'static str),
}

impl Setting {
    /// On a database, or else on a private PostgreSQL; the environment is without the common prefix.
    pub(crate) fn new(database: Option<TestDatabase>, environment: &[(&str, &str)]) -> Self {
        Self::on(database.map(Arc::new), environment)
    }

    /// On a database that others use, too.
    pub(crate) fn sharing(database: Arc<TestDatabase>, environment: &[(&str, &str)]) -> Self {
        Self::on(Some(database), environment)
    }

    fn on(database: Option<Arc<TestDatabase>>, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("cowork-it-").tempdir().expect("a folder can be made");
        // A private PostgreSQL may run as somebody else, who must get through.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(folder.path(), open).expect("our own folder can be changed");
        std::fs::create_dir(folder.path().join("data")).expect("our own folder can be changed");
        let prefixed = |(name, value): &(&str, &str)| (format!("OPEN_COWORK_CLOUD_{name}"), (*value).to_owned());
        Self { database, folder, environment: environment.iter().map(prefixed).collect(), runs: Runs::AsWe }
    }

    /// With the variable that names a configuration file.
    pub(crate) fn with_file(self, path: &Path) -> Self {
        self.with_foreign("OPEN_COWORK_CONFIG_PATH", &path.display().to_string())
    }

    /// With a variable under its whole name: one that is not ours.
    pub(crate) fn with_foreign(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// With a variable that is not ours.
    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With servers that run as another user, to whom their data directory belongs. Only root can ask for it.
    pub(crate) fn run_by(mut self, user: u32) -> Self {
        std::os::unix::fs::chown(self.data_dir(), Some(user), Some(user)).expect("root may give its folders away");
        let home = self.data_dir().display().to_string();
        self.runs = Runs::AsUser(user);
        self.with_foreign("HOME", &home)
    }

    /// With servers for which there is no such program; none where that can't be done.
    pub(crate) fn without(mut self, name: &'static str) -> Option<Self> {
        program_without(name)?;
        self.runs = Runs::Without(name);
        Some(self)
    }

    pub(crate) fn is_private(&self) -> bool {
        self.database.is_none()
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn database_url(&self) -> &str {
        self.database.as_ref().expect("not on a private PostgreSQL").url()
    }

    /// `cowork serve` on any free port.
    pub(crate) fn command(&self) -> Command {
        let mut command = match self.runs {
            Runs::AsWe => program(),
            Runs::AsUser(user) => program_as(user),
            Runs::Without(name) => program_without(name).expect("it was possible before"),
        };
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(self.data_dir());
        if let Some(database) = &self.database {
            command.env("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", database.url());
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Everything that its servers logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("program.log")
    }

    /// Starts a server and waits until it says where it is.
    pub(crate) fn run(&self) -> (Child, String) {
        let log = std::fs::File::options().create(true).append(true).open(self.log_path()).expect("a log can be written");
        let mut child = self.command().stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
        let line = first_line(child.stdout.as_mut().expect("piped"));
        let Some(url) = line.trim().strip_prefix("ready ") else {
            child.kill().ok();
            let ended = child.wait().expect("it ends");
            panic!("the server did not get ready ({ended}): {line:?}\n{}", self.log());
        };
        (child, url.to_owned())
    }
}

/// The first line of an output; an empty one if it ended before.
fn first_line(output: &mut impl Read) -> String {
    let mut line = String::new();
    // Unbuffered, so that what follows is still there for whoever reads on.
    BufReader::with_capacity(1, output).read_line(&mut line).expect("its output can be read");
    line
}
