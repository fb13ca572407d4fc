//! The key broker: the one door through which model calls leave with a customer's key.
//!
//! Agents never hold a key. A turn is granted a [`Lease`] for one model of one provider; whoever holds its token may call that
//! model, through this process, until the turn ends. The broker opens the key, puts it into the request, streams the answer
//! through, counts what it cost, and cuts everything the moment the key, the organisation or the turn ends. The native runtime
//! calls [`KeyBroker::call`] directly; other runtimes come by HTTP over loopback. Both ways end in the same rules.

mod answer;
mod budget;
mod call;
mod forward;
mod grant;
mod key_source;
mod keyring;
mod lease;
mod meter;
mod refusal;
mod resolve;
mod route;
mod server;
mod slot;
mod token;
mod tokens;
mod watch;

pub use answer::{AnswerBody, BrokenAnswer};
pub use budget::{BudgetSource, BudgetUnknown, DayAccount, NoBudgets};
pub(crate) use forward::place;
pub use grant::{Grant, LeaseEnd};
pub use key_source::{ActiveKey, KeySource, KeySourceError, NoKeys, OrgAccess, Purpose};
pub use lease::Lease;
pub use meter::Usage;
pub use refusal::Refusal;
pub use resolve::ResolveError;
pub use slot::Slot;

use crate::providers::Outbound;
use bytes::Bytes;
use call::Permit;
use cowork_domain::provider::{Protocol, ProviderTable};
use http::{Request, Response};
use keyring::Keyring;
use lease::LeaseState;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokens::Tokens;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Bounds on what leases may take.
#[derive(Debug, Clone)]
pub struct BrokerLimits {
    /// The largest request, in bytes.
    pub request_bytes: usize,
    /// Calls of one lease at a time.
    pub calls: usize,
    /// Connections of all clients at a time; further ones wait.
    pub connections: usize,
    /// How long a provider may send nothing.
    pub silence: Duration,
    /// How long it may take to find out which keys an organisation still has after they changed; then its leases end.
    pub recheck: Duration,
}

impl Default for BrokerLimits {
    fn default() -> Self {
        Self { request_bytes: 16 << 20, calls: 8, connections: 4096, silence: Duration::from_mins(1), recheck: Duration::from_millis(600) }
    }
}

/// How a broker is set up.
pub struct BrokerOptions {
    /// The deployment's providers: no request goes elsewhere.
    pub table: ProviderTable,
    /// Where active keys come from.
    pub keys: Arc<dyn KeySource>,
    /// What organisations may spend.
    pub budgets: Arc<dyn BudgetSource>,
    /// The way out.
    pub outbound: Arc<Outbound>,
    /// Bounds.
    pub limits: BrokerLimits,
}

/// The broker of a node. Cheap to clone; it runs until the last clone is gone or it is stopped.
#[derive(Clone)]
pub struct KeyBroker {
    shared: Arc<Shared>,
    _tasks: Arc<[AbortOnDropHandle<()>; 2]>,
}

struct Shared {
    table: ProviderTable,
    keyring: Keyring,
    budgets: budget::Budgets,
    tokens: Tokens,
    outbound: Arc<Outbound>,
    limits: BrokerLimits,
    address: SocketAddr,
}

impl KeyBroker {
    /// Starts a broker on a free port of loopback.
    ///
    /// # Errors
    /// The port can't be had.
    pub async fn start(options: BrokerOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let changes = options.keys.changes();
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            table: options.table,
            keyring: Keyring::new(options.keys),
            budgets: budget::Budgets::new(options.budgets),
            tokens: Tokens::default(),
            outbound: options.outbound,
            limits: options.limits,
        });
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        let watching = tokio::spawn(watch::follow(changes, Arc::clone(&shared)));
        Ok(Self { shared, _tasks: Arc::new([AbortOnDropHandle::new(serving), AbortOnDropHandle::new(watching)]) })
    }

    /// The deployment's providers.
    pub fn table(&self) -> &ProviderTable {
        &self.shared.table
    }

    /// Grants a turn its model, with a token of its own. The grant ends when the lease is dropped, or earlier when the key or
    /// the organisation does.
    pub fn grant(&self, grant: Grant) -> Lease {
        let protocol = self.protocol(&grant);
        let state = LeaseState::new(grant, self.shared.limits.calls);
        let token = self.shared.tokens.lease(&state);
        Lease::new(state, token, self.base_url(protocol), Arc::downgrade(&self.shared))
    }

    /// A token for configuration that is per process. It can do nothing until it is bound to a turn.
    pub fn slot(&self, protocol: Protocol) -> Slot {
        let (token, state) = self.shared.tokens.slot(protocol);
        Slot::new(token, state, self.base_url(protocol), Arc::downgrade(&self.shared))
    }

    /// Lets a slot act for a turn until the lease is dropped. A turn that held the slot before loses it.
    pub fn bind(&self, slot: &Slot, grant: Grant) -> Lease {
        let state = LeaseState::new(grant, self.shared.limits.calls);
        slot.occupy(&state);
        self.shared.tokens.bound(&state);
        Lease::bound(state, slot, Arc::downgrade(&self.shared))
    }

    /// One model call of a turn in this process.
    ///
    /// # Errors
    /// The call is refused, or the provider can't be reached.
    pub async fn call(&self, lease: &Lease, request: Request<Bytes>) -> Result<Response<AnswerBody>, Refusal> {
        call::perform(&self.shared, Permit::take(lease.state())?, None, request).await
    }

    /// Ends every lease, with a reason that a turn can show.
    pub fn stop(&self) {
        self.shared.tokens.end_all(LeaseEnd::Stopping);
    }

    fn protocol(&self, grant: &Grant) -> Protocol {
        self.shared.table.get(&grant.provider).map_or(Protocol::OpenAiChat, |entry| entry.protocol)
    }

    fn base_url(&self, protocol: Protocol) -> String {
        format!("http://{}/{}", self.shared.address, protocol.version_segment())
    }
}
