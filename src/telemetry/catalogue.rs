//! Every metric that the program emits. `docs/metrics.md` is made from this list.

use std::fmt::Write;

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only up.
    Counter,
    /// Up and down.
    Gauge,
    /// A distribution.
    Histogram,
}

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Name as it is rendered.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// What it counts.
    pub unit: Unit,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says, and what to make of it.
    pub help: &'static str,
}

impl Unit {
    pub(super) const fn as_metrics(self) -> metrics::Unit {
        match self {
            Self::Count => metrics::Unit::Count,
            Self::Seconds => metrics::Unit::Seconds,
            Self::Bytes => metrics::Unit::Bytes,
        }
    }
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit: Unit::Count, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit: Unit::Count, labels, help }
}

const fn seconds(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, unit: Unit::Seconds, labels, help }
}

const fn sizes(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, unit: Unit::Count, labels, help }
}

const fn bytes(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit: Unit::Bytes, labels, help }
}

/// All metrics, by subject.
pub const METRICS: &[Metric] = &[
    // Invariants
    counter("cowork_invariant_violations_total", &["id"], "broken promises of docs/architecture.md: each one is a defect to report"),
    // Key broker
    gauge("cowork_broker_leases", &[], "turns that may call their model with a customer's key"),
    counter(
        "cowork_broker_leases_ended_total",
        &["reason"],
        "such rights that ended before their turn did, by the code that the turn shows",
    ),
    counter(
        "cowork_broker_calls_total",
        &["provider", "outcome"],
        "model calls: answered, error (the provider's answer is one), or the code why there was no answer",
    ),
    counter(
        "cowork_broker_keys_opened_total",
        &[],
        "keys opened because turns needed them; once per key while turns of its organisation run",
    ),
    counter("cowork_broker_tokens_total", &["provider", "kind"], "tokens that providers reported: input, output, cache_read, cache_write"),
    seconds("cowork_broker_first_byte_seconds", &[], "from a model call's start to the head of the provider's answer"),
    // Actors
    gauge("cowork_actor_alive", &["kind"], "actors in memory"),
    counter("cowork_actor_started_total", &["kind"], "actors started"),
    counter("cowork_actor_passivated_total", &["kind"], "idle actors that gave their memory back"),
    counter("cowork_actor_restarts_total", &["kind"], "actors started again after a failure"),
    counter("cowork_actor_panics_total", &["kind"], "actors that panicked: each one is a defect to report"),
    counter("cowork_actor_failures_total", &["kind", "code"], "actors that ended by an error"),
    gauge("cowork_actor_quarantined", &["kind"], "entities that failed too often and wait for an operator"),
    seconds("cowork_actor_mailbox_seconds", &["kind"], "time that a message waited before it was handled"),
    seconds("cowork_actor_handle_seconds", &["kind"], "time that an actor spent on a message"),
    seconds("cowork_actor_activation_seconds", &["kind"], "time from the first message to an entity until its state is loaded"),
    counter("cowork_session_snapshots_total", &[], "snapshots written"),
    // Journal
    gauge("cowork_journal_queue", &["lane"], "appends that wait for their lane"),
    sizes("cowork_journal_batch_rows", &[], "appends committed in one transaction"),
    seconds("cowork_journal_commit_seconds", &[], "time of one journal transaction"),
    counter("cowork_journal_refused_total", &[], "appends that the fence or a duplicate refused"),
    counter("cowork_journal_retried_total", &[], "transactions sent again after a passing error of the database"),
    counter("cowork_journal_rejected_total", &[], "appends that the database rejected by an error"),
    counter("cowork_journal_outcome_unknown_total", &[], "transactions whose outcome had to be looked up after a lost connection"),
    counter("cowork_task_panics_total", &["task"], "tasks beside actors that panicked"),
    counter("cowork_journal_lane_panics_total", &[], "journal lanes that panicked and were started again"),
    counter("cowork_fenced_writes_total", &[], "writes refused because this node is no longer the owner"),
    // Channels
    counter(
        "cowork_channel_inbox_messages_total",
        &["outcome"],
        "messages of chats: done (a prompt), refused, postponed (each try that met something in the way)",
    ),
    // Provider keys
    counter(
        "cowork_byok_checks_total",
        &["outcome"],
        "checks of provider keys: activated, confirmed, doubted, lost, rejected, open (nobody could say), late (disabled meanwhile)",
    ),
    seconds("cowork_byok_check_seconds", &[], "from the start of a check to the provider's word or the end of its patience"),
    counter(
        "cowork_byok_reveal_failures_total",
        &["reason"],
        "sealed keys that did not open: moved or altered (refused, org_key), without their key (unknown_key, shredded, …); alarm on any",
    ),
    // Deliveries to chats: a backlog of their own, which waits for gateways
    gauge(
        "cowork_delivery_backlog",
        &["provider", "status"],
        "channel deliveries that wait for a gateway, by kind of chat system; one node tells it for the cluster, the others say 0",
    ),
    Metric {
        name: "cowork_delivery_oldest_seconds",
        kind: Kind::Gauge,
        unit: Unit::Seconds,
        labels: &["provider"],
        help: "age of the oldest channel delivery that waits; alarm on minutes",
    },
    counter("cowork_deliveries_claimed_total", &[], "attempts at channel deliveries that gateways began"),
    counter("cowork_deliveries_settled_total", &["status"], "attempts that gateways ended: sent, failed, dead"),
    counter("cowork_deliveries_swept_total", &[], "channel deliveries that were at rest for so long that they were removed"),
    // Audit log
    gauge(
        "cowork_audit_unsealed",
        &[],
        "audit rows of this node's organisations that nothing proves yet; at most 10 000 of each are counted",
    ),
    counter("cowork_audit_sealed_total", &[], "audit rows linked into the chain of their organisation"),
    counter("cowork_audit_seal_failures_total", &[], "times that an audit log could not be sealed; it is tried again"),
    counter("cowork_audit_removed_total", &[], "audit rows removed because they were past their retention"),
    // Ownership
    counter("cowork_lease_renewals_total", &[], "renewals of this node's lease"),
    counter("cowork_leases_lost_total", &[], "times that this node lost its lease"),
    gauge("cowork_nodes_alive", &[], "nodes that hold their lease, as this node sees it"),
    gauge("cowork_shards_owned", &[], "shards that this node owns"),
    gauge("cowork_shards_unowned", &[], "shards without a living owner: requests for their entities wait"),
    counter("cowork_shards_claimed_total", &[], "shards that this node took"),
    counter("cowork_shards_handed_over_total", &[], "shards that this node gave away in an orderly manner"),
    seconds("cowork_hand_over_seconds", &[], "time that a group of shards paused for its hand-over"),
    counter("cowork_requests_forwarded_total", &[], "requests that went to the owner on another node, each try counted"),
    counter("cowork_mail_sent_total", &[], "requests that went through the database: larger than a frame, or without a link"),
    counter("cowork_mail_answered_total", &[], "requests of other nodes that came through the database"),
    counter(
        "cowork_org_news_dropped_total",
        &[],
        "news for organisations on other nodes that could not be told; they count again by themselves",
    ),
    // Links between nodes
    gauge(
        "cowork_link_up",
        &["peer"],
        "1 while the gate of this node answers; at 0 requests for it go through the database; a node that left for good stays at 0",
    ),
    gauge("cowork_link_calls_in_flight", &["peer"], "requests on their way to this node or waiting for its answer"),
    counter("cowork_link_busy_total", &["peer"], "requests that were not sent because too much was on its way to this node"),
    counter(
        "cowork_link_unknown_total",
        &["peer"],
        "requests whose outcome had to be found out: the link ended, or no answer came in time",
    ),
    counter("cowork_link_reconnects_total", &["peer"], "times that the link came up again"),
    seconds("cowork_link_round_trip_seconds", &["peer"], "a heartbeat there and back"),
    // Feeds
    counter("cowork_feed_readers_cut_total", &[], "readers ended because of a revocation or because they fell behind"),
    gauge("cowork_feed_remote_followed_logs", &[], "logs with subscribers on this node"),
    gauge(
        "cowork_feed_remote_polled_logs",
        &[],
        "of them, those for which the database is polled because a node that may commit doesn't answer",
    ),
    gauge("cowork_feed_remote_told_logs", &[], "logs of which this node tells others what it commits"),
    counter("cowork_feed_remote_pushes_total", &["outcome"], "frames of events for other nodes: taken, or lost on the way"),
    counter("cowork_feed_remote_events_total", &[], "events that arrived from other nodes"),
    counter(
        "cowork_feed_remote_head_notices_total",
        &["reason"],
        "logs whose readers on another node were sent to the database instead of being sent the events",
    ),
    counter(
        "cowork_feed_remote_catch_ups_total",
        &[],
        "times that the readers of a log were sent to the database because events of another node didn't come",
    ),
    counter("cowork_feed_remote_look_ups_total", &[], "logs whose end was looked up in the database"),
    seconds("cowork_feed_remote_push_seconds", &[], "round trip of a frame of events"),
    bytes("cowork_feed_remote_outbox_bytes", &["peer"], "events that wait to be sent to a node: at most 1 MiB"),
    // Streams
    gauge("cowork_sse_streams", &["kind"], "open event streams"),
    counter("cowork_sse_cut_total", &[], "event streams cut because their reader fell too far behind"),
    counter("cowork_revoked_streams_total", &[], "streams and sockets cut because what they were opened with was taken back"),
    counter(
        "cowork_auth_refused_total",
        &["kind"],
        "credentials that were shown and refused, by kind: cookie, header, token. Many of one kind are somebody guessing",
    ),
    gauge("cowork_ws_connections", &[], "open WebSockets"),
    // Front door
    counter("cowork_http_requests_total", &["method", "route", "status"], "answered requests"),
    seconds("cowork_http_request_seconds", &["route"], "time from a request's head to its answer's head"),
    // Limits
    counter(
        "cowork_rate_limited_total",
        &["scope"],
        "requests refused because their address, organisation or token, its cursors of channels, or its webhooks used up their window",
    ),
    counter(
        "cowork_rate_limit_unanswered_total",
        &[],
        "questions for permits that the database didn't answer: for a second each, requests go uncounted",
    ),
    counter("cowork_auth_backoff_total", &["scope"], "requests refused because their address or credential was rejected too often"),
    // Turns
    counter("cowork_turn_ended_total", &["outcome"], "ended turns"),
    seconds("cowork_turn_seconds", &[], "time that a turn took"),
    // OpenCode
    gauge("cowork_opencode_processes", &[], "OpenCode processes: one for each organisation with turns lately"),
    gauge("cowork_opencode_turns", &[], "turns that they work on"),
    bytes("cowork_opencode_resident_bytes", &[], "their resident memory, with everything that they started"),
    counter("cowork_opencode_starts_total", &[], "processes started"),
    counter("cowork_opencode_start_failures_total", &[], "starts that failed; more than 5 within a minute, and turns fail for a while"),
    counter(
        "cowork_opencode_ended_total",
        &["reason"],
        "processes that ended: idle, evicted for another organisation, grown, beyond their memory, died, or stopped with the node",
    ),
    seconds("cowork_opencode_start_seconds", &[], "time from the start of a process until it answers"),
    counter("cowork_opencode_stream_breaks_total", &[], "event streams of turns that broke and were opened again"),
    // Files outside the database
    seconds("cowork_objects_seconds", &["operation"], "time of an operation on the object store, with its retries"),
    counter("cowork_objects_failures_total", &["operation", "reason"], "operations on the object store that failed"),
    counter("cowork_objects_bytes_total", &["direction"], "bytes written to and read from the object store"),
    counter("cowork_objects_damaged_total", &[], "objects that are not what was written: each one is to be looked into"),
    counter("cowork_objects_removed_total", &["why"], "objects that nobody published, or that nothing refers to any more"),
    counter(
        "cowork_workspace_checkpoints_total",
        &["outcome"],
        "workspaces kept at the end of a turn: kept, superseded, refused or failed",
    ),
    seconds("cowork_workspace_checkpoint_seconds", &[], "time to pack a changed workspace and to keep it"),
    counter("cowork_workspace_restores_total", &["outcome"], "workspaces brought to this node: restored, or refused as unsafe"),
    counter("cowork_project_fetches_total", &["kind", "outcome"], "projects that sessions began with: fetched or refused, git or snapshot"),
    seconds("cowork_project_fetch_seconds", &["kind"], "time to fetch a project for a session's first turn"),
    // Database
    counter("cowork_private_postgres_restarts_total", &[], "times that the private PostgreSQL died and was started again"),
    // Process
    gauge("cowork_build_info", &["version"], "always 1; the label tells the version"),
    bytes("process_resident_memory_bytes", &[], "resident memory, PostgreSQL not included"),
    Metric {
        name: "process_cpu_seconds_total",
        kind: Kind::Gauge,
        unit: Unit::Seconds,
        labels: &[],
        help: "processor time in user and system mode; only ever grows",
    },
    gauge("process_open_fds", &[], "open file descriptors"),
    gauge("process_threads", &[], "threads"),
];

