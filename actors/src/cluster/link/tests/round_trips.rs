//! What works.

use super::{
    node::{call, eventually, link, named, pair},
    peer::Order,
};
use serde_json::json;
use std::time::Instant;

#[test]
fn both_sides_ask_and_answer() {
    let (mut a, mut b) = pair();
    assert_eq!(a.call(call(&b, "hello"))["last"], "a said hello");
    assert_eq!(b.call(call(&a, "hello"))["last"], "b said hello");
    let mut many = call(&a, "again");
    many.times = 500;
    assert_eq!(b.call(many)["counts"], json!({ "ok": 500 }));
    let link = a.until("b", "up");
    assert_eq!((&link["callsInFlight"], &link["bytesInFlight"], &link["reconnects"]), (&json!(0), &json!(0), &json!(0)));
    assert!(link["roundTripUs"].as_u64().is_some_and(|micros| micros > 0), "{link}");
}

#[test]
fn one_actor_of_a_node_is_visible_to_others() {
    let (mut a, mut b) = pair();
    a.call(call(&b, "hello"));
    for node in [&mut a, &mut b] {
        assert_eq!(node.obey(&Order::Remotable), json!(["cowork-gate"]), "an actor that peers can see is mirrored on all of them");
    }
}

#[test]
fn links_follow_the_list_of_peers() {
    let (mut a, mut b) = pair();
    let mut c = named("c").start();
    c.expect(&[&a, &b]);
    b.expect(&[&a, &c]);
    a.expect(&[&c]);
    a.until("c", "up");
    b.until("c", "up");
    b.until("a", "down");
    assert_eq!(a.obey(&Order::Report).as_array().map(Vec::len), Some(1));
    assert_eq!(a.call(call(&b, "hello"))["counts"], json!({ "not_connected": 1 }));
    assert_eq!(a.events("b"), ["up", "down"]);

    // The same node at another address, after its former life ended.
    drop(c);
    let mut c = named("c").start();
    c.expect(&[&a]);
    a.expect(&[&c]);
    a.until("c", "up");
    assert_eq!(a.call(call(&c, "hello"))["last"], "a said hello");
}

#[test]
fn a_node_that_stops_says_goodbye() {
    let (mut a, mut b) = pair();
    b.obey(&Order::Stop);
    let ended = eventually(|| (a.events("b") == ["up", "down"]).then_some(()));
    assert!(ended.is_some(), "{}", a.logged());
    assert_eq!(a.call(call(&b, "hello"))["counts"], json!({ "not_connected": 1 }));
}

#[test]
#[ignore = "a measurement: run it alone, with --no-capture"]
fn figures() {
    let (mut a, mut b) = (named("a").logging("error").start(), named("b").logging("error").start());
    link(&mut a, &mut b);
    for _ in 0..3 {
        eprintln!("200 bytes there and back: {}", a.obey(&Order::Measure { peer: "b".into(), times: 5_000 }));
    }
    let mut calls = call(&b, "for ever");
    (calls.times, calls.within_ms) = (500, 600_000);
    let calls = a.order(&Order::Call(calls));
    assert!(super::failures::in_flight(&mut a, 500));
    let start = Instant::now();
    drop(b);
    eprintln!("500 calls when their peer is killed: {}, all after {:?}", a.answered(calls)["counts"], start.elapsed());
}
