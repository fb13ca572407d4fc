//! Sizes, windows, and answers that don't come as they should.

use super::{
    failures::in_flight,
    node::{call, pair},
    peer::Order,
};
use crate::cluster::link::FRAME_BYTES;
use serde_json::json;

#[test]
fn what_is_larger_than_a_frame_does_not_travel() {
    let (mut a, b) = pair();
    let mut large = call(&b, "hello");
    large.bytes = FRAME_BYTES + 1;
    assert_eq!(a.call(large.clone())["counts"], json!({ "too_large": 1 }));
    large.bytes = FRAME_BYTES;
    assert_eq!(a.call(large)["last"], "a said hello");
    assert_eq!(a.call(call(&b, "as much as possible"))["last"].as_str().map(str::len), Some(FRAME_BYTES));
    assert_eq!(a.call(call(&b, "too much"))["counts"], json!({ "unknown": 1 }));
    assert_eq!(a.until("b", "up")["reconnects"], 0, "nothing of this ends the link");
}

#[test]
fn a_panic_at_the_other_end_is_an_unknown_outcome_at_once() {
    let (mut a, b) = pair();
    let mut panicking = call(&b, "panic");
    // Far beyond the deadline of this test.
    (panicking.times, panicking.within_ms) = (3, 600_000);
    assert_eq!(a.call(panicking)["counts"], json!({ "unknown": 3 }));
    assert_eq!(a.call(call(&b, "hello"))["last"], "a said hello");
    assert_eq!(a.until("b", "up")["reconnects"], 0);
}

#[test]
fn slow_answers_hold_up_nothing_and_a_full_window_refuses_at_once() {
    let (mut a, b) = pair();
    let mut slow = call(&b, "for ever");
    (slow.times, slow.within_ms) = (200, 600_000);
    let _slow = a.order(&Order::Call(slow));
    assert!(in_flight(&mut a, 200), "{}", a.logged());
    assert_eq!(a.call(call(&b, "hello"))["last"], "a said hello");

    let mut more = call(&b, "for ever");
    (more.times, more.within_ms, more.patience_ms) = (5_000, 600_000, 1_000);
    let counts = &a.call(more)["counts"];
    assert!(counts["busy"].as_u64().is_some_and(|busy| busy > 0), "{counts}");
    assert_eq!(a.call(call(&b, "hello"))["counts"], json!({ "busy": 1 }));
}

#[test]
fn a_caller_that_goes_away_leaves_nothing_behind() {
    let (mut a, b) = pair();
    let mut impatient = call(&b, "for ever");
    (impatient.times, impatient.within_ms, impatient.patience_ms) = (100, 500, 10);
    assert_eq!(a.call(impatient)["counts"], json!({ "gave_up": 100 }));
    assert!(in_flight(&mut a, 0), "{}", a.logged());
    assert_eq!(a.until("b", "up")["bytesInFlight"], 0);
}
