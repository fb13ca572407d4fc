//! Rows as they pass, on stderr, where a person looks on.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over so many rows; nothing where nobody looks on.
pub(super) fn bar(what: &'static str, rows: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:20} {bar:30} {pos}/{len}").expect("the template is well formed");
    ProgressBar::new(rows).with_style(style).with_message(what)
}
