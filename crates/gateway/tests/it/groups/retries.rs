//! How often, for how long, and after what another member is asked: `retries` and `failOn`.

use std::time::Instant;

use compiler::plan::RetryPolicy;
use serde_json::{Value, json};
use testkit::{Backend, RawBackend, RefusedPort};

use super::{at, at_with, balance, calls, failover, hasty, named, state, steady};
use crate::gateway::{Weir, code};

#[tokio::test]
async fn so_many_attempts_at_most() {
    for attempts in 1..=4 {
        let ports = [RefusedPort::new(), RefusedPort::new(), RefusedPort::new()];
        let d = named("d").await;
        let mut members: Vec<Value> = ports.iter().map(|port| steady(&port.url())).collect();
        members.push(at(&d.url()));
        let settings = json!({ "retries": { "attempts": attempts } });
        let weir = Weir::start(&failover(&members, settings));
        let answer = weir.get("/shop/1.0/a").await;
        let record = weir.record().await;
        assert_eq!(record["attempts"], attempts);
        if attempts == 4 {
            assert_eq!(answer.text(), "d");
        } else {
            assert_eq!((answer.status, &*code(&answer)), (500, "101503"), "{attempts}");
            assert_eq!(record["no_failover"], "attempts", "{attempts}");
        }
    }
}

#[tokio::test]
async fn all_attempts_have_one_time_limit() {
    let silent = RawBackend::silent().await;
    let c = named("c").await;
    let slow = |duration: &str| at_with(&silent.url(), json!({ "actionDuration": duration }));
    let settings = json!({ "retries": { "deadline": "600ms" } });
    let members = [slow("100"), slow("10000"), at(&c.url())];
    let weir = Weir::start(&failover(&members, settings));
    let started = Instant::now();
    let answer = weir.get("/shop/1.0/a").await;
    let took = started.elapsed();
    assert_eq!((answer.status, &*code(&answer)), (500, "101504"));
    assert!((600..5000).contains(&took.as_millis()), "{took:?}");
    let record = weir.record().await;
    assert_eq!((&record["attempts"], &record["no_failover"]), (&json!(2), &json!("deadline")));
    assert!(c.requests().is_empty());
    // The first member had its time; the second one was cut short, which says nothing of it.
    assert_eq!(state(&weir, &[0]).await, "SUSPENDED");
    assert_eq!(state(&weir, &[1]).await, "ACTIVE");
}

#[tokio::test]
async fn a_group_repeats_so_much_at_most() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let members = [steady(&port.url()), at(&b.url())];
    // One each second, over ten seconds.
    let settings = json!({ "retries": { "budget": { "percent": 0, "minimum": 1 } } });
    let weir = Weir::start(&failover(&members, settings));
    assert_eq!(calls(&weir, 10).await, "b".repeat(10));
    for _ in 0..2 {
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*code(&answer)), (500, "101503"));
    }
    let record = &weir.records(12).await[11];
    assert_eq!((&record["attempts"], &record["no_failover"]), (&json!(1), &json!("budget")));
    let root = weir.endpoint().await;
    assert_eq!((&root["repeats"], &root["overBudget"]), (&json!(10), &json!(2)));
    assert_eq!(weir.metric("gateway_group_repeats_total").await, 10.0);
    assert_eq!(weir.metric("gateway_group_over_budget_total").await, 2.0);
    assert_eq!(b.requests().len(), 10);
}

#[tokio::test]
async fn a_share_of_the_requests_may_be_repeated() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let members = [steady(&port.url()), at(&b.url())];
    let settings = json!({ "retries": { "budget": { "percent": 50, "minimum": 0 } } });
    let weir = Weir::start(&failover(&members, settings));
    let mut client = weir.client().await;
    let mut answered = 0;
    for _ in 0..20 {
        answered += usize::from(client.get("/shop/1.0/a").await.unwrap().status == 200);
    }
    assert_eq!((answered, b.requests().len()), (10, 10));
}

#[tokio::test]
async fn there_is_a_budget_unless_one_asks_for_wso2s_way() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    for (settings, gateway, has_budget) in [
        (json!({}), RetryPolicy::Safe, true),
        (json!({ "retries": { "budget": false } }), RetryPolicy::Safe, false),
        (json!({ "retries": { "policy": "wso2" } }), RetryPolicy::Safe, false),
        (json!({}), RetryPolicy::Wso2, false),
        (json!({ "retries": { "policy": "safe" } }), RetryPolicy::Wso2, true),
    ] {
        drop(b.take());
        let members = [steady(&port.url()), at(&b.url())];
        let project = failover(&members, settings.clone());
        let weir = Weir::with(&[&project], |config| config.upstream.retry_policy = gateway);
        let mut client = weir.client().await;
        for _ in 0..150 {
            client.get("/shop/1.0/a").await.unwrap();
        }
        // 20 % of the requests, and 10 each second over ten seconds.
        let expected = if has_budget { 130 } else { 150 };
        assert_eq!(b.requests().len(), expected, "{settings}");
    }
}

