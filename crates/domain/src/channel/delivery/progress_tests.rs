use super::*;
use crate::ids::TokenId;
use proptest::prelude::*;
use uuid::Uuid;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

fn claim(id: u128, by: &str) -> NewClaim {
    NewClaim { id: Uuid::from_u128(id), by: by.to_owned(), token: None }
}

fn begun(attempt: Option<Attempt>) -> Progress {
    match attempt {
        Some(Attempt::Begun(progress)) => progress,
        other => panic!("it was not claimed: {other:?}"),
    }
}

fn word(outcome: Outcome) -> Settlement {
    Settlement { outcome, next_attempt_at: None, error: None }
}

fn fresh(limit: u32) -> Progress {
    Progress::begin(DeliveryStatus::Pending, None, limit, at(0))
}

#[test]
fn whoever_lost_a_claim_settles_nothing_and_the_new_claimant_does() {
    let first = begun(fresh(20).claim(&claim(1, "a"), at(10), at(0)));
    let old = first.claim_token().expect("it is claimed");
    assert_eq!(first.clone().claim(&claim(2, "b"), at(20), at(9)), None, "the first claim still holds");
    let second = begun(first.claim(&claim(2, "b"), at(20), at(10)));
    assert_eq!(second.clone().settle(&ClaimProof::Token(old), word(Outcome::Sent), at(11)), Err(AckRefusal::ClaimLost));
    assert_eq!(second.clone().renew(old, at(90)), Err(AckRefusal::ClaimLost));
    let by_name = ClaimProof::Name { by: "a".to_owned(), token: None };
    assert_eq!(second.clone().settle(&by_name, word(Outcome::Sent), at(11)), Err(AckRefusal::NotClaimed));
    let current = second.claim_token().expect("it is claimed");
    let sent = second.settle(&ClaimProof::Token(current), word(Outcome::Sent), at(11)).expect("it is theirs");
    assert_eq!((sent.state.status(), sent.attempts, sent.due_at()), (DeliveryStatus::Sent, 2, None));
}

#[test]
fn the_same_word_said_twice_with_a_claim_token_counts_once_and_another_word_comes_too_late() {
    let claimed = begun(fresh(20).claim(&claim(1, "a"), at(10), at(0)));
    let proof = ClaimProof::Token(claimed.claim_token().expect("it is claimed"));
    let sent = claimed.settle(&proof, word(Outcome::Sent), at(1)).expect("it is theirs");
    assert_eq!(sent.clone().settle(&proof, word(Outcome::Sent), at(2)), Ok(sent.clone()));
    assert_eq!(sent.settle(&proof, word(Outcome::Dead), at(2)), Err(AckRefusal::ClaimLost));
}

#[test]
fn a_name_counts_only_with_the_gateway_token_that_claimed() {
    let with = |token: &str| Some(TokenId::new(token));
    let claimed = begun(fresh(20).claim(&NewClaim { token: with("tok_1"), ..claim(1, "gw") }, at(10), at(0)));
    assert_eq!(claimed.last_claimed_by.as_deref(), Some("tok_1"));
    let settled = |token| claimed.clone().settle(&ClaimProof::Name { by: "gw".to_owned(), token }, word(Outcome::Sent), at(1));
    assert_eq!(settled(with("tok_2")), Err(AckRefusal::NotClaimed));
    assert!(settled(with("tok_1")).is_ok());
}

#[test]
fn poison_is_given_up_at_the_limit_whether_its_gateway_says_so_or_dies() {
    let mut said = fresh(2);
    let mut silent = fresh(2);
    for number in 0..2 {
        let claimed = begun(said.claim(&claim(1, "a"), at(10), at(number)));
        let proof = ClaimProof::Token(claimed.claim_token().expect("it is claimed"));
        let why = Settlement { error: Some("no".to_owned()), ..word(Outcome::Failed) };
        said = claimed.settle(&proof, why, at(number)).expect("it is theirs");
        silent = begun(silent.claim(&claim(1, "a"), at(number), at(number)));
    }
    assert_eq!(said.state, DeliveryState::Dead(DeadReason::AttemptsExhausted));
    let Some(Attempt::GivenUp(silent)) = silent.claim(&claim(2, "a"), at(99), at(50)) else { panic!("a third attempt") };
    assert_eq!((silent.state, silent.attempts), (DeliveryState::Dead(DeadReason::AttemptsExhausted), 2));
    assert_eq!(silent.last_error.as_deref(), Some("given up after 2 attempts"));
}

