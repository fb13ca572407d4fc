//! The open streams of each organisation, SSE and WebSocket subscriptions together: how many there are (contract 00 §9.3),
//! and which of them a revocation ends (architecture §7).

use super::{error::ApiError, state::HttpState};
use crate::identity::{Badge, Member, Proof};
use cowork_actors::{CutReason, CutSwitch};
use cowork_domain::{channel::ids::ChannelBindingId, codes::Code, ids::OrgId, policy::Denial};
use cowork_store::Revocation;
use dashmap::{DashMap, mapref::entry::Entry};
use http::StatusCode;
use metrics::Gauge;
use slab::Slab;
use std::{sync::Arc, time::Duration};

/// Knows the open streams of each organisation.
pub(super) struct OrgStreams {
    limit: usize,
    open: Arc<DashMap<OrgId, Open>>,
}

/// The streams of one organisation.
#[derive(Default)]
struct Open {
    registered: Slab<Registered>,
    streams: usize,
    sockets: usize,
}

/// One stream, as a revocation sees it.
struct Registered {
    badge: Badge,
    cut: CutSwitch,
}

impl OrgStreams {
    /// At most `limit` per organisation.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, open: Arc::default() }
    }

    /// Ends every stream that a revocation concerns; says how many.
    pub(super) fn cut(&self, revocation: &Revocation) -> usize {
        let Some(open) = self.open.get(&revocation.org) else { return 0 };
        let concerned = open.registered.iter().filter(|(_, stream)| stream.badge.is_ended_by(revocation));
        concerned.map(|(_, stream)| stream.cut.cut(CutReason::Revoked)).count()
    }

    /// Ends every stream: it isn't known any more whom a revocation concerned.
    pub(super) fn cut_all(&self) {
        for open in self.open.iter() {
            for (_, stream) in &open.registered {
                stream.cut.cut(CutReason::Revoked);
            }
        }
    }

    /// How many are open, sockets included.
    pub(super) fn count(&self) -> usize {
        self.open.iter().map(|open| open.registered.len()).sum()
    }

    /// `gauge` is of streams; without one it is a socket that carries them. Each kind has the limit for itself.
    fn admit(&self, badge: Badge, lifetime: Duration, cut: CutSwitch, gauge: Option<Gauge>) -> Option<StreamPermit> {
        let org = badge.org.clone();
        let mut open = self.open.entry(org.clone()).or_default();
        let count = open.count(gauge.is_some());
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        let key = open.registered.insert(Registered { badge, cut });
        if let Some(gauge) = &gauge {
            gauge.increment(1);
        }
        Some(StreamPermit { lifetime, org, key, open: self.open.clone(), gauge })
    }
}

impl Open {
    fn count(&mut self, of_streams: bool) -> &mut usize {
        if of_streams { &mut self.streams } else { &mut self.sockets }
    }
}

/// One open stream; it counts until it is dropped.
pub(super) struct StreamPermit {
    /// How long it may stay open: no longer than what it was opened with is worth anything.
    pub(super) lifetime: Duration,
    org: OrgId,
    key: usize,
    open: Arc<DashMap<OrgId, Open>>,
    gauge: Option<Gauge>,
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        if let Some(gauge) = &self.gauge {
            gauge.decrement(1);
        }
        if let Entry::Occupied(mut entry) = self.open.entry(self.org.clone()) {
            let open = entry.get_mut();
            open.registered.remove(self.key);
            *open.count(self.gauge.is_some()) -= 1;
            if open.registered.is_empty() {
                entry.remove();
            }
        }
    }
}

/// What a stream follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamKind {
    /// One session.
    Session,
    /// All sessions of a user.
    Workspace,
    /// What a gateway has to deliver.
    Deliveries,
}

/// A client that is refused a stream tries again after this.
const SOON: Duration = Duration::from_secs(1);

/// No stream opens behind a closing door. A node that drains still serves: load balancers send to it until they noticed.
pub(super) fn refuse_when_closing(state: &HttpState) -> Result<(), ApiError> {
    if state.closing.is_cancelled() {
        let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "SSE service is shutting down.");
        return Err(error.code(Code::NodeDraining).retry_after(SOON).closing());
    }
    Ok(())
}

/// Admits a new stream, or says why not. It is registered first and looked at then, so that no revocation passes between the
/// two: either the registry's sweep finds the stream, or this finds the revocation.
pub(super) fn admit(state: &HttpState, member: &Member, kind: StreamKind, cut: &CutSwitch) -> Result<StreamPermit, ApiError> {
    admit_through(state, member, Vec::new(), kind, cut)
}

