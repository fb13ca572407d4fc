use super::*;
use proptest::prelude::*;

const NOW: i64 = 1_772_600_000_000;

fn key(workspace: Option<&str>, kind: ProviderEventType, event: &str) -> ProviderEventKey {
    ProviderEventKey {
        org: OrgId::new("acme"),
        binding: ChannelBindingId::new("b"),
        provider: ChannelProvider::stored("telegram".to_owned()),
        instance: "telegram".into(),
        workspace: workspace.map(str::to_owned),
        kind,
        event: event.into(),
    }
}

fn states() -> impl Strategy<Value = ProviderEventState> {
    prop_oneof![
        Just(ProviderEventState::Received),
        (-10_i64..10).prop_map(|left| {
            ProviderEventState::Processing(EventClaim { by: "first".into(), until: Timestamp::from_millis(NOW + left) })
        }),
        Just(ProviderEventState::Processed { at: Timestamp::from_millis(NOW - 1) }),
        any::<bool>().prop_map(|retryable| ProviderEventState::Failed { retryable, error: Some("boom".into()) }),
    ]
}

fn event(state: ProviderEventState) -> ProviderEvent {
    let at = Timestamp::from_millis(NOW - 1000);
    let metadata = Map::from_iter([("from".to_owned(), "the first".into())]);
    ProviderEvent { key: key(None, ProviderEventType::Message, "1"), state, attempts: 3, metadata, created_at: at, updated_at: at }
}

proptest! {
    /// The table of contract 04 §7.
    #[test]
    fn an_event_is_given_to_one_and_what_is_over_to_nobody(state in states()) {
        let now = Timestamp::from_millis(NOW);
        let is_free = match &state {
            ProviderEventState::Received => true,
            ProviderEventState::Processing(claim) => claim.until.as_millis() <= NOW,
            ProviderEventState::Processed { .. } => false,
            ProviderEventState::Failed { retryable, .. } => *retryable,
        };
        let before = event(state);
        let (after, claimed) = before.clone().claim(EventClaim::new("second", None, now), Map::new(), now);
        prop_assert_eq!(claimed, is_free);
        prop_assert_eq!(after.updated_at, now);
        if claimed {
            prop_assert_eq!(after.attempts, 4);
            prop_assert_eq!(&after.state, &ProviderEventState::Processing(EventClaim { by: "second".into(), until: now.plus_millis(CLAIM_MS) }));
            prop_assert_eq!(&after.metadata, &Map::from_iter([("channelBindingId".to_owned(), "b".into())]));
            // Two claims at the same time: one wins.
            prop_assert!(!after.claim(EventClaim::new("third", None, now), Map::new(), now).1);
        } else {
            prop_assert_eq!(after, ProviderEvent { updated_at: now, ..before });
        }
    }

    #[test]
    fn only_the_claimant_completes(state in states(), by in prop_oneof![Just("first"), Just("second")]) {
        let now = Timestamp::from_millis(NOW);
        let may = matches!(&state, ProviderEventState::Processing(_)) && by == "first";
        let done = event(state).complete(by, ProviderEventOutcome::Processed, now);
        prop_assert_eq!(done.map(|event| event.state), if may { Ok(ProviderEventState::Processed { at: now }) } else { Err(NotClaimant) });
    }

    #[test]
    fn a_claim_holds_for_a_millisecond_at_least_and_an_hour_at_most(ttl in any::<i64>()) {
        let now = Timestamp::from_millis(NOW);
        let held = EventClaim::new("g", Some(ttl), now).until.as_millis() - NOW;
        prop_assert_eq!(held, if ttl == 0 { CLAIM_MS } else { ttl.clamp(1, LONGEST_CLAIM_MS) });
    }
}

#[test]
fn the_same_event_has_the_same_id_and_another_kind_or_workspace_is_another_event() {
    let id = |workspace, kind, event| key(workspace, kind, event).id();
    let first = id(None, ProviderEventType::Message, "1");
    assert_eq!(first, id(Some(""), ProviderEventType::Message, "1"));
    assert_eq!(first.len(), "channel_provider_event_".len() + 32);
    for other in [
        id(Some("T1"), ProviderEventType::Message, "1"),
        id(None, ProviderEventType::Command, "1"),
        id(None, ProviderEventType::Message, "2"),
    ] {
        assert_ne!(first, other);
    }
}

#[test]
fn a_failure_keeps_no_secret_and_says_whether_another_try_helps() {
    let now = Timestamp::from_millis(NOW);
    let claim = EventClaim::new("g", None, now);
    let event = ProviderEvent::first(key(None, ProviderEventType::Message, "1"), claim, Map::new(), now);
    let error = Some(format!("boom sk-abcdefgh12345678 {}", "x".repeat(2000)));
    let failed = event.complete("g", ProviderEventOutcome::Failed { retryable: false, error }, now).expect("its claimant");
    let record = serde_json::to_value(&failed).expect("JSON");
    let text = record["lastError"].as_str().expect("a text");
    assert!(text.starts_with("boom [redacted] x") && text.chars().count() == 1024, "{text}");
    let shown = ["status", "retryable", "claimedBy", "claimExpiresAt", "processedAt", "attemptCount"].map(|name| record[name].clone());
    assert_eq!(shown, ["failed".into(), false.into(), Value::Null, Value::Null, Value::Null, 1.into()]);
}
