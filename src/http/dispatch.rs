//! The way of a request, in the order of contract 00 §1: preflights first, then the path in its
//! normal form, then the limits, then the route table, where each route brings its own gate. What every response
//! carries (request id, security headers, CORS) is added here, on the way out.

use super::{
    auth, billing,
    connection::Connection,
    cors::Cors,
    error::ApiError,
    gate, path,
    request_id::{self, X_REQUEST_ID},
    routes, scim,
    security_headers::SecurityHeaders,
    state::HttpState,
    watched_body::WatchedBody,
};
use crate::web;
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use cowork_domain::codes::Code;
use http::{HeaderValue, Method, StatusCode, header};
use std::sync::Arc;
use tower::Service;

/// Answers requests.
pub(super) struct Dispatch {
    router: Router,
    cors: Cors,
    security: SecurityHeaders,
    state: HttpState,
}

impl Dispatch {
    /// With the routes of the node's role. `metrics_are_open` says whether `/metrics` asks for credentials.
    pub(super) fn new(state: HttpState, metrics_are_open: bool) -> Self {
        let gate = gate::Gate::new(Some(state.clone()));
        let routes = if state.options.role.serves_clients() {
            routes::table(&gate, metrics_are_open)
        } else {
            routes::probes(&gate, metrics_are_open)
        };
        let (router, _) = routes.split_for_parts();
        Self {
            router: router.fallback(unmatched).method_not_allowed_fallback(unmatched).with_state(state.clone()),
            cors: Cors::new(state.options.cors_origin.as_deref()),
            security: SecurityHeaders::for_public_url(state.options.public_url.as_deref()),
            state,
        }
    }

    /// Answers one request.
    pub(super) async fn answer<B>(self: Arc<Self>, connection: Connection, request: http::Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let request_id = request_id::of(request.headers());
        let is_allowed_origin = self.cors.allows(request.headers());
        // Whoever waits to be told to send a body shall not be told so only for it to be thrown away.
        let is_held_back = request.headers().contains_key(header::EXPECT);
        let (head, body) = request.into_parts();
        let (body, leftover) = WatchedBody::new(body, connection.clone());
        let mut response = if head.method == Method::OPTIONS {
            StatusCode::NO_CONTENT.into_response()
        } else {
            self.route(connection.clone(), Request::from_parts(head, Body::new(body))).await
        };
        if let Some(leftover) = leftover
            && connection.has_unread()
            && !is_held_back
        {
            leftover.throw_away().await;
        }
        let headers = response.headers_mut();
        if connection.has_unread() {
            // The rest of the body is in the way of a next request, so the connection ends: a client that is not told would
            // lose the request that it sends on it.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        headers.insert(X_REQUEST_ID, request_id);
        self.security.add_to(headers);
        if is_allowed_origin {
            self.cors.add_to(headers);
        }
        response
    }

    /// Finds out what the path means, and turns away who has asked too often, whatever for.
    async fn route(&self, connection: Connection, mut request: Request) -> Response {
        let decoded = path::normalized(request.uri()).map(|normal| {
            if let Some(normal) = normal {
                *request.uri_mut() = normal;
            }
        });
        let limits = &self.state.limits;
        let Some(visit) = limits.visit(connection.peer(), request.method(), request.uri().path(), request.headers()) else {
            return self.handle(connection, request, decoded).await;
        };
        if let Err(refused) = limits.admit(visit).await {
            return refused.into_response();
        }
        let response = self.handle(connection, request, decoded).await;
        limits.leave(visit, response).await
    }

    async fn handle(&self, connection: Connection, mut request: Request, decoded: Result<(), path::Undecodable>) -> Response {
        if decoded.is_err() {
            let refused = gate::authenticate(&self.state, request.method(), request.headers()).await.err();
            return refused.unwrap_or_else(|| ApiError::not_found("Not found.")).into_response();
        }
        if self.state.options.auth.oidc().is_some_and(|provider| provider.options().callback_path == request.uri().path()) {
            auth::lead_to_callback(request.uri_mut());
        }
        // The router would answer HEAD like GET; only the health checks take any method, and the files of the page take this one.
        let path = request.uri().path();
        if *request.method() == Method::HEAD && !routes::takes_any_method(path) && !web::takes_head(path) {
            return unmatched(State(self.state.clone()), request).await;
        }
        request.extensions_mut().insert(connection);
        let mut router = self.router.clone();
        router.call(request).await.unwrap_or_else(|never| match never {})
    }
}

/// The answer to a path and method that no route knows: authentication comes before "not found", an
/// unknown `/api` path is an unknown action, and the body is not read. A node that serves no clients has nothing to hide
/// behind credentials: it says what it is.
async fn unmatched(State(state): State<HttpState>, request: Request) -> Response {
    let clock = state.node.clock();
    let started = clock.instant();
    let is_scim = scim::holds(request.uri().path());
    if is_scim && state.options.role.serves_clients() {
        let answer = scim::unmatched(&state, request.headers()).await;
        state.metrics.unmatched.answered(request.method(), answer.status(), clock.instant().duration_since(started));
        return answer;
    }
    let error = if state.options.role.serves_clients() && billing::is_webhook(request.uri().path()) {
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.")
    } else if state.options.role.serves_clients() {
        gate::refuse_unknown(&state, request.method(), request.uri().path(), request.headers()).await
    } else {
        let role = state.options.role;
        ApiError::new(StatusCode::NOT_FOUND, format!("This is a {role} node, which serves no clients. Ask a web or all-in-one node."))
            .code(Code::NodeServesNoClients)
    };
    state.metrics.unmatched.answered(request.method(), error.status(), clock.instant().duration_since(started));
    error.into_response()
}

#[cfg(test)]
mod tests;
