//! Histories that break a promise each, and one that keeps them all: a judge that can't fail is worthless.

use super::{
    Evidence, Kind,
    evidence::{LoggedEvent, What, WorkspaceEvent},
    judge,
};
use crate::cli::drill::{
    faults::FaultKind,
    history::{
        Affected, CallRecord, CreationRecord, FrameRecord, History, Incident, Moment, Outcome, PromptRecord, RoundRecord, StreamRecord,
        Subject,
    },
};
use cowork_domain::{
    ids::{CommandId, Incarnation, NodeNumber, SessionId},
    session::CommandStatus,
};
use cowork_store::FenceViolation;
use std::collections::BTreeMap;
use uuid::Uuid;

const SECOND: u64 = 1_000_000;

fn session() -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(1))
}

fn command(number: u128) -> CommandId {
    CommandId::from_uuid(Uuid::from_u128(number))
}

fn at(seconds: u64) -> Moment {
    Moment(seconds * SECOND)
}

fn call<T>(id: T, intended: u64, ended: u64) -> CallRecord<T> {
    CallRecord { intended: at(intended), ended: at(ended), tries: 1, outcome: Outcome::Acknowledged(id) }
}

fn logged(events: Vec<What>) -> Vec<LoggedEvent> {
    (1..).zip(events).map(|(sequence, what)| LoggedEvent { sequence, what }).collect()
}

fn answer(command: CommandId, content: &str, append: bool) -> What {
    What::Answer { message: format!("{command}:assistant"), content: content.to_owned(), append }
}

fn frames(arrivals: &[u64]) -> Vec<FrameRecord> {
    (1..).zip(arrivals).map(|(sequence, seconds)| FrameRecord { sequence, hash: sequence * 7, at: at(*seconds) }).collect()
}

fn stream(subject: Subject, live: bool, arrivals: &[u64]) -> StreamRecord {
    StreamRecord { connections: 2, frames: frames(arrivals), ..StreamRecord::new(subject, live) }
}

/// One session with two prompts. Its node is disturbed at second 10, when the first answer is half there;
/// the new owner begins that turn again.
fn kept() -> (History, Evidence) {
    let (first, second) = (command(11), command(12));
    let prompt = |number: u32, id, answer: &str, intended, ended| PromptRecord {
        key: format!("key-{number}"),
        session: session(),
        text: format!("prompt {number}"),
        answer: answer.to_owned(),
        call: call(id, intended, ended),
        repeated: Vec::new(),
    };
    let log = logged(vec![
        What::Other,
        What::Prompt { command: Some(first), text: "prompt 1".into() },
        answer(first, "one ", true),
        // 3 was the head at the fault; what follows is the new owner's.
        answer(first, "", false),
        answer(first, "one ", true),
        answer(first, "two", true),
        What::Idle,
        What::Prompt { command: Some(second), text: "prompt 2".into() },
        answer(second, "echo: prompt 2", false),
        What::Idle,
    ]);
    let arrivals = [1, 8, 9, 12, 13, 13, 14, 14, 15, 15];
    let (of_session, of_workspace) = (Subject::Session(session()), Subject::Workspace(0));
    let history = History {
        prompts: vec![prompt(1, first, "one two", 8, 8), prompt(2, second, "echo: prompt 2", 9, 12)],
        creations: vec![CreationRecord { key: "key-0".into(), user: 0, title: "session 0".into(), call: call(session(), 0, 1) }],
        streams: vec![
            stream(of_session, true, &arrivals),
            stream(of_session, true, &arrivals.map(|second| second + 1)),
            stream(of_session, false, &[20; 10]),
            stream(of_workspace, true, &arrivals),
        ],
        rounds: vec![RoundRecord {
            fault: FaultKind::Kill,
            number: 1,
            began: at(0),
            disturbed: Some((at(10), at(13))),
            settled: Some(at(16)),
            drained: Some(at(17)),
            incidents: vec![Incident { at: at(10), node: "w1".into(), affected: vec![Affected { session: session(), head: 3 }] }],
            proofs: vec!["w1 was killed".into()],
            invalid: None,
        }],
    };
    let of_workspace = log.iter().map(|event| WorkspaceEvent {
        sequence: event.sequence,
        created: (event.sequence == 1).then(|| (session(), "session 0".to_owned())),
    });
    let evidence = Evidence {
        workspaces: vec![of_workspace.collect()],
        sessions: BTreeMap::from([(session(), log)]),
        commands: BTreeMap::from([(first, CommandStatus::Acked), (second, CommandStatus::Acked)]),
        fenced_writes: Vec::new(),
    };
    (history, evidence)
}

