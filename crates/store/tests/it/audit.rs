//! The audit log's chain: what proves it, and what is found when somebody tampers.

use crate::story::{at, fresh};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget, ChainDefect, ChainReport},
    ids::OrgId,
    timestamp::Timestamp,
};
use cowork_store::{AuditFilter, AuditPlace, Store, test_database::TestDatabase};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};

fn row(org: &OrgId, cause: &str, second: u64) -> AuditRow {
    let target = AuditTarget::new("sso_config", org.as_str());
    let metadata = json!({ "enabled": true, "result": "success", "cause": cause });
    AuditRow::by_system(org, "test", cause, AuditAction::SsoConfigUpdated, &target, metadata, at(second))
}

/// A log with two seals of three rows each, and one row that waits.
async fn sealed_log(store: &Store, name: &str) -> OrgId {
    let org = OrgId::new(name);
    for seal in 0..2 {
        let rows: Vec<_> = (0..3).map(|number| row(&org, &format!("{seal}-{number}"), seal * 10 + number)).collect();
        store.record_audit(&rows).await.unwrap();
        assert_eq!(store.seal_audit(&org, 100).await.unwrap().rows, 3);
    }
    store.record_audit(&[row(&org, "waits", 100)]).await.unwrap();
    org
}

/// Whether these are the defects that a change must lead to.
type Expected = Box<dyn Fn(&[ChainDefect]) -> bool>;

fn counts(report: &ChainReport) -> (u64, u64, u64, u64) {
    (report.seals, report.sealed_rows, report.unsealed_rows, report.defect_count)
}

#[tokio::test]
async fn what_is_written_twice_is_one_row_and_a_sealed_log_verifies() {
    let (_database, store) = TestDatabase::migrated().await;
    let org = sealed_log(&store, "acme").await;
    store.record_audit(&[row(&org, "0-0", 0), row(&org, "waits", 100)]).await.unwrap();
    let report = store.verify_audit(&org, None).await.unwrap();
    assert_eq!(counts(&report), (2, 6, 1, 0), "{report:?}");
    let unsealed = store.unsealed_audit(10).await.unwrap();
    assert_eq!(unsealed.iter().map(|waiting| (waiting.org.as_str(), waiting.rows)).collect::<Vec<_>>(), [("acme", 1)]);
    let head = report.head.unwrap().hash;
    store.seal_audit(&org, 100).await.unwrap();
    let later = store.verify_audit(&org, Some(head)).await.unwrap();
    assert_eq!(counts(&later), (3, 7, 0, 0), "{later:?}");
    assert_eq!(store.orgs_with_audit().await.unwrap(), [org]);
    let nobody = store.verify_audit(&OrgId::new("nobody"), None).await.unwrap();
    assert_eq!((counts(&nobody), nobody.head), ((0, 0, 0, 0), None));
}

#[tokio::test]
async fn a_row_that_commits_late_is_in_a_later_seal() {
    let (database, store) = TestDatabase::migrated().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    let org = OrgId::new("acme");
    let mut late = pool.begin().await.unwrap();
    sqlx::query("insert into audit_events (id, org, event_type, actor_type, metadata, created_at) values ($1, 'acme', 'org.created', 'system', '{}', $2)")
        .bind(fresh())
        .bind(time::OffsetDateTime::from(at(0)))
        .execute(&mut *late)
        .await
        .unwrap();
    store.record_audit(&[row(&org, "early", 50)]).await.unwrap();
    assert_eq!(store.seal_audit(&org, 100).await.unwrap().rows, 1);
    late.commit().await.unwrap();
    assert_eq!(store.seal_audit(&org, 100).await.unwrap().rows, 1);
    let position: i64 =
        sqlx::query_scalar("select chain_position from audit_events where event_type = 'org.created'").fetch_one(&pool).await.unwrap();
    assert_eq!(position, 2);
    assert_eq!(counts(&store.verify_audit(&org, None).await.unwrap()), (2, 2, 0, 0));
}

