//! What stands in front of every handler: authenticate, then policy, then membership
//! (contract 00 §1 step 11, §3.7, §4). Nothing is read from a body before that.
//!
//! A route and its action are written in one place, where the route is registered:
//! `gate.allow(Action::SessionsList, routes!(list::list))`.

use super::{
    cors,
    error::ApiError,
    limits::{CountedAs, Sender},
    metrics::RouteMetrics,
    state::HttpState,
};
use crate::identity::{AuthenticateError, Authenticated, EntryError, Member, Proof, Unauthenticated, cookie};
use axum::{
    extract::{FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use cowork_domain::{
    codes::Code,
    policy::{self, Action, Denial},
    principal::Principal,
};
use cowork_store::OrgStatus;
use http::{HeaderMap, Method, StatusCode, request::Parts};
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower::{Layer, Service};
use utoipa::openapi::{path::PathItem, security::SecurityRequirement};
use utoipa_axum::router::UtoipaMethodRouter;

/// Under which name the description of a route says its action.
pub(super) const ACTION_EXTENSION: &str = "x-cowork-action";

/// The security scheme of routes for whoever runs the deployment.
pub(super) const OPERATED_SCHEME: &str = "operatorToken";

/// A client asks again after this whether its organisation takes changes.
const FROZEN: Duration = Duration::from_secs(60);

/// Puts routes behind what they ask of a caller. Without a state it only lists them, for the
/// description of the API.
#[derive(Clone)]
pub(crate) struct Gate {
    state: Option<HttpState>,
}

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy)]
enum Access {
    /// Nothing.
    Open,
    /// A genuine credential; no membership (contract 00 §3.7, exceptions).
    Credential,
    /// The right to perform an action.
    Allowed(Action),
    /// The same, for the whole deployment.
    Operated(Action),
}

impl Gate {
    pub(super) const fn new(state: Option<HttpState>) -> Self {
        Self { state }
    }

    /// Routes that anybody may use.
    pub(super) fn open(&self, routes: UtoipaMethodRouter<HttpState>) -> UtoipaMethodRouter<HttpState> {
        self.guard(Access::Open, routes)
    }

    /// Routes for everybody with a genuine credential.
    pub(super) fn credential(&self, routes: UtoipaMethodRouter<HttpState>) -> UtoipaMethodRouter<HttpState> {
        self.guard(Access::Credential, routes)
    }

    /// Routes for members who may perform an action.
    pub(super) fn allow(&self, action: Action, routes: UtoipaMethodRouter<HttpState>) -> UtoipaMethodRouter<HttpState> {
        self.guard(Access::Allowed(action), routes)
    }

    /// Routes for whoever runs the deployment: the tokens of organisations, whatever their scopes, aren't enough.
    pub(super) fn operated(&self, action: Action, routes: UtoipaMethodRouter<HttpState>) -> UtoipaMethodRouter<HttpState> {
        self.guard(Access::Operated(action), routes)
    }

    fn guard(&self, access: Access, (schemas, mut paths, methods): UtoipaMethodRouter<HttpState>) -> UtoipaMethodRouter<HttpState> {
        if let Access::Allowed(action) | Access::Operated(action) = access {
            let is_operated = matches!(access, Access::Operated(_));
            paths.paths.values_mut().for_each(|item| name_action(item, action, is_operated));
        }
        let Some(state) = self.state.clone() else { return (schemas, paths, methods) };
        let route = paths.paths.keys().next().map_or("", String::as_str);
        let layer = GuardLayer { state, access, metrics: RouteMetrics::new(route) };
        (schemas, paths, methods.route_layer(layer))
    }
}

