//! `docs/codes.md`: every stable code that an answer or an event can carry.

use cowork_domain::codes::Code;
use std::fmt::Write;

/// The page as Markdown.
pub(super) fn as_markdown() -> String {
    let mut page = String::from(
        "# Codes\n\n\
         An error answers `{error, code, retryAfterMs?, verdict?}`. `code` says what happened; `verdict.policyCode` names the rule that refused, where one did.\n\
         Programs rely on codes: none is renamed, and none changes its meaning.\n\n| code | meaning |\n|---|---|\n",
    );
    for code in Code::ALL {
        writeln!(page, "| `{code}` | {} |", code.description()).expect("a string takes any text");
    }
    page
}