#[tokio::test]
async fn sealers_that_run_at_once_make_one_chain() {
    let (_database, store) = TestDatabase::migrated().await;
    let orgs = ["acme", "globex"].map(OrgId::new);
    for org in &orgs {
        let rows: Vec<_> = (0..200).map(|number| row(org, &number.to_string(), number)).collect();
        store.record_audit(&rows).await.unwrap();
    }
    let sealers = (0..6).map(|_| {
        let (store, orgs) = (store.clone(), orgs.clone());
        tokio::spawn(async move {
            let mut sealed = 0;
            while !store.unsealed_audit(1).await.unwrap().is_empty() {
                for org in &orgs {
                    sealed += store.seal_audit(org, 7).await.unwrap().rows;
                }
            }
            sealed
        })
    });
    let mut sealed = 0;
    for sealer in sealers.collect::<Vec<_>>() {
        sealed += sealer.await.unwrap();
    }
    assert_eq!(sealed, 400);
    for org in &orgs {
        let report = store.verify_audit(org, None).await.unwrap();
        assert_eq!((report.sealed_rows, report.unsealed_rows, report.defect_count), (200, 0, 0), "{report:?}");
    }
}

#[tokio::test]
async fn ordinary_statements_cannot_change_what_was_written() {
    let (database, store) = TestDatabase::migrated().await;
    sealed_log(&store, "acme").await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    for statement in [
        "update audit_events set metadata = '{}' where chain_position = 1",
        "update audit_events set actor_id = 'x' where chain_position is null",
        "update audit_events set chain_position = null where chain_position = 6",
        "update audit_events set chain_position = 9 where chain_position = 6",
        "delete from audit_events where chain_position is null",
        "insert into audit_events (id, org, event_type, actor_type, metadata, created_at, chain_position)
         values (gen_random_uuid(), 'acme', 'org.created', 'system', '{}', now(), 7)",
        "truncate audit_events",
        "update audit_seals set links = links where number = 1",
        "update audit_seals set removed_at = now() where number = 1",
        "delete from audit_seals where number = 2",
        "truncate audit_seals",
    ] {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned();
        assert_eq!(code, "CW006", "{statement}");
    }
    let report = store.verify_audit(&OrgId::new("acme"), None).await.unwrap();
    assert_eq!(counts(&report), (2, 6, 1, 0));
}

#[tokio::test]
async fn whoever_gets_around_the_triggers_is_found_out_and_where() {
    let (database, store) = TestDatabase::migrated().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    let unlock = "alter table audit_events disable trigger user; alter table audit_seals disable trigger user;";
    sqlx::raw_sql(unlock).execute(&pool).await.unwrap();
    let is_altered = |defect: &ChainDefect| matches!(defect, ChainDefect::RowAltered { seal: 1, position: 2, .. });
    let cases: Vec<(&str, Expected)> = vec![
        (
            "update audit_events set metadata = '{\"enabled\": false}' where org = $org and chain_position = 2",
            Box::new(move |found| found.len() == 1 && is_altered(&found[0])),
        ),
        (
            "update audit_events set created_at = created_at + interval '1 microsecond' where org = $org and chain_position = 2",
            Box::new(move |found| found.len() == 1 && is_altered(&found[0])),
        ),
        (
            "update audit_events set actor_id = null where org = $org and chain_position = 2",
            Box::new(move |found| found.len() == 1 && is_altered(&found[0])),
        ),
        (
            "delete from audit_events where org = $org and chain_position = 5",
            Box::new(|found| found == [ChainDefect::RowMissing { seal: 2, position: 5 }]),
        ),
        (
            "update audit_events set chain_position = null where org = $org and chain_position = 6",
            Box::new(|found| found == [ChainDefect::RowMissing { seal: 2, position: 6 }]),
        ),
        (
            "update audit_events set org = org || '-other' where org = $org and chain_position = 3",
            Box::new(|found| found == [ChainDefect::RowMissing { seal: 1, position: 3 }]),
        ),
        (
            "update audit_events set chain_position = -chain_position where org = $org and chain_position in (1, 2);
             update audit_events set chain_position = 3 + chain_position where org = $org and chain_position < 0",
            Box::new(|found| {
                matches!(
                    found,
                    [ChainDefect::RowMoved { position: 1, original: 2, .. }, ChainDefect::RowMoved { position: 2, original: 1, .. }]
                )
            }),
        ),
        (
            "update audit_events set chain_position = 7 where org = $org and chain_position is null",
            Box::new(|found| matches!(found, [ChainDefect::RowInserted { position: 7, .. }])),
        ),
        (
            "update audit_events set chain_position = 0 where org = $org and chain_position is null",
            Box::new(|found| matches!(found, [ChainDefect::RowInserted { position: 0, .. }])),
        ),
        (
            "update audit_seals set sealed_at = sealed_at - interval '1 day' where org = $org and number = 1",
            Box::new(|found| found == [ChainDefect::SealAltered { seal: 1 }]),
        ),
        (
            "delete from audit_seals where org = $org and number = 1",
            Box::new(|found| found.first() == Some(&ChainDefect::SealsMissing { first: 1, last: 1 })),
        ),
        (
            "update audit_seals set removed_at = now() where org = $org and number = 2",
            Box::new(|found| found.first() == Some(&ChainDefect::RemovedOutOfOrder { seal: 2 })),
        ),
    ];
    for (number, (statement, expected)) in cases.into_iter().enumerate() {
        let org = sealed_log(&store, &format!("org{number}")).await;
        let statement = statement.replace("$org", &format!("'{org}'"));
        sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&pool).await.unwrap();
        let report = store.verify_audit(&org, None).await.unwrap();
        assert!(expected(&report.defects), "{statement}: {report:#?}");
    }

    let org = sealed_log(&store, "cut").await;
    let head = store.verify_audit(&org, None).await.unwrap().head.unwrap();
    sqlx::raw_sql(
        "delete from audit_seals where org = 'cut' and number = 2; delete from audit_events where org = 'cut' and chain_position > 3",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(store.verify_audit(&org, None).await.unwrap().defect_count, 0, "a chain that was cut off is whole in itself");
    let report = store.verify_audit(&org, Some(head.hash)).await.unwrap();
    assert_eq!(report.defects, [ChainDefect::HeadMissing { hash: head.hash }]);
}

