//! What nodes tell each other through the database.

use crate::story::{Node, all, fresh};
use cowork_store::{ClusterSignals, Mail, Signal};
use sqlx::PgPool;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

async fn next(signals: &mut ClusterSignals) -> Signal {
    tokio::time::timeout(Duration::from_secs(30), signals.next()).await.expect("a signal comes")
}

/// Skips what others say in between.
async fn skip_to(signals: &mut ClusterSignals, wanted: &Signal) {
    while next(signals).await != *wanted {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_its_answer_find_their_way() {
    let node = Node::idle().await;
    let store = &node.store;
    let pool = PgPool::connect(node.database.url()).await.unwrap();
    let mut signals = store.cluster_signals();
    assert_eq!(next(&mut signals).await, Signal::Reconnected);

    let (first, second, late) = (fresh(), fresh(), fresh());
    store.post_mail(first, "b 2", "a", b"question \0", HOUR).await.unwrap();
    assert_eq!(next(&mut signals).await, Signal::Mail { to: "b 2".to_owned(), id: first });
    store.post_mail(first, "b 2", "a", b"another question", HOUR).await.unwrap();
    store.post_mail(second, "b 2", "c", b"2", HOUR).await.unwrap();
    store.post_mail(fresh(), "d", "c", b"", HOUR).await.unwrap();
    store.post_mail(late, "b 2", "c", b"", Duration::ZERO).await.unwrap();

    let mail = |id, from: &str, request: &[u8]| Mail { id, from: from.to_owned(), request: request.to_vec() };
    assert_eq!(store.take_mail("b 2", &[]).await.unwrap(), [mail(first, "a", b"question \0"), mail(second, "c", b"2")]);
    assert_eq!(store.take_mail("b 2", &[]).await.unwrap(), [], "what was taken isn't taken twice");
    sqlx::query("update node_mail set claimed_at = claimed_at - interval '6 s'").execute(&pool).await.unwrap();
    assert_eq!(store.take_mail("b 2", &[second]).await.unwrap(), [mail(first, "a", b"question \0")], "unless nothing came of it");

    assert_eq!(store.mail_answer(first).await.unwrap(), None);
    store.answer_mail(first, b"answer").await.unwrap();
    store.answer_mail(first, b"another answer").await.unwrap();
    skip_to(&mut signals, &Signal::Mail { to: "a".to_owned(), id: first }).await;
    assert_eq!(store.mail_answer(first).await.unwrap().as_deref(), Some(b"answer".as_slice()));
    sqlx::query("update node_mail set claimed_at = claimed_at - interval '6 s'").execute(&pool).await.unwrap();
    assert_eq!(store.take_mail("b 2", &[second]).await.unwrap(), [], "what is answered isn't taken");
    store.drop_mail(first).await.unwrap();
    assert_eq!(store.mail_answer(first).await.unwrap(), None);
    store.answer_mail(late, b"too late").await.unwrap();

    assert_eq!(store.sweep_mail().await.unwrap(), 1);
    assert_eq!(store.sweep_mail().await.unwrap(), 0);
    store.answer_mail(late, b"").await.unwrap();
    assert_eq!(store.mail_answer(late).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_go_on_over_a_lost_connection() {
    let mut node = Node::idle().await;
    let pool = PgPool::connect(node.database.url()).await.unwrap();
    let mut signals = node.store.cluster_signals();
    for _ in 0..2 {
        assert_eq!(next(&mut signals).await, Signal::Reconnected);
        node.claim(&all()).await;
        assert_eq!(next(&mut signals).await, Signal::Membership);
        node.claim(&all()).await;
        node.store.release_shards(node.number, node.incarnation, &all()).await.unwrap();
        assert_eq!(next(&mut signals).await, Signal::Membership);
        // Asking for what doesn't come, and giving up, loses nothing of what comes later.
        assert!(tokio::time::timeout(Duration::from_millis(5), signals.next()).await.is_err(), "a claim that changes nothing says nothing");
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cowork signals' and datname = current_database()";
        sqlx::query(end).execute(&pool).await.unwrap();
    }
    assert_eq!(next(&mut signals).await, Signal::Reconnected);
    let (store, number) = (node.store.clone(), node.number);
    store.set_draining("a", true).await.unwrap();
    assert_eq!(next(&mut signals).await, Signal::Membership);
    store.fence_node(number, node.incarnation).await.unwrap();
    assert_eq!(next(&mut signals).await, Signal::Membership);
    node.rejoin_without_claim().await;
    assert_eq!(next(&mut signals).await, Signal::Membership);
    store.leave(number, node.incarnation).await.unwrap();
    assert_eq!(next(&mut signals).await, Signal::Membership);
}
