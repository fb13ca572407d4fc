//! The contract's refusals, and what holds for any order of steps.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn session(number: u8) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn command(number: u8) -> CommandId {
    CommandId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn refusals_are_those_of_the_contract() {
    let mut org = OrgLedger::new(OrgLimits { prompts_per_hour: Some(1), ..OrgLimits::default() });
    let now = at(HOUR_MS * 7 + 1_000);
    org.admit_prompt(now, command(1), session(1)).expect("the first");
    org.admit_prompt(now, command(1), session(1)).expect("the same grant again");
    let refusal = org.admit_prompt(now, command(2), session(1)).expect_err("over the hour's quota");
    let expected = Refusal::new(Code::PromptsPerHourExceeded, "Cloud prompt quota exceeded.", 3_599_000);
    assert_eq!(refusal, expected);
    org.admit_prompt(at(HOUR_MS * 8), command(2), session(1)).expect("a new hour");

    let mut org = OrgLedger::new(OrgLimits { queued_commands: Some(1), queue_age_ms: Some(60_000), ..OrgLimits::default() });
    for number in [1, 2] {
        org.admit_prompt(at(0), command(number), session(1)).expect("one runs, one waits");
        org.confirm(at(0), command(number), session(1));
    }
    assert_eq!(org.admit_prompt(at(0), command(3), session(1)).expect_err("full").code, Code::QueuedCommandsExceeded);
    org.admit_prompt(at(0), command(3), session(2)).expect("another session starts at once");
    org.set_limits(OrgLimits { queued_commands: None, ..org.limits() });
    assert_eq!(org.admit_prompt(at(60_001), command(4), session(1)).expect_err("too old").code, Code::QueueAgeExceeded);
}

#[test]
fn an_unconfirmed_grant_expires_and_a_confirmed_one_does_not() {
    let mut org = OrgLedger::new(OrgLimits { concurrent_sessions: Some(1), ..OrgLimits::default() });
    org.admit_prompt(at(0), command(1), session(1)).expect("free");
    assert!(org.admit_prompt(at(GRANT_LIFETIME_MS), command(2), session(2)).is_err());
    assert!(org.admit_session(at(GRANT_LIFETIME_MS)).is_err());
    org.admit_prompt(at(GRANT_LIFETIME_MS + 1), command(2), session(2)).expect("expired");
    org.confirm(at(GRANT_LIFETIME_MS + 1), command(2), session(2));
    assert!(org.admit_prompt(at(GRANT_LIFETIME_MS * 9), command(3), session(3)).is_err());
    org.recount(at(GRANT_LIFETIME_MS * 9), [], 1);
    org.admit_prompt(at(GRANT_LIFETIME_MS * 9), command(3), session(3)).expect("the journal knows of nothing");
    assert_eq!(org.prompts_this_hour(), 2);
}

#[derive(Debug, Clone)]
enum Step {
    Admit(u8, u8),
    Confirm(u8, u8),
    Cancel(u8),
    Finish(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..20_u8, 0..6_u8).prop_map(|(grant, session)| Step::Admit(grant, session)),
        1 => (0..20_u8, 0..6_u8).prop_map(|(grant, session)| Step::Confirm(grant, session)),
        1 => (0..20_u8).prop_map(Step::Cancel),
        1 => (0..20_u8, 0..6_u8).prop_map(|(grant, session)| Step::Finish(grant, session)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn never_more_than_the_limits_and_everything_is_given_back(steps in proptest::collection::vec((0..9_000_i64, step()), 0..120)) {
        let limits = OrgLimits { concurrent_sessions: Some(3), queued_commands: Some(4), queue_age_ms: None, prompts_per_hour: Some(25) };
        let mut org = OrgLedger::new(limits);
        let mut now = 0;
        for (pause, step) in steps {
            now += pause;
            match step {
                Step::Admit(grant, of) => drop(org.admit_prompt(at(now), command(grant), session(of))),
                // A confirmation follows its grant: one for an unknown grant is a fact of the journal, not an admission.
                Step::Confirm(grant, of) if org.grants.contains_key(&command(grant)) => org.confirm(at(now), command(grant), session(of)),
                Step::Confirm(..) => {}
                Step::Cancel(grant) => org.cancel(command(grant)),
                Step::Finish(grant, of) => org.finished(session(of), command(grant)),
            }
            prop_assert!(org.busy_sessions() <= 3 && org.queued_commands() <= 4 && org.prompts_this_hour() <= 25);
            let waiting: usize = org.sessions.values().map(|prompts| prompts.len() - 1).sum();
            prop_assert_eq!(org.queued_commands(), count(waiting));
        }
        let mut fresh = OrgLedger::new(limits);
        for grant in 0..4 {
            fresh.admit_prompt(at(now), command(grant), session(1)).expect("within the limits");
        }
        for grant in 0..4 {
            fresh.cancel(command(grant));
        }
        prop_assert_eq!((fresh.busy_sessions(), fresh.queued_commands(), fresh.prompts_this_hour(), fresh.unconfirmed), (0, 0, 0, 0));
    }
}
