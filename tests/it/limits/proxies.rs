//! Whose address counts.

use super::{AGE_MS, alone, assert_too_many, through};
use crate::{caller::Caller, server::Server};
use reqwest::StatusCode;

/// As many requests of one address as it has in a window.
const FEW: usize = 5;

async fn counting(trusted: &str) -> Server {
    alone(&[
        ("HTTP_RATE_LIMIT_WINDOW_MS", AGE_MS),
        ("HTTP_RATE_LIMIT_MAX_REQUESTS", "5"),
        ("TRUST_PROXY_HEADERS", "true"),
        ("TRUSTED_PROXY_CIDRS", trusted),
    ])
    .await
}

/// So many organisations that none of them is limited.
fn anybody(number: usize) -> Caller {
    Caller::new(&format!("org-{number}"), "kim", "owner")
}

#[tokio::test]
async fn a_stranger_can_not_pretend_to_be_many() {
    let server = counting("10.0.0.0/8").await;
    for number in 0..FEW {
        let invented = [("x-forwarded-for", format!("203.0.113.{number}")), ("forwarded", format!("for=203.0.113.{number}"))];
        let forwarded = [(invented[number % 2].0, invented[number % 2].1.as_str())];
        assert_eq!(through(&server, &anybody(number), &forwarded).await.status, StatusCode::OK);
    }
    for forwarded in [&[("x-forwarded-for", "203.0.113.200")][..], &[("forwarded", "for=10.0.0.1")], &[]] {
        assert_too_many(&through(&server, &anybody(FEW), forwarded).await);
    }
}

#[tokio::test]
async fn clients_of_a_trusted_proxy_are_counted_one_by_one() {
    let server = counting("127.0.0.0/8, 10.0.0.0/8").await;
    let client = |number: usize| format!("203.0.113.{number}");
    for number in 0..FEW {
        // What the client invented is left of what the proxies wrote.
        let lines = [("x-forwarded-for", format!("6.6.6.{number}, {}, 10.0.0.{number}", client(1)))];
        let lines = lines.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(through(&server, &anybody(number), &lines).await.status, StatusCode::OK);
    }
    let own = client(1);
    assert_too_many(&through(&server, &anybody(FEW), &[("x-forwarded-for", &own)]).await);
    assert_too_many(&through(&server, &anybody(FEW), &[("forwarded", &format!("for=6.6.6.6, for=\"{own}:4711\";proto=https"))]).await);
    for number in 0..=FEW {
        let neighbour = format!("for=\"[2001:db8:0:1::{number}]\"");
        let answer = through(&server, &anybody(number), &[("forwarded", &neighbour)]).await;
        if number < FEW {
            assert_eq!(answer.status, StatusCode::OK);
        } else {
            assert_too_many(&answer);
        }
    }
    assert_eq!(through(&server, &anybody(FEW), &[("x-forwarded-for", &client(2))]).await.status, StatusCode::OK);
    // Proxies that contradict each other are counted themselves.
    let contradiction = [("x-forwarded-for", own.as_str()), ("forwarded", "for=203.0.113.2")];
    assert_eq!(through(&server, &anybody(FEW), &contradiction).await.status, StatusCode::OK);
}
