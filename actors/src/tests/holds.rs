//! Organisations on hold: nothing of theirs is started, and nothing of it is lost.

use super::world::{World, answer, eventually, is_idle, principal};
use crate::{ActorKind, BillingRules, NodeOptions};
use cowork_domain::{
    billing::{Plans, SubscriptionEdit, SubscriptionStatus},
    ids::SessionId,
    org::OrgOrder,
    session::CommandKind,
};
use cowork_store::Mandate;
use serde_json::json;
use std::sync::Arc;

impl World {
    async fn order(&self, order: OrgOrder) {
        let clock = self.node.clock();
        let mandate = Mandate::operator("test", clock.nonce(), clock.now());
        self.store.create_org(&self.me.org_id, &self.me.tenant_id, "Acme", &mandate).await.expect("the organisation is there");
        self.store.order_org(&self.me.org_id, order, &mandate).await.expect("the order fits");
        self.until_held(order == OrgOrder::Pause).await;
    }

    async fn until_held(&self, held: bool) {
        eventually("the order is not heard", || async { (self.node.shared.holds.holds(&self.me.org_id) == held).then_some(()) }).await;
    }

    /// The payment provider tells how it stands with our organisation.
    async fn subscription(&self, status: SubscriptionStatus) {
        let clock = self.node.clock();
        let mandate = Mandate::operator("test", clock.nonce(), clock.now());
        self.store.create_org(&self.me.org_id, &self.me.tenant_id, "Acme", &mandate).await.expect("the organisation is there");
        let held = !status.is_active();
        let edit = SubscriptionEdit {
            org: self.me.org_id.clone(),
            provider: "stub",
            plan: None,
            customer: None,
            subscription: None,
            status,
            seats: None,
            current_period_end: None,
            cancel_at_period_end: None,
            metadata: json!({}),
            told_at: None,
        };
        self.store.change_subscription(edit, &Plans::default(), &mandate).await.expect("the news are taken in");
        self.until_held(held).await;
    }

    async fn abort(&self, session: SessionId) {
        let id = self.node.clock().mint_command_id();
        self.node.submit(&self.me, session, id, CommandKind::Abort {}).await.expect("an abort is accepted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_prompts_of_a_paused_organisation_wait_and_others_do_not() {
    let mut world = World::new().await;
    let session = world.session().await;
    world.prompt(session, "wait").await;
    world.prompt(session, "say later").await;
    world.until(session, |view| answer(view) == "started").await;
    world.order(OrgOrder::Pause).await;
    // What ran is over; what waits for it would start now.
    world.abort(session).await;
    world.until(session, |view| view["projection"]["view"]["messages"].as_array().is_some_and(|messages| messages.len() > 2)).await;

    let acme = world.me.clone();
    world.me = principal("globex", "ann");
    let other = world.session().await;
    world.prompt(other, "say hi").await;
    world.until(other, |view| answer(view) == "say: hi").await;
    world.me = acme;
    assert!(!is_idle(&world.view(session).await), "the prompt still waits");

    // Not even a new life of the node begins it.
    let world = world.restarted().await;
    eventually("the session is not taken up", || async {
        let log = world.log(session).await;
        log.iter().any(|event| event.payload.contains("attempt 2 of 3")).then_some(())
    })
    .await;
    assert_eq!(world.node.shared.stats.of(ActorKind::Turn).alive(), 0);
    world.order(OrgOrder::Resume).await;
    world.until(session, |view| is_idle(view) && answer(view) == "say: later").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_prompts_of_who_does_not_pay_any_more_wait_for_the_payment() {
    let billing = BillingRules { provider: "stub", plans: Arc::default(), enforces_limits: false };
    let world = World::with(NodeOptions { billing: Some(billing), ..NodeOptions::default() }).await;
    world.subscription(SubscriptionStatus::Active).await;
    let session = world.session().await;
    world.prompt(session, "wait").await;
    world.prompt(session, "say later").await;
    world.until(session, |view| answer(view) == "started").await;
    world.subscription(SubscriptionStatus::PastDue).await;
    world.abort(session).await;
    world.until(session, |view| view["projection"]["view"]["messages"].as_array().is_some_and(|messages| messages.len() > 2)).await;
    // The turn of the prompt that was aborted ends; one that began next would end as well, and leave the session idle.
    eventually("a turn is alive", || async { (world.node.shared.stats.of(ActorKind::Turn).alive() == 0).then_some(()) }).await;
    assert!(!is_idle(&world.view(session).await), "the prompt still waits");
    world.subscription(SubscriptionStatus::Trialing).await;
    world.until(session, |view| is_idle(view) && answer(view) == "say: later").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_is_held_can_be_aborted() {
    let world = World::new().await;
    let session = world.session().await;
    world.order(OrgOrder::Pause).await;
    world.prompt(session, "say never").await;
    world.abort(session).await;
    world.until(session, is_idle).await;
    world.order(OrgOrder::Resume).await;
    world.prompt(session, "say next").await;
    world.until(session, |view| is_idle(view) && answer(view) == "say: next").await;
    assert!(world.log(session).await.iter().all(|event| !event.payload.contains("say: never")));
}
