//! How long things took.

use super::{
    evidence::Evidence,
    turns::{Turn, turns},
};
use crate::cli::{
    drill::history::{Affected, CallRecord, History, Incident, Moment, RoundRecord, Subject},
    load::latencies::{Latencies, LatencySummary},
};
use cowork_domain::{
    ids::{CommandId, SessionId},
    session::CommandStatus,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// What a report says about the rounds of a fault, beside the violations.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Measures {
    pub(in super::super) requests: u64,
    pub(in super::super) prompts_acknowledged: u64,
    /// Their turn ended in order.
    pub(in super::super) prompts_answered: u64,
    /// Given up after the last attempt, and said so.
    pub(in super::super) prompts_given_up: u64,
    /// Requests that were sent to more than one node.
    pub(in super::super) retried: u64,
    pub(in super::super) streams: u64,
    /// Connections of the streams beyond the first.
    pub(in super::super) reconnects: u64,
    pub(in super::super) frames: u64,
    pub(in super::super) events: u64,
    /// From the intended start to the acknowledgement.
    pub(in super::super) request: LatencySummary,
    /// From the fault until a session that had work there shows its next event: one value for each session.
    pub(in super::super) resume: LatencySummary,
    /// The same until the last of them does: one value for each disturbed node.
    pub(in super::super) all_resumed: LatencySummary,
    /// Sessions with work that never showed another event.
    pub(in super::super) never_resumed: u64,
    /// From the end of the fault until the cluster was as before: one value for each round.
    pub(in super::super) settled: LatencySummary,
    /// The longest time that a prompt's session showed nothing while it waited, from fault to settled.
    pub(in super::super) longest_silence_ms: f64,
    /// The longest of each round in which there was one.
    pub(in super::super) silences: Vec<Silence>,
}

/// A session that showed nothing although a prompt waited there.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Silence {
    round: u32,
    session: SessionId,
    /// When it began, after the fault did.
    began_ms: f64,
    pub(in super::super) lasted_ms: f64,
}

/// For each session the first arrival of every event, by number.
type Arrivals = HashMap<SessionId, BTreeMap<u64, Moment>>;
/// For each session what became of its prompts.
type Turns = HashMap<SessionId, HashMap<CommandId, Turn>>;

impl Measures {
    pub(super) fn of(history: &History, evidence: &Evidence) -> Self {
        let arrivals = arrivals(history);
        let turns: Turns = evidence.sessions.iter().map(|(session, log)| (*session, turns(log))).collect();
        let mut measures = Self::default();
        let mut request = Latencies::default();
        for prompt in &history.prompts {
            for call in std::iter::once(&prompt.call).chain(&prompt.repeated) {
                measures.count(call, &mut request);
            }
            if let Some(command) = prompt.call.acknowledged() {
                measures.prompts_acknowledged += 1;
                match evidence.commands.get(&command) {
                    Some(CommandStatus::Acked) => measures.prompts_answered += 1,
                    Some(CommandStatus::Failed) => measures.prompts_given_up += 1,
                    _ => {}
                }
            }
        }
        for creation in &history.creations {
            measures.count(&creation.call, &mut request);
        }
        for stream in &history.streams {
            measures.streams += 1;
            measures.reconnects += u64::from(stream.connections.saturating_sub(1));
            measures.frames += stream.frames.len() as u64;
        }
        measures.events = evidence.sessions.values().map(|log| log.len() as u64).sum();
        measures.request = request.summary();
        measures.resumption(history, &turns, &arrivals);
        measures.silences = history.rounds.iter().filter_map(|round| longest_silence(round, history, &turns, &arrivals)).collect();
        measures.longest_silence_ms = measures.silences.iter().map(|silence| silence.lasted_ms).fold(0.0, f64::max);
        measures
    }

    fn count<T: Copy>(&mut self, call: &CallRecord<T>, request: &mut Latencies) {
        self.requests += 1;
        self.retried += u64::from(call.tries > 1);
        if call.acknowledged().is_some() {
            request.record(call.took());
        }
    }

