use crate::story::{Node, at, fresh, prompt, session, then, until, workspace};
use cowork_domain::{
    audit::{ActorType, AuditRow, UsageRow, WorkPlace, WorkStep, WorkUsage},
    ids::{AuditId, OrgId, Sequence, UserId},
    session::{CommandStatus, SessionStatus},
};
use cowork_store::{Append, AppendError, AuditFilter, BatchOutcome, Refusal};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn a_batch_writes_events_head_commands_usage_and_audit_and_keeps_the_payloads_bytes() {
    let node = Node::alone().await;
    let mut lane = node.lane(0).await;
    let session = session("u");
    let command = prompt(1, CommandStatus::Running, 1);
    let org = OrgId::new("o");
    let audit = AuditRow {
        id: AuditId::from_uuid(fresh()),
        org: org.clone(),
        account: Some(UserId::new("u")),
        actor_type: ActorType::User,
        actor_id: None,
        action: "command.prompt".to_owned(),
        target_type: Some("session".to_owned()),
        target_id: Some(session.session.to_string()),
        metadata: json!({"agent": "build"}),
        at: at(3),
    };
    let usage = UsageRow::once(&org, None, "cause", "prompt.enqueued", json!({"source": "api"}), at(3));

    let mut first = node.append(&session, 1, 3);
    first.head.status = SessionStatus::Running;
    first.head.command_count = 1;
    first.commands = vec![command.clone()];
    let mut work = WorkUsage::new(command.id, "prompt", 1, Sequence(1), at(2));
    work.sender = Some(("api".to_owned(), UserId::new("u")));
    [WorkStep::Queued, WorkStep::Started, WorkStep::Failed].into_iter().for_each(|step| work.steps.add(step));
    (work.elapsed_ms, work.error_code) = (Some(61_000), Some("aborted".to_owned()));
    first.work = vec![work.clone()];
    (first.usage, first.audit) = (vec![usage.clone()], vec![audit.clone()]);
    assert_eq!(lane.append(1, &[&first]).await, Ok(BatchOutcome::Committed(vec![Some(Sequence(1))])));

    // The same usage and audit rows again: a retry under another batch, and no event.
    let mut second = node.append(&session, 4, 0);
    second.commands = vec![then(&command, CommandStatus::Acked, 1)];
    second.head.command_count = 1;
    (second.usage, second.audit) = (vec![usage.clone()], vec![audit.clone()]);
    assert_eq!(lane.append(2, &[&second]).await, Ok(BatchOutcome::Committed(vec![None])));

    assert_eq!(node.store.read_events(session.session, Sequence::ZERO, 10).await.unwrap(), first.events);
    assert_eq!(node.store.audit_page(&org, &AuditFilter::default(), None, 10).await.unwrap(), [audit]);
    let worked = work.rows(WorkPlace { org: &org, tenant: &session.tenant, session: session.session, worker: &node.name });
    let told = node.store.usage_page(&org, 10).await.unwrap();
    assert_eq!((&told[0], told.len()), (&usage, 1 + worked.len()), "the newest first");
    assert!(worked.iter().all(|row| told.contains(row)), "{told:#?}");
    assert_eq!(node.store.usage_page(&org, 2).await.unwrap(), told[..2], "as many as are asked for");
    let (owner, stored) = node.store.find_command(command.id).await.unwrap().unwrap();
    assert_eq!((owner, stored), (session.session, then(&command, CommandStatus::Acked, 1)));
    let head = node.store.session_head(session.session).await.unwrap().unwrap();
    assert_eq!((head.status, head.title.as_deref(), head.last_sequence), (SessionStatus::Idle, Some("New session"), Sequence(3)));
    assert_eq!(head.identity, *session);
}

#[tokio::test]
async fn refusals_name_the_appends_and_nothing_is_written() {
    let node = Node::alone().await;
    let mut lane = node.lane(0).await;
    let (known, stranger, fresh) = (session("u"), session("u"), session("u"));
    let command = prompt(1, CommandStatus::Pending, 0);
    let mut first = node.append(&known, 1, 1);
    first.commands = vec![command.clone()];
    lane.append(1, &[&first]).await.unwrap();

    let mut repeated = node.append(&known, 2, 1);
    repeated.commands = vec![command.clone()];
    let mut lost = node.append(&stranger, 1, 1);
    lost.epoch.0 -= 1;
    let innocent = node.append(&fresh, 1, 1);
    let outcome = lane.append(2, &[&innocent, &repeated, &lost]).await.unwrap();
    let refusals = [(1, Refusal::DuplicateCommand(command.id)), (2, Refusal::NotOwner)];
    assert_eq!(outcome, BatchOutcome::Refused(refusals.into()));
    // For both reasons at once, one is told.
    repeated.epoch.0 -= 1;
    assert_eq!(lane.append(3, &[&repeated]).await, Ok(BatchOutcome::Refused([(0, Refusal::NotOwner)].into())));
    assert_eq!(node.store.session_head(fresh.session).await.unwrap(), None);
    assert_eq!(node.store.workspace_bounds(workspace("u")).await.unwrap().count, 1);

    // Without the two, the rest goes through.
    assert_eq!(lane.append(4, &[&innocent]).await, Ok(BatchOutcome::Committed(vec![Some(Sequence(2))])));
}

