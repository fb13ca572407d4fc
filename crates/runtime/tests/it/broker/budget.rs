//! What organisations may spend.

use super::{Behaviour, HELLO, Stage, grant, turn};
use crate::house::{brisk, failure, finish, willing};
use cowork_domain::{
    byok::{BudgetKind, BudgetLimits, Spent},
    ids::OrgId,
    runtime_event::RuntimeEvent,
};
use cowork_runtime::{
    Runtime as _,
    broker::{BrokerLimits, BudgetSource, BudgetUnknown, DayAccount, LeaseEnd},
};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// What every organisation may spend.
struct Purse(Mutex<Result<Option<DayAccount>, BudgetUnknown>>);

impl Purse {
    fn of_tokens(limit: u64) -> Arc<Self> {
        let limits = BudgetLimits { tokens_per_day: Some(limit), cost_per_day: None };
        let account = DayAccount { limits, spent: Spent::default(), day: 1, rest: Duration::from_hours(1) };
        Arc::new(Self(Mutex::new(Ok(Some(account)))))
    }
}

impl BudgetSource for Purse {
    fn account<'a>(&'a self, _: &'a OrgId) -> BoxFuture<'a, Result<Option<DayAccount>, BudgetUnknown>> {
        Box::pin(std::future::ready(self.0.lock().clone()))
    }
}

/// Says with every piece what the answer has cost so far, as some providers do.
const DEAR: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"tick \"},\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":600}}\n\n";

#[tokio::test]
async fn the_answer_that_spends_the_last_is_whole_and_the_next_call_is_refused() {
    let streams = Behaviour::Streams(vec![HELLO]);
    let stage = Stage::budgeted("openai-compatible", streams, BrokerLimits::default(), Purse::of_tokens(200)).await;
    let runtime = stage.runtime(brisk());
    for _ in 0..2 {
        let events = finish(runtime.start(turn("hello")), willing).await;
        assert!(matches!(events.last(), Some(RuntimeEvent::Finished)), "each call costs 150 of 200: {events:?}");
    }
    let refused = finish(runtime.start(turn("once more")), willing).await;
    assert_eq!(failure(&refused), "quota.model_tokens_per_day_exceeded");
    assert!(format!("{refused:?}").contains("begins anew at 00:00 UTC"), "{refused:?}");
    assert_eq!(stage.double.seen().len(), 2, "the provider was not asked again");
}

#[tokio::test]
async fn an_answer_that_goes_on_ends_with_the_budget_and_takes_the_others_with_it() {
    let stage = Stage::budgeted("openai-compatible", Behaviour::Repeats(DEAR), BrokerLimits::default(), Purse::of_tokens(1000)).await;
    let runtime = stage.runtime(brisk());
    let idle = stage.broker.grant(grant());
    let turns = [runtime.start(turn("talk")), runtime.start(turn("talk"))];
    assert_eq!(idle.ended().await, LeaseEnd::BudgetSpent(BudgetKind::Tokens));
    for turn in turns {
        assert_eq!(failure(&finish(turn, willing).await), "quota.model_tokens_per_day_exceeded");
    }
    stage.double.traffic(|traffic| traffic.open == 0).await;
}

#[tokio::test]
async fn a_budget_that_was_made_tighter_ends_what_runs_and_one_that_nobody_knows_lets_nothing_out() {
    let purse = Purse::of_tokens(1_000_000);
    let stage = Stage::budgeted("openai-compatible", Behaviour::Endless, BrokerLimits::default(), purse.clone()).await;
    let runtime = stage.runtime(brisk());
    let mut running = runtime.start(turn("talk"));
    while !matches!(crate::house::next(&mut running).await, Some(RuntimeEvent::Text { .. })) {}
    let limits = BudgetLimits { tokens_per_day: None, cost_per_day: Some(cowork_domain::byok::Dollars::default()) };
    *purse.0.lock() = Ok(Some(DayAccount { limits, spent: Spent::default(), day: 1, rest: Duration::from_hours(1) }));
    stage.keys.changed(None);
    assert_eq!(failure(&finish(running, willing).await), "quota.model_cost_per_day_exceeded");

    let purse = Arc::new(Purse(Mutex::new(Err(BudgetUnknown("the database is away".to_owned())))));
    let stage = Stage::budgeted("openai-compatible", Behaviour::Endless, BrokerLimits::default(), purse).await;
    let refused = finish(stage.runtime(brisk()).start(turn("talk")), willing).await;
    assert_eq!(failure(&refused), "store.unavailable");
    assert!(stage.double.seen().is_empty());
}