/// What the judge finds once something was changed.
#[track_caller]
fn broken(change: impl FnOnce(&mut History, &mut Evidence)) -> Vec<Kind> {
    let (mut history, mut evidence) = kept();
    change(&mut history, &mut evidence);
    let mut kinds: Vec<Kind> = judge(&history, &evidence).violations.into_iter().map(|violation| violation.kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn a_history_that_keeps_every_promise_is_clean_and_measured() {
    let (history, evidence) = kept();
    let verdict = judge(&history, &evidence);
    assert_eq!(verdict.violations, []);
    let measures = verdict.measures;
    assert_eq!((measures.requests, measures.prompts_acknowledged, measures.prompts_answered), (3, 2, 2));
    assert_eq!((measures.events, measures.frames, measures.reconnects), (10, 40, 4));
    let millis = |wanted: f64, is: f64| assert!((wanted - is).abs() < wanted / 100.0, "{wanted} ms, but it is {is}");
    millis(2000.0, measures.resume.max_ms);
    millis(2000.0, measures.all_resumed.p50_ms);
    millis(3000.0, measures.settled.max_ms);
    millis(2000.0, measures.longest_silence_ms);
    assert_eq!(measures.never_resumed, 0);
}

#[test]
fn only_what_had_work_when_it_was_disturbed_has_to_go_on() {
    let (mut history, mut evidence) = kept();
    history.rounds[0].incidents[0].affected[0].head = 10;
    let measures = judge(&history, &evidence).measures;
    assert_eq!((measures.resume.count, measures.never_resumed), (0, 0), "both turns had ended where the log was read");
    history.rounds[0].incidents[0].affected[0].head = 3;
    evidence.sessions.values_mut().for_each(|log| log.truncate(3));
    history.streams.iter_mut().for_each(|stream| stream.frames.truncate(3));
    let measures = judge(&history, &evidence).measures;
    assert_eq!((measures.resume.count, measures.never_resumed), (0, 1), "nothing came after the fault");
}

#[test]
fn a_round_without_its_fault_is_found() {
    assert_eq!(broken(|history, _| history.rounds[0].invalid = Some("nobody was killed".into())), [Kind::InvalidRound]);
}

#[test]
fn requests_that_fail_or_take_too_long_are_found() {
    let failed = |history: &mut History| history.prompts[0].call.outcome = Outcome::Failed("500".into());
    assert_eq!(broken(|history, _| failed(history)), [Kind::FailedRequest]);
    assert_eq!(broken(|history, _| history.prompts[1].call.ended = Moment(at(19).0 + 1)), [Kind::SlowRequest]);
    assert_eq!(broken(|history, _| history.creations[0].call.ended = at(11)), [Kind::SlowRequest]);
    let repeated = CallRecord { outcome: Outcome::Failed("500".into()), ..call(command(11), 9, 9) };
    assert_eq!(broken(|history, _| history.prompts[0].repeated.push(repeated)), [Kind::FailedRequest]);
}

#[test]
fn a_promise_that_is_lost_is_found() {
    assert_eq!(
        broken(|_, evidence| {
            evidence.commands.remove(&command(12));
        }),
        [Kind::LostPromise]
    );
    let other = SessionId::from_uuid(Uuid::from_u128(2));
    let promised = CreationRecord { key: "key-3".into(), user: 0, title: "session 3".into(), call: call(other, 2, 3) };
    assert_eq!(broken(|history, _| history.creations.push(promised)), [Kind::LostPromise]);
}

#[test]
fn a_prompt_that_does_not_end_is_found() {
    let waits = |_: &mut History, evidence: &mut Evidence| {
        evidence.commands.insert(command(12), CommandStatus::Running);
    };
    assert_eq!(broken(waits), [Kind::UnfinishedPrompt]);
    let no_end =
        |_: &mut History, evidence: &mut Evidence| evidence.sessions.get_mut(&session()).expect("it is there")[9].what = What::Other;
    assert_eq!(broken(no_end), [Kind::UnfinishedPrompt]);
    // Given up is an end if the log says so, and only then.
    let silently = |_: &mut History, evidence: &mut Evidence| {
        evidence.commands.insert(command(12), CommandStatus::Failed);
    };
    assert_eq!(broken(silently), [Kind::WrongAnswer]);
    let openly = |_: &mut History, evidence: &mut Evidence| {
        evidence.commands.insert(command(12), CommandStatus::Failed);
        evidence.sessions.get_mut(&session()).expect("it is there")[9].what = What::Error { command: Some(command(12)) };
    };
    assert_eq!(broken(openly), []);
}

#[test]
fn an_answer_that_is_not_whole_is_found() {
    let twice = |_: &mut History, evidence: &mut Evidence| {
        // The new owner appends to what the old one had streamed instead of beginning anew.
        evidence.sessions.get_mut(&session()).expect("it is there")[3].what = What::Other;
    };
    assert_eq!(broken(twice), [Kind::WrongAnswer]);
}

#[test]
fn two_effects_of_one_key_are_found() {
    let promised = |history: &mut History, _: &mut Evidence| history.prompts[0].repeated.push(call(command(99), 9, 9));
    assert_eq!(broken(promised), [Kind::DoubleEffect]);
    let executed = |_: &mut History, evidence: &mut Evidence| {
        let log = evidence.sessions.get_mut(&session()).expect("it is there");
        log[0].what = What::Prompt { command: Some(command(99)), text: "prompt 2".into() };
    };
    assert_eq!(broken(executed), [Kind::DoubleEffect]);
    let created = |_: &mut History, evidence: &mut Evidence| {
        evidence.workspaces[0][1].created = Some((SessionId::from_uuid(Uuid::from_u128(2)), "session 0".into()));
    };
    assert_eq!(broken(created), [Kind::DoubleEffect]);
}

#[test]
fn a_log_with_a_hole_or_a_number_twice_is_found() {
    // The streams then disagree with the log, too; what matters is that the log itself is judged.
    let of_session =
        |change: fn(&mut Vec<LoggedEvent>)| broken(move |_, evidence| change(evidence.sessions.get_mut(&session()).expect("it is there")));
    assert!(
        of_session(|log| {
            log.remove(4);
        })
        .contains(&Kind::LogNotDense)
    );
    assert!(of_session(|log| log.insert(4, log[3].clone())).contains(&Kind::LogNotDense));
    assert_eq!(
        broken(|_, evidence| {
            evidence.workspaces[0].remove(4);
        }),
        [Kind::LogNotDense]
    );
}

#[test]
fn a_stream_that_is_not_contiguous_is_found() {
    let with = |change: fn(&mut Vec<FrameRecord>)| broken(move |history, _| change(&mut history.streams[1].frames));
    assert_eq!(
        with(|frames| {
            frames.remove(4);
        }),
        [Kind::StreamGap]
    );
    assert_eq!(
        with(|frames| {
            frames.pop();
        }),
        [Kind::StreamGap]
    );
    assert_eq!(
        with(|frames| {
            frames.remove(0);
        }),
        [Kind::StreamGap]
    );
    assert_eq!(with(|frames| frames.insert(5, frames[4])), [Kind::StreamDuplicate]);
    assert_eq!(with(|frames| frames.push(frames[2])), [Kind::StreamDuplicate]);
    assert_eq!(with(|frames| frames.swap(4, 5)), [Kind::StreamReorder]);
    assert_eq!(
        broken(|history, _| {
            history.streams[3].frames.remove(7);
        }),
        [Kind::StreamGap],
        "workspaces count, too"
    );
    assert_eq!(broken(|history, _| history.streams[2].frames.truncate(6)), [Kind::StreamGap], "late readers count, too");
    assert_eq!(broken(|history, _| history.streams[0].refused = Some("404".into())), [Kind::StreamRefused]);
}

#[test]
fn streams_that_differ_are_found() {
    assert_eq!(broken(|history, _| history.streams[2].frames[4].hash += 1), [Kind::StreamsDiffer]);
}

#[test]
fn a_write_after_the_fence_is_found() {
    let write = FenceViolation { node: NodeNumber(1), incarnation: Incarnation(4), lane: 0, last_allowed: Some(17), found: 18 };
    assert_eq!(broken(|_, evidence| evidence.fenced_writes.push(write)), [Kind::FencedWrite]);
}