#[tokio::test]
async fn retention_removes_the_oldest_seals_and_the_rest_still_verifies() {
    let (_database, store) = TestDatabase::migrated().await;
    let org = sealed_log(&store, "acme").await;
    let head = store.verify_audit(&org, None).await.unwrap().head.unwrap();
    let future = head.sealed_at.plus_millis(60_000);
    assert_eq!(store.remove_audit(&org, Timestamp::from_millis(0), 10).await.unwrap(), 0, "nothing is that old");
    assert_eq!(store.remove_audit(&org, future, 1).await.unwrap(), 3);
    store.seal_audit(&org, 100).await.unwrap();
    let report = store.verify_audit(&org, Some(head.hash)).await.unwrap();
    assert_eq!((counts(&report), report.removed_rows), ((3, 4, 0, 0), 3), "{report:?}");
    assert_eq!(store.remove_audit(&org, future, 10).await.unwrap(), 4);
    assert_eq!(store.orgs_with_audit().await.unwrap(), [org]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_also_where_rows_share_an_instant() {
    let (_database, store) = TestDatabase::migrated().await;
    let (org, other) = (OrgId::new("acme"), OrgId::new("other"));
    let mut rows: Vec<_> = (0..25).map(|number| row(&org, &number.to_string(), number / 10)).collect();
    store.record_audit(&rows).await.unwrap();
    store.record_audit(&[row(&other, "theirs", 1)]).await.unwrap();
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    let (mut read, mut after) = (Vec::new(), None);
    let filter = AuditFilter { action: Some("sso_".into()), from: Some(at(0)), to: Some(at(2)), ..AuditFilter::default() };
    loop {
        let page = store.audit_page(&org, &filter, after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(AuditPlace::of(last));
        read.extend(page);
    }
    assert_eq!(read, rows);
    for nothing in [
        AuditFilter { action: Some("%".into()), ..AuditFilter::default() },
        AuditFilter { result: Some("failure".into()), ..AuditFilter::default() },
        AuditFilter { from: Some(at(3)), ..AuditFilter::default() },
        AuditFilter { to: Some(at(0).plus_millis(-1)), ..AuditFilter::default() },
        AuditFilter { target_id: Some("other".into()), ..AuditFilter::default() },
    ] {
        assert_eq!(store.audit_page(&org, &nothing, None, 10).await.unwrap(), [], "{nothing:?}");
    }
}
