use crate::story::{Node, at, prompt, session, then, workspace};
use cowork_domain::{
    ids::{OrgId, Sequence, ShardId},
    session::{CommandStatus, SessionStatus},
};
use cowork_store::SessionFilter;

#[tokio::test]
async fn loading_gives_the_snapshot_the_tail_and_what_is_unfinished() {
    let node = Node::alone().await;
    let mut lane = node.lane(0).await;
    let session = session("u");
    let (done, runs, waits) =
        (prompt(1, CommandStatus::Running, 1), prompt(2, CommandStatus::Pending, 0), prompt(3, CommandStatus::Pending, 0));
    let mut first = node.append(&session, 1, 5);
    first.commands = vec![done.clone(), waits.clone(), runs.clone()];
    lane.append(1, &[&first]).await.unwrap();
    let mut second = node.append(&session, 6, 4);
    second.commands = vec![then(&done, CommandStatus::Acked, 1), then(&runs, CommandStatus::Running, 1)];
    second.head.command_count = 3;
    lane.append(2, &[&second]).await.unwrap();

    let loaded = node.store.load_session(session.session).await.unwrap().unwrap();
    assert_eq!((loaded.snapshot.is_none(), loaded.tail.len()), (true, 9));
    node.store.save_snapshot(session.session, Sequence(6), "to be repaired").await.unwrap();
    node.store.save_snapshot(session.session, Sequence(6), "{\"at\":6}").await.unwrap();
    node.store.save_snapshot(session.session, Sequence(4), "late").await.unwrap();

    let loaded = node.store.load_session(session.session).await.unwrap().unwrap();
    let snapshot = loaded.snapshot.unwrap();
    assert_eq!((snapshot.sequence, snapshot.state.as_str()), (Sequence(6), "{\"at\":6}"));
    assert_eq!(loaded.tail, second.events[1..]);
    assert_eq!(loaded.unfinished, [then(&runs, CommandStatus::Running, 1), then(&waits, CommandStatus::Pending, 0)]);
    assert_eq!((loaded.command_count, loaded.identity == *session), (3, true));

    let shard = ShardId::of(session.session.as_uuid(), 256);
    assert_eq!(node.store.sessions_with_unfinished_commands(&[shard]).await.unwrap(), [session.session]);
    assert!(node.store.sessions_with_unfinished_commands(&[ShardId((shard.0 + 1) % 256)]).await.unwrap().is_empty());
    let counts = node.store.org_counts(&OrgId::new("o"), at(2)).await.unwrap();
    assert_eq!((counts.busy.len(), counts.busy[0].1.len(), counts.prompts_since), (1, 2, 2));
}

#[tokio::test]
async fn the_list_is_ordered_filtered_and_paged() {
    let node = Node::alone().await;
    let mut lane = node.lane(0).await;
    let mut sessions = Vec::new();
    for number in 0..7_u64 {
        let session = session("u");
        let mut append = node.append(&session, 1, 1);
        // Two and two share their instant.
        append.head.updated_at = at(100 + number / 2);
        append.head.title = Some(format!("Title 100%_{number}"));
        append.head.status = if number == 3 { SessionStatus::Errored } else { SessionStatus::Idle };
        lane.append(number + 1, &[&append]).await.unwrap();
        sessions.push((std::cmp::Reverse(append.head.updated_at), session.session));
    }
    lane.append(50, &[&node.append(&session("stranger"), 1, 1)]).await.unwrap();
    sessions.sort();

    let list = |filter: SessionFilter, after, limit| {
        let store = node.store.clone();
        async move { store.list_sessions(workspace("u"), &filter, after, limit).await.unwrap() }
    };
    let mut seen = Vec::new();
    let mut after = None;
    for left in [4_u64, 4, 1] {
        let page = list(SessionFilter::default(), after, 3).await;
        assert_eq!(page.remaining_estimate, left);
        let last = page.heads.last().unwrap();
        after = Some((last.updated_at, last.identity.session));
        seen.extend(page.heads.into_iter().map(|head| (std::cmp::Reverse(head.updated_at), head.identity.session)));
    }
    assert_eq!(seen, sessions);
    assert!(list(SessionFilter::default(), after, 3).await.heads.is_empty());

    let errored = list(SessionFilter { status: Some(SessionStatus::Errored), ..Default::default() }, None, 10).await;
    assert_eq!(errored.heads.len(), 1);
    let id = sessions[0].1.to_string().to_uppercase();
    for (query, found) in [("TITLE 100%_3", 1), ("100%", 7), ("1_0", 0), ("%", 7), (id.as_str(), 1), ("FULL", 7)] {
        let page = list(SessionFilter { query: Some(query.to_owned()), ..Default::default() }, None, 10).await;
        assert_eq!(page.heads.len(), found, "{query}");
    }
    assert!(list(SessionFilter { profile_name: Some("ful".to_owned()), ..Default::default() }, None, 10).await.heads.is_empty());
}
