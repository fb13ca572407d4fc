//! Where a drill keeps its files: databases, logs of the nodes, the report's details.

use crate::cli::load::wall_clock;
use anyhow::Context;
use std::{
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt, symlink},
    path::{Path, PathBuf},
};

/// Removed when dropped, unless it is kept.
#[derive(Debug)]
pub(in super::super) struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// A new folder among the temporary files.
    pub(super) fn create(keep: bool) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("cowork-drill-{:x}-{}", wall_clock::now().as_millis(), std::process::id()));
        let folder = Self { path, keep };
        // The private PostgreSQL may run as somebody else, who must get through.
        DirBuilder::new().mode(0o711).create(&folder.path).with_context(|| format!("{} cannot be made", folder.path.display()))?;
        fs::create_dir(folder.path.join("workspaces"))?;
        Ok(folder)
    }

    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    /// A data directory for a node, in which the sessions' files are those of all nodes.
    pub(super) fn data_dir(&self, node: &str) -> anyhow::Result<PathBuf> {
        let data = self.path.join(node);
        fs::create_dir(&data).with_context(|| format!("{} cannot be made", data.display()))?;
        symlink(self.path.join("workspaces"), data.join("workspaces")).context("the workspaces cannot be shared")?;
        Ok(data)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.keep {
            eprintln!("kept {}", self.path.display());
        } else {
            fs::remove_dir_all(&self.path).ok();
        }
    }
}
