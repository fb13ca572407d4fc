use cowork_store::test_database::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_migrate_an_empty_database_at_once_and_a_third_finds_nothing_to_do() {
    let database = TestDatabase::create().await;
    let (one, two) = (database.store().await.unwrap(), database.store().await.unwrap());
    assert!(one.migration_status().await.unwrap().applied.is_empty());

    let (first, second) = tokio::join!(one.migrate(), two.migrate());
    assert!(!first.unwrap().applied.is_empty());
    second.unwrap();

    let again = one.migrate().await.unwrap();
    assert!(again.applied.is_empty() && again.newer.is_empty());
    assert!(two.migration_status().await.unwrap().pending.is_empty());
}

#[tokio::test]
async fn a_schema_that_a_newer_binary_left_is_reported_and_used() {
    let (database, store) = TestDatabase::migrated().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    sqlx::raw_sql("insert into _sqlx_migrations select 9999, 'later', now(), true, checksum, 0 from _sqlx_migrations limit 1")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(store.migration_status().await.unwrap().newer, [9999]);
    assert_eq!(store.migrate().await.unwrap().newer, [9999]);
}