    fn resumption(&mut self, history: &History, turns: &Turns, arrivals: &Arrivals) {
        let (mut each, mut all, mut settled) = (Latencies::default(), Latencies::default(), Latencies::default());
        for round in &history.rounds {
            for incident in &round.incidents {
                let (resumed, never) = resumptions(incident, history, turns, arrivals);
                resumed.iter().for_each(|took| each.record(*took));
                if let Some(last) = resumed.iter().max() {
                    all.record(*last);
                }
                self.never_resumed += never;
            }
            if let (Some((_, healed)), Some(at)) = (round.disturbed, round.settled) {
                settled.record(at.since(healed));
            }
        }
        (self.resume, self.all_resumed, self.settled) = (each.summary(), all.summary(), settled.summary());
    }
}

/// How long each affected session took to go on, and how many never did.
fn resumptions(incident: &Incident, history: &History, turns: &Turns, arrivals: &Arrivals) -> (Vec<Duration>, u64) {
    let mut never = 0;
    let mut resumed = Vec::new();
    for affected in incident.affected.iter().filter(|affected| had_work(affected, incident.at, history, turns)) {
        let next = arrivals.get(&affected.session).and_then(|events| events.range(affected.head + 1..).map(|(_, at)| *at).min());
        match next {
            Some(at) => resumed.push(at.since(incident.at)),
            None => never += 1,
        }
    }
    (resumed, never)
}

/// Whether a prompt that was sent before the fault had no end in what was read of the log after it. Who is at work and where a log
/// ends are read one after the other: of a turn that ended in between, the next event is that of whatever prompt comes next.
fn had_work(affected: &Affected, fault: Moment, history: &History, turns: &Turns) -> bool {
    let sent = history.prompts.iter().filter(|prompt| prompt.session == affected.session && prompt.call.intended <= fault);
    let mut ends = sent.filter_map(|prompt| prompt.call.acknowledged()).map(|command| turns.get(&affected.session)?.get(&command)?.end);
    ends.any(|end| end.is_none_or(|end| end > affected.head))
}

fn arrivals(history: &History) -> Arrivals {
    let mut arrivals = Arrivals::new();
    for stream in history.streams.iter().filter(|stream| stream.live) {
        let Subject::Session(session) = stream.subject else { continue };
        let events = arrivals.entry(session).or_default();
        for frame in &stream.frames {
            let first = events.entry(frame.sequence).or_insert(frame.at);
            *first = (*first).min(frame.at);
        }
    }
    arrivals
}

/// While a prompt waits or runs its session should show something now and then. Only what lies between a
/// fault and the settled cluster counts.
fn longest_silence(round: &RoundRecord, history: &History, turns: &Turns, arrivals: &Arrivals) -> Option<Silence> {
    let (began, settled) = (round.disturbed?.0, round.settled.or(round.drained)?);
    let silences = history.prompts.iter().filter_map(|prompt| {
        let events = arrivals.get(&prompt.session)?;
        let end = events.get(&turns.get(&prompt.session)?.get(&prompt.call.acknowledged()?)?.end?)?;
        let (from, to) = (began.max(prompt.call.ended), settled.min(*end));
        let (since, lasted) = (from < to).then(|| silence(events.values().copied(), from, to))?;
        Some((lasted, since, prompt.session))
    });
    let (lasted, since, session) = silences.max_by_key(|(lasted, ..)| *lasted)?;
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    Some(Silence { round: round.number, session, began_ms: millis(since.since(began)), lasted_ms: millis(lasted) })
}

/// The longest time between two events, or between one and either end of the window, and when it began.
fn silence(events: impl Iterator<Item = Moment>, from: Moment, to: Moment) -> (Moment, Duration) {
    let mut seen: Vec<Moment> = events.filter(|at| (from..=to).contains(at)).chain([from, to]).collect();
    seen.sort_unstable();
    let silences = seen.windows(2).map(|pair| (pair[0], pair[1].since(pair[0])));
    silences.max_by_key(|(_, lasted)| *lasted).unwrap_or((from, Duration::ZERO))
}
