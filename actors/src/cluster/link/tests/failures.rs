//! Peers that die, stand still, or lose their gate.

use super::{
    node::{call, eventually, link, named, pair},
    peer::Order,
};
use nix::sys::signal::Signal;
use serde_json::json;

#[test]
fn a_killed_peer_ends_its_calls_and_is_linked_again_after_its_restart() {
    let (mut a, b) = pair();
    let mut calls = call(&b, "for ever");
    (calls.times, calls.within_ms) = (100, 600_000);
    let calls = a.order(&Order::Call(calls));
    assert!(in_flight(&mut a, 100), "{}", a.logged());

    // The deadline of the calls is far beyond that of this test: what ends them is the end of the link.
    let mut b = b.restarted();
    assert_eq!(a.answered(calls)["counts"], json!({ "unknown": 100 }));
    b.expect(&[&a]);
    a.until("b", "up");
    assert_eq!(a.call(call(&b, "hello"))["last"], "a said hello");
    let link = a.until("b", "up");
    assert_eq!((&link["reconnects"], &link["bytesInFlight"]), (&json!(1), &json!(0)));
    assert_eq!(a.events("b"), ["up", "down", "up"]);
}

#[test]
fn a_peer_that_stands_still_is_found_out_and_a_flood_towards_it_stays_bounded() {
    let (mut a, mut b) = (named("a").with_heartbeat(1_500).start(), named("b").with_heartbeat(1_500).start());
    link(&mut a, &mut b);
    let before = a.obey(&Order::ResidentKilobytes).as_u64().expect("a number");
    b.signal(Signal::SIGSTOP);
    // 640 MB in all. Short deadlines are the hard case: their callers give up while the bytes still wait for the peer.
    let (mut unknown, mut busy) = (0, 0);
    for _ in 0..20 {
        let mut flood = call(&b, "flood");
        (flood.bytes, flood.times, flood.within_ms) = (32 * 1024, 1_000, 1);
        let counts = &a.call(flood)["counts"];
        unknown += counts["unknown"].as_u64().unwrap_or(0);
        busy += counts["busy"].as_u64().unwrap_or(0);
    }
    assert!(busy > 0, "the window never filled up");
    assert!(unknown < 1_000, "{unknown} calls were sent to a peer that doesn't read");
    let after = a.obey(&Order::ResidentKilobytes).as_u64().expect("a number");
    assert!(after < before + 64 * 1024, "{before} kB became {after} kB");

    let found_out = a.until("b", "down");
    assert!(!found_out["reason"].is_null(), "{found_out}");
    b.signal(Signal::SIGCONT);
    a.until("b", "up");
    b.until("a", "up");
    assert_eq!(a.call(call(&b, "hello"))["last"], "a said hello");
    assert_eq!(b.call(call(&a, "hello"))["last"], "b said hello");
    assert_eq!(a.until("b", "up")["bytesInFlight"], 0);
}

#[test]
fn a_lost_gate_is_replaced() {
    let (mut a, mut b) = pair();
    b.obey(&Order::KillGate);
    let again = eventually(|| (a.events("b").len() >= 3).then_some(()));
    assert!(again.is_some(), "{}", b.logged());
    a.until("b", "up");
    assert_eq!(a.call(call(&b, "hello"))["last"], "a said hello");
    assert_eq!(b.call(call(&a, "hello"))["last"], "b said hello");
}

pub(super) fn in_flight(node: &mut super::node::Node, calls: u64) -> bool {
    eventually(|| (node.obey(&Order::Report)[0]["callsInFlight"] == calls).then_some(())).is_some()
}
