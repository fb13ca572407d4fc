//! One model call, from the token to the provider's answer.

use super::{
    AnswerBody, LeaseEnd, Refusal, Shared,
    answer::Watch,
    budget::BudgetRefusal,
    forward,
    lease::LeaseState,
    meter::Meter,
    route::{self, Route},
};
use bytes::Bytes;
use cowork_domain::provider::Protocol;
use http::{Request, Response};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// One of the calls that a lease may make at a time, from before its request is read until its answer is sent.
pub(super) struct Permit {
    lease: Arc<LeaseState>,
    place: OwnedSemaphorePermit,
}

impl Permit {
    pub(super) fn take(lease: &Arc<LeaseState>) -> Result<Self, Refusal> {
        let taken = Arc::clone(&lease.calls).try_acquire_owned();
        let permit = taken.map(|place| Self { lease: Arc::clone(lease), place });
        permit.map_err(|_| {
            let refusal = lease.ended().map_or(Refusal::TooMany, Refusal::Over);
            count(lease, refusal.code().as_str());
            refusal
        })
    }
}

/// Performs a call for whoever holds the lease; `slot` is the protocol of the slot that it came through, if it did.
pub(super) async fn perform(
    shared: &Arc<Shared>,
    permit: Permit,
    slot: Option<Protocol>,
    request: Request<Bytes>,
) -> Result<Response<AnswerBody>, Refusal> {
    let Permit { lease, place } = permit;
    let over = lease.over();
    let outcome = tokio::select! {
        biased;
        () = over.cancelled() => Err(Refusal::Over(lease.ended().unwrap_or(LeaseEnd::TurnOver))),
        outcome = work(shared, &lease, place, slot, request) => outcome,
    };
    let word = match &outcome {
        Ok(response) if response.status().is_success() => "answered",
        Ok(_) => "error",
        Err(refusal) => refusal.code().as_str(),
    };
    count(&lease, word);
    outcome
}

fn count(lease: &LeaseState, outcome: &'static str) {
    let provider = lease.grant.provider.to_string();
    metrics::counter!("cowork_broker_calls_total", "provider" => provider, "outcome" => outcome).increment(1);
}

async fn work(
    shared: &Arc<Shared>,
    lease: &Arc<LeaseState>,
    place: OwnedSemaphorePermit,
    slot: Option<Protocol>,
    request: Request<Bytes>,
) -> Result<Response<AnswerBody>, Refusal> {
    let grant = &lease.grant;
    let route = Route::of(request.uri()).ok_or(Refusal::Path)?;
    route::admit(request.method())?;
    let entry = shared.table.get(&grant.provider).filter(|entry| entry.needs_key()).ok_or(Refusal::Provider)?;
    if !entry.speaks(route.protocol) || slot.is_some_and(|protocol| protocol != route.protocol) {
        return Err(Refusal::Path);
    }
    if request.body().len() > shared.limits.request_bytes {
        return Err(Refusal::TooLarge);
    }
    let body = route.body(request.body(), entry, &grant.model, slot.is_some())?;
    if let Err(refused) = shared.budgets.admit(&grant.org).await {
        return Err(refuse(lease, refused));
    }
    let open = shared.keyring.open(&grant.org, &grant.provider).await?;
    let call = forward::Outgoing { entry, address: route.address(entry, &grant.model), headers: request.headers(), body, grant };
    let answer = forward::send(&shared.outbound, call, open.secret.expose(), shared.limits.silence).await?;
    if matches!(answer.status().as_u16(), 401 | 403) {
        shared.keyring.refused(&grant.org, &open.key);
    }
    if !answer.status().is_success() {
        return Ok(forward::explain(answer, open.secret.expose(), shared.limits.silence).await);
    }
    let streams = forward::is_event_stream(answer.headers());
    let meter = Meter::new(route.protocol, streams);
    let watch = Watch::new(Arc::clone(shared), Arc::clone(lease), Arc::clone(entry), meter, place);
    Ok(forward::stripped(answer).map(|body| AnswerBody::streamed(body, watch)))
}

/// The lease ends with its organisation's budget, so that a turn whose runtime only sees a status learns the reason too.
fn refuse(lease: &LeaseState, refused: BudgetRefusal) -> Refusal {
    match refused {
        BudgetRefusal::Spent(kind) => {
            let end = LeaseEnd::BudgetSpent(kind);
            lease.end(end);
            Refusal::Over(end)
        }
        BudgetRefusal::Unknown => Refusal::BudgetUnknown,
    }
}