#[test]
fn a_retry_by_hand_keeps_the_count_and_gets_as_many_attempts_again_at_the_end_of_its_lane() {
    let dead = fresh(1).bury("no".to_owned(), at(5));
    let again = Progress { attempts: 20, ..dead }.retry(20, at(70));
    assert_eq!((again.state.status(), again.attempts, again.attempt_limit), (DeliveryStatus::Failed, 20, 40));
    assert_eq!((again.place, again.due_at(), again.last_error), (at(70), Some(at(70)), None));
    let waiting = fresh(20).retry(20, at(70));
    assert_eq!(waiting.place, at(0), "it never was at rest, so nobody was sent past it");
}

#[test]
fn only_a_retry_that_is_far_away_gives_up_its_place() {
    let failed = |next: i64| {
        let claimed = begun(fresh(20).claim(&claim(1, "a"), at(10), at(0)));
        let proof = ClaimProof::Token(claimed.claim_token().expect("it is claimed"));
        claimed.settle(&proof, Settlement { next_attempt_at: Some(at(next)), ..word(Outcome::Failed) }, at(0)).expect("it is theirs")
    };
    assert_eq!(failed(LANE_PATIENCE_MS).place, at(0));
    assert_eq!(failed(LANE_PATIENCE_MS + 1).place, at(LANE_PATIENCE_MS + 1));
    assert_eq!(Progress::begin(DeliveryStatus::Pending, Some(at(500)), 20, at(0)).place, at(500), "one for later waits aside");
}

#[derive(Debug, Clone)]
enum Step {
    Claim,
    Settle(Outcome),
    SettleStale,
    Retry,
    Bury,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![Just(Outcome::Sent), Just(Outcome::Failed), Just(Outcome::Dead)];
    prop_oneof![3 => Just(Step::Claim), 3 => outcome.prop_map(Step::Settle), 1 => Just(Step::SettleStale), 1 => Just(Step::Retry), 1 => Just(Step::Bury)]
}

proptest! {
    /// Whatever happens in whatever order: no more attempts than allowed, a token per attempt, and a stale one changes nothing.
    #[test]
    fn no_order_of_events_breaks_the_machine(steps in prop::collection::vec((step(), 0_i64..30), 0..60)) {
        let (mut progress, mut now, mut tokens) = (fresh(3), 0, Vec::new());
        for (number, (step, wait)) in steps.into_iter().enumerate() {
            now += wait;
            match step {
                Step::Claim => match progress.clone().claim(&claim(number as u128, "a"), at(now + 10), at(now)) {
                    Some(Attempt::Begun(next)) => {
                        let token = next.claim_token().expect("it is claimed");
                        prop_assert!(!tokens.contains(&token));
                        tokens.push(token);
                        progress = next;
                    }
                    Some(Attempt::GivenUp(next)) => {
                        prop_assert_eq!(next.attempts, next.attempt_limit);
                        progress = next;
                    }
                    None => prop_assert!(progress.due_at().is_none_or(|due| due > at(now))),
                },
                Step::Settle(outcome) => {
                    if let Some(token) = progress.claim_token() {
                        progress = progress.settle(&ClaimProof::Token(token), word(outcome), at(now)).expect("it is theirs");
                    }
                }
                Step::SettleStale => {
                    let current = (progress.claim, progress.attempts);
                    for token in tokens.iter().filter(|token| (Some(token.claim), token.attempt) != current) {
                        let late = progress.clone().settle(&ClaimProof::Token(*token), word(Outcome::Sent), at(now));
                        prop_assert_eq!(late, Err(AckRefusal::ClaimLost));
                    }
                }
                Step::Retry => progress = progress.retry(3, at(now)),
                Step::Bury => progress = progress.bury("no".to_owned(), at(now)),
            }
            prop_assert!(progress.attempts <= progress.attempt_limit);
            prop_assert_eq!(progress.due_at().is_none(), progress.state.is_at_rest());
        }
    }
}
