//! A second member is asked when the first one is slow.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Backend, RefusedPort};

use super::{at, begun, calls, failover, held, member, named, state};
use crate::gateway::Weir;

fn hedged(more: Value) -> Value {
    json!({ "retries": super::merged(json!({ "hedge": { "after": "50ms" } }), more) })
}

#[tokio::test]
async fn the_first_answer_counts() {
    let ((a, hold), b) = (held("a").await, named("b").await);
    let weir = Weir::start(&failover(&[at(&a.url()), at(&b.url())], hedged(json!({}))));
    for method in ["GET", "HEAD"] {
        let started = Instant::now();
        let answer = weir.call(method, "/shop/1.0/a", &[], b"").await;
        assert_eq!(answer.status, 200, "{method}");
        assert!((50..3000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    }
    assert_eq!((a.requests().len(), b.requests().len()), (2, 2));
    let record = weir.record().await;
    assert_eq!((&record["attempts"], &record["upstream"]), (&json!(2), &json!(b.url())));
    let tries = record["tries"].as_array().unwrap();
    let of = |url: String| tries.iter().find(|one| one["upstream"] == url).unwrap();
    assert_eq!((&of(a.url())["end"], &of(b.url())["status"]), (&json!("overtaken"), &json!(200)));
    assert!(of(a.url())["us"].as_u64().unwrap() >= 50_000);
    assert_eq!(weir.endpoint().await["hedges"], 2);
    assert_eq!(weir.metric("gateway_group_hedges_total").await, 2.0);
    // To be slow is no failure, and nobody waits for it any more.
    assert_eq!(state(&weir, &[0]).await, "ACTIVE");
    weir.until("nothing in flight", || async { member(&weir, &[0]).await["inFlight"] == 0 }).await;
    drop(hold);
}

#[tokio::test]
async fn who_is_in_time_is_not_overtaken() {
    let (a, b) = (named("a").await, named("b").await);
    let settings = json!({ "retries": { "hedge": { "after": "10s" } } });
    let weir = Weir::start(&failover(&[at(&a.url()), at(&b.url())], settings));
    assert_eq!(calls(&weir, 3).await, "aaa");
    assert_eq!((weir.endpoint().await["hedges"].clone(), b.requests().len()), (json!(0), 0));
    assert_eq!(weir.record().await.get("tries"), None);
}

/// What must not be done twice is asked of one member, and nothing of one whose group repeats
/// nothing, or has repeated as much as it may.
#[tokio::test]
async fn some_requests_are_never_asked_twice() {
    for (method, retries) in [
        ("POST", json!({})),
        ("POST", json!({ "policy": "wso2" })),
        ("PUT", json!({ "policy": "idempotent" })),
        ("DELETE", json!({ "policy": "idempotent" })),
        ("PATCH", json!({ "policy": "wso2" })),
        ("GET", json!({ "policy": "never" })),
        ("GET", json!({ "budget": { "percent": 0, "minimum": 0 } })),
    ] {
        let ((a, hold), b) = (held("a").await, named("b").await);
        let weir = Weir::start(&failover(&[at(&a.url()), at(&b.url())], hedged(retries.clone())));
        let call = begun(&weir, method);
        a.arrived(1).await;
        let since = Instant::now();
        weir.until("the time of a second attempt", || async {
            since.elapsed() > Duration::from_millis(150)
        })
        .await;
        hold.add_permits(1);
        assert_eq!(call.await.unwrap(), (200, "a".to_owned()), "{method} {retries}");
        assert!(b.requests().is_empty(), "{method} {retries}");
        assert_eq!(weir.endpoint().await["hedges"], 0, "{method} {retries}");
    }
}

#[tokio::test]
async fn so_often_at_most() {
    for (at_most, expected) in [(1, [1, 1, 0]), (2, [1, 1, 1])] {
        let ((a, hold), (b, _hold_b), (c, _hold_c)) =
            (held("a").await, held("b").await, held("c").await);
        let members = [at(&a.url()), at(&b.url()), at(&c.url())];
        let settings = json!({ "retries": { "hedge": { "after": "30ms", "atMost": at_most } } });
        let weir = Weir::start(&failover(&members, settings));
        let call = begun(&weir, "GET");
        b.arrived(1).await;
        if at_most == 2 {
            c.arrived(1).await;
        }
        let since = Instant::now();
        weir.until("the time of another attempt", || async {
            since.elapsed() > Duration::from_millis(120)
        })
        .await;
        // The one that was asked first may be the first to answer all the same.
        hold.add_permits(1);
        assert_eq!(call.await.unwrap().1, "a");
        assert_eq!([&a, &b, &c].map(|one| one.requests().len()), expected);
        let record = weir.record().await;
        let overtaken = record["tries"].as_array().unwrap().iter();
        let overtaken = overtaken.filter(|one| one["end"] == "overtaken").count();
        assert_eq!(overtaken, at_most);
    }
}

/// One of them fails: the other one goes on, and who failed is judged.
#[tokio::test]
async fn a_failure_beside_a_slow_answer() {
    let (a, hold) = held("a").await;
    let (port, c) = (RefusedPort::new(), named("c").await);
    let members = [at(&a.url()), at(&port.url()), at(&c.url())];
    let weir = Weir::start(&failover(&members, hedged(json!({}))));
    let call = begun(&weir, "GET");
    weir.until("the failure", || async { state(&weir, &[1]).await == "SUSPENDED" }).await;
    hold.add_permits(1);
    assert_eq!(call.await.unwrap(), (200, "a".to_owned()));
    assert_eq!(state(&weir, &[0]).await, "ACTIVE");
    let record = weir.record().await;
    assert_eq!(record["tries"][0]["end"], "connect_failed");
    assert_eq!(record["tries"][1]["status"], 200);
}

#[tokio::test]
async fn all_that_were_asked_fail() {
    let silent = testkit::RawBackend::silent().await;
    let slow =
        |duration: &str| super::at_with(&silent.url(), json!({ "actionDuration": duration }));
    let c = named("c").await;
    let members = [slow("120"), slow("60"), at(&c.url())];
    let weir = Weir::start(&failover(&members, hedged(json!({}))));
    // The next one is asked as after any failure.
    assert_eq!(calls(&weir, 1).await, "c");
    let record = weir.record().await;
    let ends: Vec<&Value> =
        record["tries"].as_array().unwrap().iter().map(|one| &one["end"]).collect();
    assert_eq!(ends, [&json!("timeout"), &json!("timeout"), &Value::Null]);
    for place in [0, 1] {
        assert_eq!(state(&weir, &[place]).await, "SUSPENDED", "{place}");
    }
}

/// An answer that a group takes for a failure is none to wait for.
#[tokio::test]
async fn a_bad_answer_is_followed_by_the_next_member() {
    let busy = Backend::answer(503, &[], "busy").await;
    let b = named("b").await;
    let settings = json!({
        "retries": { "hedge": { "after": "5s" } }, "failOn": { "statuses": 503 },
    });
    let weir = Weir::start(&failover(&[at(&busy.url()), at(&b.url())], settings));
    assert_eq!(calls(&weir, 2).await, "bb");
}

/// A member that had no place when it was to be asked beside another one may be asked later.
#[tokio::test]
async fn a_member_that_was_busy_may_still_be_asked() {
    let silent = testkit::RawBackend::silent().await;
    let (b, hold) = held("b").await;
    let slow =
        super::at_with(&silent.url(), json!({ "actionDuration": "600", "suspendDuration": "0" }));
    let limited =
        super::merged(at(&b.url()), json!({ "x-weir": { "limits": { "requestsInFlight": 1 } } }));
    // One repeat of two requests.
    let budget = json!({ "percent": 50, "minimum": 0 });
    let weir = Weir::start(&failover(&[slow, limited], hedged(json!({ "budget": budget }))));
    super::switch(&weir, &[0], "drain").await;
    let before = begun(&weir, "POST");
    b.arrived(1).await;
    super::switch(&weir, &[0], "resume").await;
    let call = begun(&weir, "GET");
    silent.accepted(1).await;
    let since = Instant::now();
    weir.until("the time of a second attempt", || async {
        since.elapsed() > Duration::from_millis(150)
    })
    .await;
    hold.add_permits(2);
    assert_eq!(before.await.unwrap(), (200, "b".to_owned()));
    assert_eq!(call.await.unwrap(), (200, "b".to_owned()));
    let root = weir.endpoint().await;
    assert_eq!((&root["hedges"], &root["repeats"]), (&json!(0), &json!(1)));
}

/// A group is not asked beside a member, but after it.
#[tokio::test]
async fn a_group_is_asked_after_a_slow_member() {
    let (silent, b) = (testkit::RawBackend::silent().await, named("b").await);
    let slow = super::at_with(&silent.url(), json!({ "actionDuration": "150" }));
    let inner = json!({ "type": "failover", "members": [at(&b.url())] });
    let group = json!({
        "type": "failover", "members": [slow, inner],
        "retries": { "hedge": { "after": "30ms" } },
    });
    let weir = Weir::start(&super::tree(group));
    assert_eq!(calls(&weir, 1).await, "b");
    assert_eq!(weir.endpoint().await["hedges"], 0);
}
