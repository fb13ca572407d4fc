//! Who is not let in, and that both sides say why.

use super::node::{Node, call, link, named, pair};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

#[test]
fn another_secret_is_refused_on_both_sides() {
    let (mut a, mut b) = (named("a").start(), named("b").with_secret("not the same secret").start());
    a.expect(&[&b]);
    b.expect(&[&a]);
    for (node, peer) in [(&mut a, "b"), (&mut b, "a")] {
        let link = node.until(peer, "refused");
        let reason = link["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("wrong_secret: ") && reason.contains("OPEN_COWORK_CLOUD_CLUSTER_SECRET"), "{reason}");
        assert!(node.logged().contains("WARN") && node.logged().contains("wrong_secret"), "{}", node.logged());
        assert!(!node.logged().contains("secret of sixteen") && !node.logged().contains("not the same"), "the secret is in the log");
    }
}

#[test]
fn the_refusal_on_the_wire_names_its_code() {
    let mut b = named("b").start();
    let hello = json!({ "cowork": "link", "protocol": 1, "node": "a", "to": "b", "program": "9", "nonce": "0", "later": true,
        "process": "00000000-0000-0000-0000-000000000000" });
    let with = |key: &str, value: Value| {
        let mut hello = hello.clone();
        hello[key] = value;
        hello
    };
    for (hello, code) in [
        (with("protocol", json!(2)), "incompatible_version"),
        (with("node", json!("b")), "duplicate_node"),
        (with("node", json!("c")), "unexpected_node"),
        (with("to", json!("x")), "unexpected_node"),
    ] {
        let answer = converse(&b, &[&hello]);
        assert_eq!(answer["refused"]["code"], code, "{answer}");
        assert!(answer["refused"]["message"].as_str().is_some_and(|message| message.len() > 20), "{answer}");
    }
    let answer = converse(&b, &[&hello, &json!({ "proof": "0".repeat(64) })]);
    assert_eq!(answer["refused"]["code"], "wrong_secret", "{answer}");
    assert_eq!(converse(&b, &[&json!("GET / HTTP/1.1")]), Value::Null);
    b.expect(&[]);
}

#[test]
fn a_node_of_another_version_is_refused_by_the_dialer_as_well() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut a = named("a").start();
    let peers = vec![("b".to_owned(), listener.local_addr().expect("an address").to_string())];
    a.obey(&super::peer::Order::Expect(peers));
    let (mut dialled, _) = listener.accept().expect("a dials");
    let mut lines = BufReader::new(dialled.try_clone().expect("a clone"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a hello");
    let hello: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&hello["node"], &hello["to"]), (&json!("a"), &json!("b")), "something in between can tell who dials whom");

    let newer = json!({ "cowork": "link", "protocol": 7, "node": "b", "program": "9.0.0", "nonce": "0",
        "process": "00000000-0000-0000-0000-000000000000", "proof": "0" });
    writeln!(dialled, "{newer}").expect("a listens");
    line.clear();
    lines.read_line(&mut line).expect("a refuses");
    assert!(line.contains(r#"{"refused":{"code":"incompatible_version""#), "{line}");
    let link = a.until("b", "refused");
    assert!(link["reason"].as_str().is_some_and(|reason| reason.starts_with("incompatible_version: ")), "{link}");
}

#[test]
fn a_second_node_of_the_same_name_waits_until_the_first_is_gone() {
    let (mut a, mut b) = pair();
    let mut double = named("a").start();
    double.expect(&[&b]);
    let refused = double.until("b", "refused");
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.starts_with("duplicate_node: ")), "{refused}");
    assert_eq!(a.call(call(&b, "still here"))["last"], "a said still here");
    assert_eq!(b.until("a", "up")["reconnects"], 0, "the link of the first isn't touched");
    drop(a);
    double.until("b", "up");
    assert_eq!(b.call(call(&double, "hello"))["last"], "b said hello");
}

#[test]
fn a_node_that_nobody_expects_is_refused_until_it_is_expected() {
    let (mut a, mut b) = (named("a").start(), named("b").start());
    a.expect(&[&b]);
    let refused = a.until("b", "refused");
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.starts_with("unexpected_node: ")), "{refused}");
    link(&mut a, &mut b);
}

#[test]
fn silent_connections_hold_up_nobody() {
    let (mut a, mut b) = (named("a").start(), named("b").start());
    let silent: Vec<_> = (0..20).map(|_| TcpStream::connect(b.address()).expect("b listens")).collect();
    let mut half = TcpStream::connect(b.address()).expect("b listens");
    half.write_all(br#"{"cowork":"link","protocol":1,"#).expect("b reads");
    link(&mut a, &mut b);
    drop((silent, half));
}

/// What the node says to the last of these lines; `null` if it hangs up without a word.
fn converse(node: &Node, lines: &[&Value]) -> Value {
    let mut socket = TcpStream::connect(node.address()).expect("the node listens");
    let mut answers = BufReader::new(socket.try_clone().expect("a clone"));
    let mut answer = String::new();
    for line in lines {
        writeln!(socket, "{line}").expect("the node reads");
        answer.clear();
        answers.read_line(&mut answer).expect("the node answers or hangs up");
    }
    serde_json::from_str(&answer).unwrap_or_default()
}