#[tokio::test]
async fn a_poisoned_append_is_a_definite_error_and_the_lane_goes_on() {
    let node = Node::alone().await;
    let mut lane = node.lane(0).await;
    let (known, fresh) = (session("u"), session("v"));
    let command = prompt(1, CommandStatus::Running, 2);
    let mut first = node.append(&known, 1, 2);
    first.commands = vec![command.clone()];
    lane.append(1, &[&first]).await.unwrap();
    let innocent = node.append(&fresh, 1, 1);

    let mut backwards = node.append(&known, 3, 1);
    backwards.commands = vec![then(&command, CommandStatus::Running, 1)];
    let mut unknown = node.append(&known, 3, 1);
    unknown.commands = vec![then(&prompt(2, CommandStatus::Acked, 1), CommandStatus::Acked, 1)];
    let mut sparse = node.append(&known, 3, 2);
    sparse.events.remove(0);
    let mut unstorable = node.append(&known, 3, 1);
    unstorable.events[0].payload = "{\"text\":\"\0\"}".into();
    let poisons =
        [node.append(&known, 2, 1), node.append(&known, 4, 1), node.append(&session("u"), 2, 1), backwards, unknown, sparse, unstorable];
    for (poison, batch) in poisons.iter().zip(2..) {
        let outcome = lane.append(batch, &[&innocent, poison]).await;
        assert!(matches!(&outcome, Err(AppendError::Rejected(rejection)) if !rejection.is_transient()), "{outcome:?}");
    }
    assert_eq!(node.store.session_head(fresh.session).await.unwrap(), None);
    assert_eq!(node.store.session_bounds(known.session).await.unwrap().count, 2);

    // Parking returns a prompt to the queue and gives its attempt back.
    let mut parked = node.append(&known, 3, 1);
    parked.commands = vec![then(&command, CommandStatus::Pending, 1)];
    lane.append(20, &[&innocent, &parked]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn workspace_sequences_are_dense_over_sessions_and_lanes() {
    let node = Arc::new(Node::alone().await);
    let writer = |lane: i32| {
        let node = node.clone();
        async move {
            let mut lane = node.lane(lane).await;
            // Two users that both lanes write for, in one batch and in both orders.
            let sessions = [session("u"), session("v"), session("u")];
            for (round, batch) in (0..30_u64).zip(1..) {
                let mut appends: Vec<Append> = sessions.iter().map(|session| node.append(session, 1 + round * 2, 2)).collect();
                if round % 2 == 1 {
                    appends.reverse();
                }
                let appends: Vec<&Append> = appends.iter().collect();
                let outcome = lane.append(batch, &appends).await.unwrap();
                assert!(matches!(outcome, BatchOutcome::Committed(_)), "{outcome:?}");
            }
        }
    };
    let (first, second) = tokio::join!(tokio::spawn(writer(0)), tokio::spawn(writer(1)));
    first.and(second).unwrap();

    for (user, count) in [("u", 240_u64), ("v", 120)] {
        let events = node.store.read_workspace_events(workspace(user), Sequence::ZERO, 1000).await.unwrap();
        let places: Vec<u64> = events.iter().map(|event| event.workspace_sequence.0).collect();
        assert_eq!(places, (1..=count).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_the_last_batch_tells_what_is_in_the_log() {
    let node = Node::alone().await;
    let session = session("u");
    let mut lane = node.lane(0).await;
    assert_eq!(lane.last_batch().await.unwrap(), None);
    lane.append(1, &[&node.append(&session, 1, 1)]).await.unwrap();

    // The second batch waits for the user's counter, and its backend is ended there.
    let pool = sqlx::PgPool::connect(node.database.url()).await.unwrap();
    let mut other = pool.begin().await.unwrap();
    sqlx::query("update workspaces set last_seq = last_seq").execute(&mut *other).await.unwrap();
    let pid = lane.backend_pid();
    let append = node.append(&session, 2, 1);
    let cut = async {
        until(&pool, "select exists (select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock')", pid).await;
        sqlx::query("select pg_terminate_backend($1)").bind(pid).execute(&pool).await.unwrap();
    };
    let batch = [&append];
    let (outcome, ()) = tokio::join!(lane.append(2, &batch), cut);
    assert!(matches!(outcome, Err(AppendError::OutcomeUnknown(_))), "{outcome:?}");
    other.rollback().await.unwrap();

    let mut lane = node.lane(0).await;
    assert_eq!(lane.last_batch().await.unwrap(), Some(1));
    lane.append(3, &batch).await.unwrap();
    assert_eq!(lane.last_batch().await.unwrap(), Some(3));

    // Nobody keeps a lane that is opened anew.
    let mut newer = node.lane(0).await;
    let outcome = lane.append(4, &[&node.append(&session, 3, 1)]).await;
    assert!(matches!(outcome, Err(AppendError::OutcomeUnknown(_))), "{outcome:?}");
    assert_eq!(newer.last_batch().await.unwrap(), Some(3));
}
