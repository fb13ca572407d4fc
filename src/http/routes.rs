//! The route table, and the description of the API that is made from it.

use super::{
    admin, artifacts, audit, auth, billing, byok, channels, docs, gate::Gate, health, import, invites, managed_workers, members, metrics,
    ops, policy, project_sources, roles, runtime, scim, sessions, settings, sso, state::HttpState, threads, tokens, usage, workspace, ws,
};
use crate::web;
use utoipa::{
    OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
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
    let header = |name: &str, text: &str| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, text)));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme(
        "signedHeaders",
        header(
            "x-open-cowork-header-auth-signature",
            "Set by a trusted proxy, together with the identity headers that it signs. Deployments in auth mode none need nothing.",
        ),
    );
    components.add_security_scheme("scimToken", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    description
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
    security((), ("signedHeaders" = []))
)]
struct Description;
