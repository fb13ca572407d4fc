use super::*;
use proptest::prelude::*;

const NOW: i64 = 1_000_000_000;

fn at(offset: i64) -> Timestamp {
    Timestamp::from_millis(NOW + offset)
}

fn marks() -> KeyMarks {
    KeyMarks { last4: "9xyz".into(), fingerprint: "0".repeat(24) }
}

fn refused() -> Verdict {
    Verdict::Refused { message: "the provider refused the key (401)".into() }
}

fn unknown() -> Verdict {
    Verdict::Unknown { message: "the provider did not answer in time".into(), retry: true }
}

/// A check from its beginning to its end.
fn check(credential: Credential, verdict: &Verdict, offset: i64) -> (Credential, Outcome) {
    let rules = CheckRules::default();
    let (credential, may_run) = credential.begin_check(at(offset), &rules).expect("not disabled");
    assert!(may_run);
    credential.checked(verdict, at(offset), &rules, 500).expect("not disabled")
}

fn active() -> Credential {
    check(Credential::saved().ask(at(0)).expect("new"), &Verdict::Valid, 0).0
}

#[test]
fn a_saved_key_is_used_after_its_provider_took_it_and_not_before() {
    let saved = Credential::saved();
    assert!(!saved.is_usable() && saved.due.is_none());
    let (valid, outcome) = check(saved.ask(at(0)).expect("new"), &Verdict::Valid, 5);
    assert_eq!((outcome, valid.status), (Outcome::Activated, ByokStatus::Active));
    assert_eq!(valid.validated, Some(Validated { source: ValidationSource::Validator, at: at(5) }));
    assert!(valid.is_usable());
    let next = valid.due.expect("it is checked again");
    assert!(next.cause == CheckCause::Scheduled && next.at > at(18 * 3_600_000) && next.at <= at(24 * 3_600_000 + 5));
}

#[test]
fn one_refusal_takes_nothing_out_of_use_and_two_do() {
    let in_use = active().refused_in_use(at(100_000), &CheckRules::default()).expect("a check follows");
    assert_eq!(in_use.due, Some(DueCheck { at: at(100_000), cause: CheckCause::Refused }));
    let (doubted, outcome) = check(in_use, &refused(), 100_000);
    assert_eq!((outcome, doubted.is_usable(), doubted.health()), (Outcome::Doubted, true, Health::Doubtful));
    assert_eq!(doubted.due, Some(DueCheck { at: at(160_000), cause: CheckCause::Refused }));
    let (confirmed, outcome) = check(doubted.clone(), &Verdict::Valid, 160_000);
    assert_eq!((outcome, confirmed.refusals, confirmed.finding), (Outcome::Confirmed, 0, None));
    let (lost, outcome) = check(doubted, &refused(), 160_000);
    assert_eq!((outcome, lost.status, lost.due), (Outcome::Lost, ByokStatus::Invalid, None));
}

#[test]
fn what_expired_says_so_and_may_be_renewed() {
    let expired = Verdict::Expired { message: "API key expired".into() };
    let (new, outcome) = check(Credential::saved().ask(at(0)).expect("new"), &expired, 1);
    assert_eq!((outcome, new.status, new.health()), (Outcome::Rejected, ByokStatus::Expired, Health::Failed));
    assert_eq!(new.finding.as_ref().and_then(|finding| finding.code), Some(crate::codes::Code::ByokKeyExpired));
    let (doubted, outcome) =
        check(active().refused_in_use(at(100_000), &CheckRules::default()).expect("a check follows"), &expired, 100_000);
    assert_eq!((outcome, doubted.is_usable()), (Outcome::Doubted, true));
    let (lost, outcome) = check(doubted, &expired, 160_000);
    assert_eq!((outcome, lost.status, lost.is_usable()), (Outcome::Lost, ByokStatus::Expired, false));
    assert_eq!(check(lost.ask(at(170_000)).expect("expired"), &Verdict::Valid, 170_000).1, Outcome::Activated);
}

#[test]
fn a_person_who_asks_takes_the_answer() {
    let (lost, outcome) = check(active().ask(at(1)).expect("in use"), &refused(), 2);
    assert_eq!((outcome, lost.status), (Outcome::Lost, ByokStatus::Invalid));
    let (again, outcome) = check(lost.ask(at(3)).expect("refused"), &Verdict::Valid, 4);
    assert_eq!((outcome, again.is_usable()), (Outcome::Activated, true));
}

#[test]
fn refusals_in_use_lead_to_one_check_a_minute() {
    let rules = CheckRules::default();
    let first = active().refused_in_use(at(1_000), &rules).expect("the check was long enough ago, or waits");
    assert_eq!(first.due.map(|due| due.at), Some(at(60_000)), "the last check was at the start");
    assert_eq!(first.refused_in_use(at(1_500), &rules), None);
}

