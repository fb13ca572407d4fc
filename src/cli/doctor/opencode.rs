//! Whether OpenCode can execute turns here.

use super::Check;
use crate::config::{Config, runtime_choice::RuntimeChoice};
use cowork_runtime::opencode::{self, BinaryError};
use std::path::PathBuf;

const NAME: &str = "OpenCode";

/// Looks for the program where the server looks for it, and tries to lock it in as the server does.
pub(super) async fn check(config: &Config, path: &[PathBuf]) -> Check {
    let program = match opencode::find(&config.execution.search(path.to_vec())) {
        Ok(program) => program,
        Err(error) => {
            let hint = match error {
                BinaryError::NotAProgram(_) | BinaryError::Unreadable(..) => "correct OPEN_COWORK_CLOUD_ISOLATION_OPENCODE_BIN",
                BinaryError::Missing | BinaryError::ScriptOnly(_) => {
                    "turns are executed by this program itself; npm install -g opencode-ai adds OpenCode"
                }
            };
            return cannot(config, error.to_string(), hint);
        }
    };
    let own_users = match opencode::try_out(&program, &config.storage.opencode_dir()).await {
        Ok(own_users) => own_users,
        Err(error) => {
            return cannot(config, format!("{} can't run here: {error}", program.display()), "turns are executed by this program itself");
        }
    };
    let Some(version) = opencode::version(&program).await else {
        return cannot(config, format!("{} does not run", program.display()), "install it again: npm install -g opencode-ai");
    };
    let found = format!("{version} in {}", program.display());
    if own_users {
        Check::ok(NAME, format!("{found}, with a user and a network of its own for each organisation"))
    } else {
        let hint = "run as root to give each organisation's process a user and a network of its own; the sandbox works without";
        Check::limited(NAME, format!("{found}, all organisations under one user"), hint)
    }
}

/// It matters only where the profile insists.
fn cannot(config: &Config, found: String, hint: &str) -> Check {
    match config.profile.runtime {
        RuntimeChoice::OpenCode => {
            Check::missing(NAME, found, "the profile wants OpenCode: install it, or set OPEN_COWORK_CLOUD_RUNTIME=native")
        }
        RuntimeChoice::Native | RuntimeChoice::Auto => Check::limited(NAME, found, hint),
    }
}