/// Writes the action of a route into its description.
fn name_action(item: &mut PathItem, action: Action, is_operated: bool) {
    for operation in [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten() {
        operation.extensions.get_or_insert_default().insert(ACTION_EXTENSION.to_owned(), action.as_str().into());
        if is_operated {
            let token = SecurityRequirement::new(OPERATED_SCHEME, [""; 0]);
            operation.security = Some(vec![SecurityRequirement::default(), token]);
        }
    }
}

/// Why a path and method that no route knows is refused (contract 00 §1).
pub(super) async fn refuse_unknown(state: &HttpState, method: &Method, path: &str, headers: &HeaderMap) -> ApiError {
    if let Err(error) = authenticate(state, method, headers).await {
        return error;
    }
    let is_api = path == "/api" || path.starts_with("/api/");
    if is_api { Denial::unknown_action().into() } else { ApiError::not_found("Not found.") }
}

/// The genuine credential of a request, and the proof that a page which changes something is our own.
pub(super) async fn authenticate(state: &HttpState, method: &Method, headers: &HeaderMap) -> Result<Authenticated, ApiError> {
    authenticate_as(state, CountedAs::Request, method, headers).await
}

async fn authenticate_as(state: &HttpState, counted: CountedAs, method: &Method, headers: &HeaderMap) -> Result<Authenticated, ApiError> {
    let authenticated = state.authenticator.authenticate(state.node.store(), headers, state.node.clock().now()).await?;
    count_principal(state, counted, &authenticated).await?;
    if authenticated.proof != Proof::Operator {
        require_csrf_token(&authenticated, method, headers)?;
    }
    Ok(authenticated)
}

/// Takes one of what the organisation and the token of a caller have of it.
async fn count_principal(state: &HttpState, counted: CountedAs, authenticated: &Authenticated) -> Result<(), ApiError> {
    let token = match &authenticated.proof {
        // Whoever keeps the deployment running is not stopped by what keeps others in bounds.
        Proof::Operator => return Ok(()),
        Proof::Token(token) => Some(token.as_str()),
        _ => None,
    };
    state.limits.admit_principal(&authenticated.principal.org_id, token, counted, state.node.clock().instant()).await
}

/// Cookies come along with whatever page sends a request, so a change needs what only our own page can read
/// (contract 00 §3.6).
fn require_csrf_token(authenticated: &Authenticated, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let Proof::Browser { csrf_token, .. } = &authenticated.proof else { return Ok(()) };
    if !changes(method) || cookie::shows_csrf_token(headers, csrf_token) {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::FORBIDDEN, "Cloud CSRF token is missing or invalid.").code(Code::AuthCsrfInvalid))
}

fn changes(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}

/// Lets a genuine caller in as a member.
async fn admit(state: &HttpState, action: Action, authenticated: &Authenticated) -> Result<Member, ApiError> {
    let admitted = state.authenticator.admit(state.node.store(), &state.options.signup, authenticated).await;
    admitted.map_err(|error| {
        let refused = ApiError::from(error);
        let is_no_member = refused.stable_code() == Code::AuthMembershipMissing.as_str();
        // Answers from afar have a policy of their own, which asks for the same (contract 01 §2).
        if is_no_member && action.answers_from_afar() { refused.policy(Code::MembershipRequired) } else { refused }
    })
}

/// Whether a member may perform an action, while the organisation is as it is.
fn permit(state: &HttpState, action: Action, changes: bool, member: &Member) -> Result<(), ApiError> {
    policy::evaluate(action, &member.authority, &state.options.features)?;
    if changes && member.org_status == OrgStatus::Frozen {
        return Err(frozen());
    }
    Ok(())
}

/// 503 of an organisation that takes no changes.
pub(super) fn frozen() -> ApiError {
    let text = "Cloud org is frozen: reading goes on, changes are refused until its operator ends it.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).code(Code::OrgFrozen).retry_after(FROZEN)
}

#[derive(Clone)]
struct GuardLayer {
    state: HttpState,
    access: Access,
    metrics: RouteMetrics,
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner, layer: self.clone() }
    }
}

#[derive(Clone)]
struct Guard<S> {
    inner: S,
    layer: GuardLayer,
}

impl<S> Service<Request> for Guard<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // The instance that was polled ready is the one to call; its clone takes the place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let GuardLayer { state, access, metrics } = self.layer.clone();
        Box::pin(async move {
            let clock = state.node.clock();
            let started = clock.instant();
            let method = request.method().clone();
            let response = match enter(&state, access, &mut request).await {
                Ok(()) => inner.call(request).await?,
                Err(error) => error.into_response(),
            };
            metrics.answered(&method, response.status(), clock.instant().duration_since(started));
            Ok(response)
        })
    }
}