#[test]
fn trouble_on_the_way_is_tried_again_a_few_times_and_decides_nothing() {
    let mut credential = Credential::saved().ask(at(0)).expect("new");
    let mut pauses = Vec::new();
    while let Some(due) = credential.due {
        let (next, outcome) = check(credential, &unknown(), due.at.as_millis() - NOW);
        assert_eq!((outcome, next.status), (Outcome::Open, ByokStatus::PendingValidation));
        pauses.extend(next.due.map(|again| again.at.as_millis() - due.at.as_millis()));
        credential = next;
    }
    assert_eq!(pauses, [26_250, 52_500, 105_000, 210_000], "half a minute and doubled, each up to a quarter shorter");
    let finding = credential.finding.expect("it says why");
    assert_eq!(finding.code, Some(crate::codes::Code::ByokValidationFailed));
    let in_use = (0..5).fold(active(), |credential, _| check(credential, &unknown(), 0).0);
    assert!(in_use.is_usable() && in_use.due.is_some_and(|due| due.cause == CheckCause::Scheduled));
}

#[test]
fn a_check_that_takes_its_worker_down_is_not_begun_for_ever() {
    let rules = CheckRules::default();
    let mut credential = Credential::saved().ask(at(0)).expect("new");
    for _ in 0..rules.attempts {
        let (next, may_run) = credential.begin_check(at(0), &rules).expect("not disabled");
        assert!(may_run);
        credential = next;
    }
    assert!(!credential.begin_check(at(0), &rules).expect("not disabled").1);
}

#[test]
fn a_persons_word_holds_until_a_person_asks_again() {
    let overridden = Credential::saved().override_validation(true, "ticket 12", &marks(), at(0)).expect("saved");
    assert!(overridden.is_usable() && overridden.due.is_none());
    assert_eq!(overridden.clone().refused_in_use(at(1), &CheckRules::default()), None);
    let (lost, outcome) = check(overridden.clone().ask(at(2)).expect("in use"), &refused(), 2);
    assert_eq!((outcome, lost.is_usable()), (Outcome::Lost, false));
    let (open, _) = check(overridden.ask(at(2)).expect("in use"), &unknown(), 2);
    assert_eq!(open.finding.map(|finding| finding.text), Some("Operator override: ticket 12".to_owned()));
}

#[derive(Debug, Clone)]
enum Step {
    Ask,
    Refused,
    Check(Verdict),
    Override,
    Unsupported,
    Disable,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdict = prop_oneof![
        Just(Verdict::Valid),
        Just(refused()),
        Just(Verdict::Unsupported),
        Just(Verdict::Expired { message: "over".into() }),
        any::<bool>().prop_map(|retry| Verdict::Unknown { message: "away".into(), retry }),
    ];
    let step = prop_oneof![
        3 => Just(Step::Ask),
        2 => Just(Step::Refused),
        6 => verdict.prop_map(Step::Check),
        1 => Just(Step::Override),
        1 => Just(Step::Unsupported),
        1 => Just(Step::Disable),
    ];
    proptest::collection::vec(step, 0..40)
}

proptest! {
    /// Whatever happens, in whatever order: only a pass or a person puts a key in use, and what is disabled stays so.
    #[test]
    fn nothing_is_in_use_without_a_pass_or_a_persons_word(steps in steps(), chance in 0_u16..1500) {
        let rules = CheckRules::default();
        let mut credential = Credential::saved();
        for (index, step) in steps.into_iter().enumerate() {
            let now = at(i64::try_from(index).expect("few") * 45_000);
            let before = credential.clone();
            let is_word = matches!(step, Step::Override) || matches!(step, Step::Check(Verdict::Valid));
            let next = match step {
                Step::Ask => credential.ask(now),
                Step::Refused => Ok(credential.clone().refused_in_use(now, &rules).unwrap_or(credential)),
                Step::Check(verdict) => credential.begin_check(now, &rules).and_then(|(credential, may_run)| {
                    if may_run { credential.checked(&verdict, now, &rules, chance).map(|(checked, _)| checked) } else { Ok(credential) }
                }),
                Step::Override => credential.override_validation(true, "because", &marks(), now),
                Step::Unsupported => credential.found_unsupported(),
                Step::Disable => credential.disable(),
            };
            credential = next.unwrap_or_else(|_| before.clone());
            prop_assert!(before.is_usable() || !credential.is_usable() || is_word);
            prop_assert!(credential.status != ByokStatus::Active || credential.validated.is_some());
            prop_assert!(before.status != ByokStatus::Disabled || credential == before);
            prop_assert!(credential.status != ByokStatus::Disabled || credential.due.is_none());
            // A key falls out of use by two refusals, by a question that somebody asked, or by somebody's hand.
            if before.is_usable() && credential.status == ByokStatus::Invalid {
                prop_assert!(before.refusals > 0 || before.due.is_some_and(|due| due.cause == CheckCause::Asked));
            }
            prop_assert!(credential.attempts <= rules.attempts + 1);
            if let Some(due) = credential.due {
                prop_assert!(due.at <= now.plus_millis(24 * 3_600_000));
            }
        }
    }
}