/// As [`admit`], of a stream that runs through channel bindings: it ends with each of them, too.
pub(super) fn admit_through(
    state: &HttpState,
    member: &Member,
    bindings: Vec<ChannelBindingId>,
    kind: StreamKind,
    cut: &CutSwitch,
) -> Result<StreamPermit, ApiError> {
    refuse_when_closing(state)?;
    let badge = member.badge().through(bindings);
    let gauge = match kind {
        StreamKind::Session => &state.metrics.session_streams,
        StreamKind::Workspace => &state.metrics.workspace_streams,
        StreamKind::Deliveries => &state.metrics.delivery_streams,
    };
    let permit = state.streams.admit(badge.clone(), lifetime(state, member), cut.clone(), Some(gauge.clone()));
    let permit = permit.ok_or_else(too_many)?;
    refuse_revoked(state, member, &badge)?;
    Ok(permit)
}

/// Registers a connection that carries more than one stream, so that it ends with what it was opened with.
pub(super) fn register(state: &HttpState, member: &Member, cut: &CutSwitch) -> Result<StreamPermit, ApiError> {
    refuse_when_closing(state)?;
    let permit = state.streams.admit(member.badge(), lifetime(state, member), cut.clone(), None).ok_or_else(too_many)?;
    refuse_revoked(state, member, &member.badge())?;
    Ok(permit)
}

fn too_many() -> ApiError {
    let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Too many concurrent streams for this organization.");
    error.code(Code::StreamsExceeded).retry_after(SOON).closing()
}

fn lifetime(state: &HttpState, member: &Member) -> Duration {
    let now = state.node.clock().now();
    let left = member.ends_at.map(|end| Duration::from_millis(u64::try_from(end.as_millis() - now.as_millis()).unwrap_or(0)));
    left.map_or(state.options.stream_lifetime, |left| left.min(state.options.stream_lifetime))
}

fn refuse_revoked(state: &HttpState, member: &Member, badge: &Badge) -> Result<(), ApiError> {
    if !state.revocations.ends(badge, member.known_revocations) {
        return Ok(());
    }
    if !state.revocations.ends(&member.badge(), member.known_revocations) {
        return Err(Denial::unbound().into());
    }
    let code = match member.proof {
        Proof::Token(_) => Code::AuthTokenRevoked,
        Proof::Browser { .. } => Code::AuthSessionRevoked,
        Proof::Local | Proof::Operator | Proof::Worker { .. } | Proof::Header | Proof::Login => Code::AuthMembershipMissing,
    };
    Err(ApiError::new(StatusCode::UNAUTHORIZED, "The credential was taken back.").code(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity;
    use cowork_domain::ids::UserId;
    use cowork_store::Revoked;

    #[test]
    fn a_limit_of_two_admits_two_and_a_closed_stream_makes_room() {
        let streams = OrgStreams::new(2);
        let admit = |org: &str| {
            streams.admit(identity::tests::member(org, "kim").badge(), Duration::MAX, CutSwitch::default(), Some(Gauge::noop()))
        };
        let first = admit("acme").expect("one");
        let _second = admit("acme").expect("two");
        assert!(admit("acme").is_none());
        let other = admit("globex").expect("another organisation has its own count");
        let socket = || streams.admit(identity::tests::member("acme", "kim").badge(), Duration::MAX, CutSwitch::default(), None);
        let sockets = (socket(), socket(), socket());
        assert!(sockets.0.is_some() && sockets.1.is_some() && sockets.2.is_none(), "sockets are counted for themselves");
        drop(first);
        assert!(admit("acme").is_some());
        drop(other);
        assert!(!streams.open.contains_key(&OrgId::new("globex")), "an organisation without streams costs nothing");
    }

    #[test]
    fn a_revocation_ends_the_streams_it_concerns_and_no_others() {
        let streams = OrgStreams::new(10);
        let open = |org: &str, account: &str| {
            let cut = CutSwitch::default();
            let permit = streams.admit(identity::tests::member(org, account).badge(), Duration::MAX, cut.clone(), Some(Gauge::noop()));
            (cut, permit.expect("below the limit"))
        };
        let (kim, _kim) = open("acme", "kim");
        let (lee, _lee) = open("acme", "lee");
        let (other, _other) = open("globex", "kim");
        let revocation = |what| Revocation { org: OrgId::new("acme"), what };
        assert_eq!(streams.cut(&revocation(Revoked::Account(UserId::new("kim")))), 1);
        assert_eq!((kim.reason(), lee.reason(), other.reason()), (Some(CutReason::Revoked), None, None));
        assert_eq!(streams.cut(&revocation(Revoked::Org)), 2);
        assert_eq!((lee.reason(), other.reason()), (Some(CutReason::Revoked), None));
    }
}
