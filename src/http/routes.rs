//! The route table, and the description of the API that is made from it.

use super::{
    admin, artifacts, audit, auth, billing, byok, capabilities, channels, docs,
    gate::{Gate, OPERATED_SCHEME},
    health, import, invites, launchpad, managed_workers, members, metrics, ops, policy, project_sources, roles, runtime, scim, sessions,
    settings, sso,
    state::HttpState,
    threads, tokens, usage, workflows, workspace, ws,
};
use crate::{identity::cookie::SESSION_COOKIE, web};
use utoipa::{
    OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

/// Every route with its gate.
pub(super) fn table(gate: &Gate, metrics_are_open: bool) -> OpenApiRouter<HttpState> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(web::routes(gate))
        .merge(health::routes(gate))
        .merge(auth::routes(gate))
        .merge(workspace::routes(gate))
        .merge(tokens::routes(gate))
        .merge(sessions::routes(gate))
        .merge(artifacts::routes(gate))
        .merge(project_sources::routes(gate))
        .merge(import::routes(gate))
        .merge(ws::routes(gate))
        .merge(admin::routes(gate))
        .merge(members::routes(gate))
        .merge(roles::routes(gate))
        .merge(invites::routes(gate))
        .merge(audit::routes(gate))
        .merge(runtime::routes(gate))
        .merge(usage::routes(gate))
        .merge(policy::routes(gate))
        .merge(managed_workers::routes(gate))
        .merge(settings::routes(gate))
        .merge(threads::routes(gate))
        .merge(capabilities::routes(gate))
        .merge(launchpad::routes(gate))
        .merge(workflows::routes(gate))
        .merge(sso::routes(gate))
        .merge(billing::routes(gate))
        .merge(byok::routes(gate))
        .merge(channels::routes(gate))
        .merge(scim::routes(gate))
        .merge(metrics::routes(gate, metrics_are_open))
        .merge(ops::routes(gate))
        .merge(docs::routes(gate))
}

/// What a node of a role without clients answers: whether it is well, and what it measures.
pub(super) fn probes(gate: &Gate, metrics_are_open: bool) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().merge(health::routes(gate)).merge(metrics::scraped(gate, metrics_are_open))
}

/// The health checks answer any method (contract 00 §1 step 4).
pub(super) fn takes_any_method(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/progressz")
}

/// The API as OpenAPI 3.1, made from the handlers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, mut description) = table(&Gate::new(None), true).split_for_parts();
    let components = description.components.get_or_insert_default();
    for (name, scheme) in security_schemes() {
        components.add_security_scheme(name, scheme);
    }
    description
}

/// What a caller may show (contract 00 §3). Deployments in auth mode none need nothing.
fn security_schemes() -> [(&'static str, SecurityScheme); 5] {
    let bearer = |text: &str| {
        let http = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text));
        SecurityScheme::Http(http.build())
    };
    let signed = "Set by a trusted proxy, together with the identity headers that it signs.";
    let cookie = "Set by the sign-in. What changes something also sends the value of the cookie open_cowork_cloud_csrf as x-csrf-token.";
    [
        ("apiToken", bearer("A token of an organisation, or an access token of the identity provider.")),
        ("browserSession", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(SESSION_COOKIE, cookie)))),
        (OPERATED_SCHEME, bearer("The deployment's operator token: what it opens concerns all organisations.")),
        ("scimToken", bearer("The token of an organisation's directory.")),
        (
            "signedHeaders",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("x-open-cowork-header-auth-signature", signed))),
        ),
    ]
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Open Cowork Cloud",
        description = "A managed, bring-your-own-key cloud for AI-agent sessions.\n\nA session is its event log: commands are accepted with 202, and what they lead to is read from the session, from its stream of server-sent events, or over one WebSocket (`/api/ws`)."
    ),
    tags(
        (name = "sessions", description = "Sessions and their commands"),
        (name = "workspace", description = "The signed-in user's workspace"),
        (name = "identity", description = "Who asks"),
        (name = "channels", description = "Chats of other systems, whose threads are sessions; for gateways, and for who runs the organisation"),
        (name = "administration", description = "The organisation, for its owners and admins"),
        (name = "directory", description = "SCIM 2.0, for an organisation's directory; errors have the shape of RFC 7644"),
        (name = "health", description = "Probes"),
        (name = "operations", description = "For operators"),
    ),
    security((), ("apiToken" = []), ("browserSession" = []), ("signedHeaders" = []))
)]
struct Description;