/// Lets a request in, with its caller attached, or says why not.
async fn enter(state: &HttpState, access: Access, request: &mut Request) -> Result<(), ApiError> {
    let action = match access {
        Access::Open => return Ok(()),
        Access::Credential => None,
        Access::Allowed(action) | Access::Operated(action) => Some(action),
    };
    let counted = if action == Some(Action::ChannelsServiceCursor) { CountedAs::Cursor } else { CountedAs::Request };
    let authenticated = authenticate_as(state, counted, request.method(), request.headers()).await?;
    let Some(action) = action else {
        request.extensions_mut().insert(Credential(Arc::new(authenticated)));
        return Ok(());
    };
    refuse_foreign_page(state, request.method(), request.headers())?;
    state.options.features.check(action.rule().features)?;
    let member = admit(state, action, &authenticated).await?;
    permit(state, action, changes(request.method()), &member)?;
    if matches!(access, Access::Operated(_)) && !matches!(member.proof, Proof::Operator | Proof::Local) {
        let text = "This concerns all organisations: it takes the operator token of the deployment.";
        return Err(ApiError::forbidden(Code::AuthorizationPrincipalDenied, text));
    }
    request.extensions_mut().insert(Caller { member: Arc::new(member), authenticated: Arc::new(authenticated) });
    Ok(())
}

/// Where everybody is the local owner, a web page of some other site must not act as that owner
/// through the visitor's browser. A configured origin may, and so may every program.
pub(super) fn refuse_foreign_page(state: &HttpState, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let changes_something = *method != Method::GET || headers.contains_key(http::header::UPGRADE);
    if !changes_something || !state.authenticator.is_open() {
        return Ok(());
    }
    let options = &state.options;
    let is_configured =
        headers.get(http::header::ORIGIN).map(http::HeaderValue::as_bytes) == options.cors_origin.as_deref().map(str::as_bytes);
    if is_configured || !cors::is_foreign_page(headers, options.public_url.as_deref()) {
        return Ok(());
    }
    Err(ApiError::forbidden(Code::AuthorizationPrincipalDenied, "Pages of this origin may not use this server."))
}

/// A member who may do what the route does.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    member: Arc<Member>,
    authenticated: Arc<Authenticated>,
}

impl Caller {
    /// As the stored membership says.
    pub(super) fn principal(&self) -> &Principal {
        &self.member.principal
    }

    /// With everything that the membership says.
    pub(super) fn member(&self) -> &Member {
        &self.member
    }

    /// Counts a message over a connection that stays open like a request of its own.
    pub(super) async fn count_message(&self, state: &HttpState, sender: Sender) -> Result<(), ApiError> {
        state.limits.admit_message(sender, state.node.clock().instant()).await?;
        count_principal(state, CountedAs::Request, &self.authenticated).await
    }

    /// Looks again whether the caller may do something: for connections that stay open over many commands.
    pub(super) async fn may_still(&self, state: &HttpState, action: Action) -> Result<(), ApiError> {
        let authenticated = state.authenticator.again(state.node.store(), &self.authenticated).await?;
        let member = admit(state, action, &authenticated).await?;
        permit(state, action, true, &member)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts.extensions.remove().ok_or_else(|| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error."))
    }
}

/// A genuine credential, as it is.
#[derive(Debug, Clone)]
pub(super) struct Credential(pub(super) Arc<Authenticated>);

impl<S: Sync> FromRequestParts<S> for Credential {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts.extensions.remove().ok_or_else(|| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error."))
    }
}

impl From<Unauthenticated> for ApiError {
    fn from(refused: Unauthenticated) -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, refused.message);
        match refused.code {
            Some(code) => error.code(code),
            None => error,
        }
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Refused(refused) => refused.into(),
            AuthenticateError::Store(error) => error.into(),
        }
    }
}

impl From<Denial> for ApiError {
    fn from(denial: Denial) -> Self {
        let error = Self::forbidden(denial.code, denial.text);
        match denial.reason {
            Some(reason) => error.code(reason),
            None => error,
        }
    }
}

impl From<EntryError> for ApiError {
    fn from(error: EntryError) -> Self {
        let code = match error {
            EntryError::Store(error) => return error.into(),
            EntryError::Refused(refused) => refused.code(),
            EntryError::OrgInactive => Code::OrgNotActive,
        };
        Self::new(StatusCode::FORBIDDEN, error.to_string()).code(code)
    }
}