#[tokio::test]
async fn only_listed_failures_lead_to_another_member() {
    let refused = RefusedPort::new();
    let silent = RawBackend::silent().await;
    let closing = super::hanging_up().await;
    for (errors, on_refused, on_timeout, on_reset) in [
        (json!(["connectError", "timeout", "reset"]), true, true, true),
        (json!(["connectError"]), true, false, false),
        (json!(["timeout"]), false, true, false),
        (json!(["reset"]), false, false, true),
        (json!([]), false, false, false),
        (json!(false), false, false, false),
    ] {
        for (url, goes_on, expected) in [
            (refused.url(), on_refused, "101503"),
            (silent.url(), on_timeout, "101504"),
            (closing.url(), on_reset, "101508"),
        ] {
            let b = named("b").await;
            let settings = json!({ "failOn": { "errors": errors } });
            let first = if expected == "101504" { hasty(&url) } else { steady(&url) };
            let weir = Weir::start(&failover(&[first, at(&b.url())], settings));
            let answer = weir.get("/shop/1.0/a").await;
            if goes_on {
                assert_eq!(answer.text(), "b", "{errors} {expected}");
            } else {
                assert_eq!((answer.status, &*code(&answer)), (500, expected), "{errors}");
                assert_eq!(weir.record().await["no_failover"], "trigger", "{errors}");
                assert!(b.requests().is_empty(), "{errors} {expected}");
            }
        }
    }
}

#[tokio::test]
async fn answers_may_be_failures() {
    let busy = Backend::answer(503, &[("retry-after", "7")], "busy").await;
    for (fail_on, goes_on) in [
        (json!({}), false),
        (json!({ "statuses": [502] }), false),
        (json!({ "statuses": [502, 503] }), true),
        (json!({ "statuses": "5xx" }), true),
        (json!({ "statuses": ["500-504"] }), true),
        (json!({ "expression": "status >= 500" }), true),
        (json!({ "expression": "status >= 500 && !header(\"retry-after\")" }), false),
        (json!({ "expression": "header(\"Retry-After\") == \"7\"" }), true),
        (json!({ "expression": "method == \"POST\"" }), false),
        (json!({ "expression": "path startsWith \"/shop/1.0/a\"" }), true),
        (json!({ "expression": "request.header(\"X-Try\") contains \"har\"" }), true),
        (json!({ "errors": false, "statuses": 503 }), true),
    ] {
        let b = named("b").await;
        let settings = json!({ "failOn": fail_on });
        let weir = Weir::start(&failover(&[at(&busy.url()), at(&b.url())], settings));
        let answer = weir.call("GET", "/shop/1.0/a", &[("X-Try", "hard")], b"").await;
        if goes_on {
            assert_eq!((answer.status, &*answer.text()), (200, "b"), "{fail_on}");
            let record = weir.record().await;
            assert_eq!(record["tries"][0]["status"], 503, "{fail_on}");
            assert_eq!(record["tries"][1]["status"], 200, "{fail_on}");
        } else {
            assert_eq!((answer.status, &*answer.text()), (503, "busy"), "{fail_on}");
            assert_eq!(answer.header("retry-after"), Some("7"));
        }
        // Answers suspend nobody.
        assert_eq!(state(&weir, &[0]).await, "ACTIVE", "{fail_on}");
    }
}

/// An answer that was taken for a failure is better than none.
#[tokio::test]
async fn the_answer_is_passed_on_where_nobody_else_can_be_asked() {
    let busy = Backend::answer(503, &[("retry-after", "7")], "busy").await;
    let other = Backend::answer(502, &[], "other").await;
    let port = RefusedPort::new();
    for (second, method, retries, expected, why) in [
        (other.url(), "GET", json!({}), (502, "other"), "nobody_ready"),
        (other.url(), "POST", json!({}), (503, "busy"), "policy"),
        (other.url(), "GET", json!({ "policy": "never" }), (503, "busy"), "policy"),
        (other.url(), "GET", json!({ "attempts": 1 }), (503, "busy"), "attempts"),
        (
            other.url(),
            "GET",
            json!({ "budget": { "percent": 0, "minimum": 0 } }),
            (503, "busy"),
            "budget",
        ),
        (String::new(), "GET", json!({}), (503, "busy"), "nobody_ready"),
    ] {
        let settings = json!({ "failOn": { "statuses": "5xx" }, "retries": retries });
        let is_down = second.is_empty();
        let second = if is_down { port.url() } else { second };
        let weir = Weir::start(&failover(&[at(&busy.url()), at(&second)], settings));
        if is_down {
            super::switch(&weir, &[1], "drain").await;
        }
        let answer = weir.call(method, "/shop/1.0/a", &[], b"").await;
        assert_eq!((answer.status, &*answer.text()), expected, "{method} {retries}");
        let record = weir.record().await;
        assert_eq!(record["no_failover"], why, "{method} {retries}");
        assert_eq!(record.get("aborted"), None);
    }
}

/// The connection of an answer that nobody wants is closed or drained, never given back as it is.
#[tokio::test]
async fn answers_that_are_dropped_spoil_no_connection() {
    let large = Backend::answer(503, &[], vec![b'x'; 3_000_000]).await;
    let b = named("b").await;
    let settings = json!({ "failOn": { "statuses": 503 } });
    let weir = Weir::start(&balance(&[at(&large.url()), at(&b.url())], settings));
    assert_eq!(calls(&weir, 10).await, "b".repeat(10));
    assert!(large.requests().len() >= 3, "{}", large.requests().len());
    weir.until("nothing in flight", || async { super::member(&weir, &[0]).await["inFlight"] == 0 })
        .await;
}

#[tokio::test]
async fn a_client_that_breaks_off_is_no_failure() {
    let (a, _hold) = super::held("a").await;
    let b = named("b").await;
    let weir = Weir::start(&failover(&[at(&a.url()), at(&b.url())], json!({})));
    let mut client = weir.client().await;
    let head = "PUT /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf";
    client.send(head).await.unwrap();
    weir.until("the call", || async { super::member(&weir, &[0]).await["inFlight"] == 1 }).await;
    drop(client);
    weir.until("its end", || async { super::member(&weir, &[0]).await["inFlight"] == 0 }).await;
    assert!(b.requests().is_empty());
    assert_eq!(state(&weir, &[0]).await, "ACTIVE");
}
