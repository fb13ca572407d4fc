//! `docs/codes.md`: every stable code that an answer or an event can carry.

use crate::http::unsent_codes;
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
    page.push_str("\n## Not in use yet\n\nNothing is refused with these codes in this version. They keep their meaning.\n\n");
    let quotas_why = "`GET /api/usage/summary` shows them beside their quotas with `enabled: false`";
    let fetcher_why = "a turn on a node that can't fetch projects ends with it, and every node that runs turns can";
    for (codes, why) in [
        (unsent_codes::of_features(), "no route asks for these features"),
        (unsent_codes::of_quotas(), quotas_why),
        (vec![Code::ProjectSourceDenied], fetcher_why),
    ] {
        if !codes.is_empty() {
            let names: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
            writeln!(page, "- {}: {why}.", names.join(", ")).expect("a string takes any text");
        }
    }
    page
}
