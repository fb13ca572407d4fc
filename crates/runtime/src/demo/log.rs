//! One JSON line per request, so that a test can prove what arrived.

use parking_lot::Mutex;
use serde_json::json;
use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
};

/// The request log of the demo model.
pub(super) struct RequestLog(Option<Mutex<File>>);

/// What is written about a request.
pub(super) struct Entry<'a> {
    pub(super) authorization: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) turn: Option<&'a str>,
    pub(super) directives: &'a [&'static str],
    pub(super) status: u16,
}

impl RequestLog {
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Self(file.map(Mutex::new)))
    }

    /// Writes one line. A log that can't be written must not disturb the answer; what is missing is seen in the log.
    pub(super) fn write(&self, entry: &Entry<'_>) {
        let Some(file) = &self.0 else { return };
        let mut line = json!({
            "authorization": entry.authorization,
            "path": entry.path,
            "turn": entry.turn,
            "directives": entry.directives,
            "status": entry.status,
        })
        .to_string();
        line.push('\n');
        let _ = file.lock().write_all(line.as_bytes());
    }
}