/// The catalogue as a page of the documentation.
pub fn as_markdown() -> String {
    let mut page = String::from(
        "# Metrics\n\n`GET /api/metrics` renders these in the Prometheus text format.\n\n| name | kind | unit | labels | meaning |\n|---|---|---|---|---|\n",
    );
    for metric in METRICS {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let unit = match metric.unit {
            Unit::Count => "",
            Unit::Seconds => "seconds",
            Unit::Bytes => "bytes",
        };
        let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        writeln!(page, "| `{}` | {kind} | {unit} | {labels} | {} |", metric.name, metric.help).expect("a string takes any text");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn names_are_unique_and_say_their_kind() {
        let mut names = BTreeSet::new();
        for metric in METRICS {
            assert!(names.insert(metric.name), "{} appears twice", metric.name);
            if metric.kind == Kind::Counter {
                assert!(metric.name.ends_with("_total"), "{}", metric.name);
            }
            if metric.kind == Kind::Histogram && metric.unit == Unit::Seconds {
                assert!(metric.name.ends_with("_seconds"), "{}", metric.name);
            }
        }
    }

    #[test]
    fn the_list_and_the_code_name_the_same_metrics() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut emitted = BTreeSet::new();
        for folder in ["src", "actors/src", "crates/objects/src", "crates/store/src", "crates/runtime/src"] {
            collect_names(&root.join(folder), &mut emitted);
        }
        let listed: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
        let unlisted: Vec<_> = emitted.difference(&listed).collect();
        let silent: Vec<_> = listed.difference(&emitted).collect();
        assert!(unlisted.is_empty() && silent.is_empty(), "emitted but not listed: {unlisted:?}, listed but never emitted: {silent:?}");
    }

    /// The literal names behind the macros of the metrics facade, tests left out.
    fn collect_names(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect_names(&path, names);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                for call in ["counter!(", "gauge!(", "histogram!("] {
                    let behind = code.split(call).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
                    names.extend(behind.map(str::to_owned));
                }
            }
        }
    }
}
