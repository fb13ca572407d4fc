//! Checks of provider keys: one at a time, and taken up again after a failure.

use super::world::{World, eventually};
use crate::{ActorKind, KeyCheckOptions, KeyChecker, NodeOptions, SessionError};
use cowork_domain::{
    byok::{ByokStatus, KeyMarks, Verdict},
    ids::{SecretId, TenantId},
    provider::ProviderId,
};
use cowork_store::{ByokKey, ByokRow, Mandate, NewByokSecret};
use futures_util::future::BoxFuture;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// Takes every key, once it is let go; panics as often as it is told before that.
struct Gated {
    panics: usize,
    begun: AtomicUsize,
    gate: Semaphore,
}

impl KeyChecker for Gated {
    fn check<'a>(&'a self, _: &'a ByokRow, _: &'a ByokKey) -> BoxFuture<'a, Verdict> {
        Box::pin(async {
            assert!(self.begun.fetch_add(1, Ordering::SeqCst) >= self.panics, "a checker with a bug");
            self.gate.acquire().await.expect("never closed").forget();
            Verdict::Valid
        })
    }
}

impl World {
    fn mandate(&self) -> Mandate {
        Mandate::of(&self.me, self.node.clock().nonce(), self.node.clock().now())
    }

    /// A saved key whose check was asked for.
    async fn asked_key(&self) -> SecretId {
        let (store, clock, provider) = (&self.store, self.node.clock(), ProviderId::parse("openai").expect("a name"));
        store.create_org(&self.me.org_id, &TenantId::new("acme"), "Acme", &self.mandate()).await.expect("an organisation is made");
        let marks = KeyMarks { last4: "9xyz".into(), fingerprint: "0".repeat(24) };
        let key = ByokKey::Reference("vault://acme/openai".into());
        let secret = NewByokSecret { id: clock.mint_secret_id(), key, key_id: None, marks, created_by: None };
        let saving = store.begin_byok_save(&self.me.org_id, &provider).await.expect("a key can be saved");
        let row = saving.finish(secret, &self.mandate(), clock.now()).await.expect("a key is saved");
        store.ask_byok_check(&self.me.org_id, &provider, &self.mandate(), clock.now()).await.expect("a check is asked for");
        row.id
    }

    async fn status(&self) -> ByokStatus {
        self.store.byok_shown(&self.me.org_id, None).await.expect("keys can be read")[0].credential.status
    }
}

fn checker(panics: usize) -> Arc<Gated> {
    Arc::new(Gated { panics, begun: AtomicUsize::new(0), gate: Semaphore::new(0) })
}

fn looking_often() -> NodeOptions {
    NodeOptions {
        key_checks: KeyCheckOptions { look_every: Duration::from_millis(20), ..KeyCheckOptions::default() },
        ..NodeOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_while_a_check_runs_gets_its_answer() {
    let world = World::with(looking_often()).await;
    let checker = checker(0);
    let secret = world.asked_key().await;
    world.node.check_keys_with(checker.clone());
    let asker = || {
        let node = world.node.clone();
        tokio::spawn(async move { node.check_key(secret, Duration::from_secs(20)).await })
    };
    let first = asker();
    eventually("no check began", || async { (checker.begun.load(Ordering::SeqCst) > 0).then_some(()) }).await;
    let second = asker();
    assert_eq!(world.status().await, ByokStatus::PendingValidation);
    checker.gate.add_permits(10);
    for asker in [first, second] {
        asker.await.expect("it comes back").expect("nothing is stopped");
    }
    assert_eq!((world.status().await, checker.begun.load(Ordering::SeqCst)), (ByokStatus::Active, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_panics_is_run_again_without_anybody_asking() {
    let world = World::with(looking_often()).await;
    let checker = checker(2);
    checker.gate.add_permits(10);
    world.asked_key().await;
    world.node.check_keys_with(checker.clone());
    eventually("the key was never checked", || async { (world.status().await == ByokStatus::Active).then_some(()) }).await;
    assert_eq!(checker.begun.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_a_check_that_is_stopped_for_good_is_told_so() {
    // By default a check is given up before its actor has failed so often.
    let mut options = looking_often();
    options.key_checks.rules.attempts = 100;
    let world = World::with(options).await;
    let secret = world.asked_key().await;
    world.node.check_keys_with(checker(usize::MAX));
    let stopped = SessionError::EntityQuarantined { kind: ActorKind::Byok, code: "actor.panicked".into() };
    eventually("the key is never quarantined", || async {
        let asked = world.node.check_key(secret, Duration::from_secs(20)).await;
        (asked.as_ref() == Err(&stopped)).then_some(())
    })
    .await;
}
