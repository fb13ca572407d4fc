//! `docs/authorization.md`: the action matrix with the routes of each action, made from the same data that the gate asks
//! (contract 00 §4).

use super::{
    gate::{ACTION_EXTENSION, OPERATED_SCHEME},
    routes,
};
use cowork_domain::policy::{Action, FeatureNeed, HumanRule, Permission, Rule};
use std::{collections::BTreeMap, fmt::Write};
use utoipa::openapi::{
    path::{Operation, PathItem},
    security::SecurityRequirement,
};

/// The page as Markdown.
pub fn as_markdown() -> String {
    let by_action = routes_by_action();
    let mut page = String::from(
        "# Who may do what\n\n\
         Every route of `/api` is registered with one action; a route without a row here does not exist. The feature is looked at first, then who asks.\n\n\
         - **People** come by sign-in, browser session or trusted headers. A custom role replaces the permissions of the built-in one.\n\
         - **Tokens** need one of the scopes. With *admin*, whoever issued the token must run the organisation or have a custom role, and must be allowed the same as a person where people are; \
         with *bound*, the token needs a grant for the channel.\n\
         - **Local** is the owner of a server without authentication: whatever people may do, and what is marked.\n\n\
         | action | feature | people | tokens | local | routes |\n|---|---|---|---|---|---|\n",
    );
    for action in Action::ALL {
        let rule = action.rule();
        let routes = by_action.get(action.as_str()).map_or("–".to_owned(), |routes| routes.join("<br>"));
        let local = if rule.local || rule.human != HumanRule::Denied { "yes" } else { "no" };
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {local} | {routes} |",
            action.as_str(),
            feature(rule.features),
            people(rule.human),
            tokens(&rule)
        )
        .expect("a string takes any text");
    }
    page.push_str("\n\\* Concerns all organisations: of all tokens, only the deployment's operator token may.\n");
    page.push_str("\nActions without a route belong to parts of the product that are not built yet.\n");
    page
}

/// What asks for each action, by its name.
pub(super) fn routes_by_action() -> BTreeMap<String, Vec<String>> {
    let mut by_action: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, item) in routes::openapi().paths.paths {
        for (method, operation) in operations(&item) {
            let action = operation.extensions.as_ref().and_then(|extensions| extensions.get(ACTION_EXTENSION)?.as_str());
            let mark = if is_operated(operation) { " \\*" } else { "" };
            by_action.entry(action.unwrap_or_default().to_owned()).or_default().push(format!("`{method} {path}`{mark}"));
        }
    }
    by_action
}

fn is_operated(operation: &Operation) -> bool {
    let token = SecurityRequirement::new(OPERATED_SCHEME, [""; 0]);
    operation.security.as_ref().is_some_and(|ways| ways.contains(&token))
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn feature(need: FeatureNeed) -> String {
    match need {
        FeatureNeed::All([]) => "–".to_owned(),
        FeatureNeed::All(needed) => needed.iter().map(|feature| feature.key()).collect::<Vec<_>>().join(" + "),
        FeatureNeed::Capabilities => "agents, customSkills or customMcps".to_owned(),
    }
}

fn people(rule: HumanRule) -> String {
    let list = |permissions: &[Permission]| {
        permissions.iter().map(|permission| format!("`{}`", permission.as_str())).collect::<Vec<_>>().join(" or ")
    };
    match rule {
        HumanRule::Denied => "nobody".to_owned(),
        HumanRule::AnyMember => "every member".to_owned(),
        HumanRule::OwnerOrAdmin(permissions) => format!("owner, admin; by custom role {}", list(permissions)),
        HumanRule::Permitted(permissions) => list(permissions),
    }
}

fn tokens(rule: &Rule) -> String {
    let scopes = rule.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
    let scopes = if scopes.is_empty() { "none".to_owned() } else { scopes };
    let asks = [(rule.org_admin_service, "admin"), (rule.bound, "bound")];
    let asks: Vec<_> = asks.iter().filter(|(holds, _)| *holds).map(|(_, word)| format!("*{word}*")).collect();
    if asks.is_empty() { scopes } else { format!("{scopes} ({})", asks.join(", ")) }
}
