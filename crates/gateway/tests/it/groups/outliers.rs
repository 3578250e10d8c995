//! Members that are left out for answering badly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Backend, RefusedPort, Reply};

use super::{at, balance, member, named, steady, switch};
use crate::gateway::Weir;

/// A backend whose status can be changed.
async fn moody(status: u16) -> (Backend, Arc<AtomicU16>) {
    let mood = Arc::new(AtomicU16::new(status));
    let kept = Arc::clone(&mood);
    let backend = Backend::with(move |_| {
        let status = kept.load(Ordering::Relaxed);
        std::future::ready(Reply::new(status).body(status.to_string()))
    })
    .await;
    (backend, mood)
}

/// The statuses of so many calls.
async fn statuses(weir: &Weir, count: usize) -> Vec<u16> {
    let mut client = weir.client().await;
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(client.get("/shop/1.0/a").await.unwrap().status);
    }
    all
}

async fn left_out(weir: &Weir) -> usize {
    let members = weir.endpoint().await["members"].as_array().unwrap().clone();
    members.iter().filter(|member| member.get("ejectedForMs").is_some()).count()
}

fn rules(more: Value) -> Value {
    json!({ "outlierEjection": super::merged(json!({ "statuses": [500] }), more) })
}

#[tokio::test]
async fn bad_answers_in_a_row() {
    let ((a, mood), b) = (moody(500).await, named("b").await);
    let settings = rules(json!({ "consecutiveErrors": 3, "baseTime": "1s" }));
    let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
    // Another status ends the row.
    assert_eq!(statuses(&weir, 4).await, [500, 200, 500, 200]);
    mood.store(503, Ordering::Relaxed);
    assert_eq!(statuses(&weir, 2).await, [503, 200]);
    mood.store(500, Ordering::Relaxed);
    let since = Instant::now();
    assert_eq!(statuses(&weir, 5).await, [500, 200, 500, 200, 500]);
    assert_eq!(statuses(&weir, 10).await, [200; 10]);
    let shown = member(&weir, &[0]).await;
    assert!((1..=1000).contains(&shown["ejectedForMs"].as_u64().unwrap()), "{shown}");
    let reason = shown["health"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("left out by its group for bad answers"), "{reason}");
    // It is not suspended.
    assert_eq!((&shown["ready"], &shown["health"]["state"]), (&json!(false), &json!("ACTIVE")));
    assert_eq!(weir.endpoint().await["ejections"], 1);
    assert_eq!(weir.metric("gateway_group_ejections_total").await, 1.0);
    // It comes back by itself.
    mood.store(204, Ordering::Relaxed);
    weir.until("its return", || async { statuses(&weir, 1).await == [204] }).await;
    assert!(since.elapsed() >= Duration::from_millis(1000), "{:?}", since.elapsed());
    assert_eq!(left_out(&weir).await, 0);
}

#[tokio::test]
async fn a_share_of_bad_answers() {
    let count = AtomicUsize::new(0);
    let a = Backend::with(move |_| {
        let is_bad = count.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        std::future::ready(Reply::new(if is_bad { 500 } else { 201 }))
    })
    .await;
    let b = named("b").await;
    let settings = rules(json!({
        "consecutiveErrors": false, "failureRate": "50%", "minimumRequests": 10,
        "window": "10s", "baseTime": "1m",
    }));
    let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
    let all = statuses(&weir, 40).await;
    assert_eq!(a.requests().len(), 10);
    assert_eq!(all.iter().filter(|status| **status == 500).count(), 5);
    assert_eq!(left_out(&weir).await, 1);
}

#[tokio::test]
async fn not_too_many_are_left_out_at_once() {
    for (members, share, expected) in [(2, 50, 1), (3, 50, 1), (4, 50, 2), (4, 10, 1), (4, 100, 4)]
    {
        let (bad, _mood) = moody(500).await;
        let all: Vec<Value> = (0..members).map(|_| at(&bad.url())).collect();
        let settings = rules(json!({
            "consecutiveErrors": 2, "baseTime": "1m", "maximumShare": format!("{share}%"),
        }));
        let weir = Weir::start(&balance(&all, settings));
        let mut client = weir.client().await;
        for _ in 0..members * 4 {
            client.get("/shop/1.0/a").await.unwrap();
        }
        assert_eq!(left_out(&weir).await, expected, "{members} {share}");
    }
}

/// Failed calls count as bad answers do.
#[tokio::test]
async fn failed_calls_in_a_row() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let settings = json!({ "outlierEjection": { "consecutiveErrors": 2 } });
    let weir = Weir::start(&balance(&[steady(&port.url()), at(&b.url())], settings));
    assert_eq!(statuses(&weir, 4).await, [200; 4]);
    assert_eq!(left_out(&weir).await, 1);
    assert_eq!(weir.endpoint().await["repeats"], 2);
    assert_eq!(statuses(&weir, 4).await, [200; 4]);
    assert_eq!(weir.endpoint().await["repeats"], 2);
    // Whoever resumes it takes it back.
    switch(&weir, &[0], "resume").await;
    assert_eq!(left_out(&weir).await, 0);
    // A failure uses up a turn, so that both calls come to it first.
    assert_eq!(statuses(&weir, 2).await, [200; 2]);
    assert_eq!(weir.endpoint().await["repeats"], 4);
    assert_eq!(left_out(&weir).await, 1);
}

/// It is left out for longer each time in a row.
#[tokio::test]
async fn longer_each_time() {
    let ((a, _mood), b) = (moody(500).await, named("b").await);
    let settings = rules(json!({
        "consecutiveErrors": 1, "baseTime": "300ms", "maximumTime": "750ms",
    }));
    let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
    for (most, least) in [(300, 1), (600, 301), (750, 601)] {
        weir.until("a bad answer", || async { statuses(&weir, 1).await == [500] }).await;
        let left = member(&weir, &[0]).await["ejectedForMs"].as_u64().unwrap();
        assert!((least..=most).contains(&left), "{left} of {most}");
    }
}

#[tokio::test]
async fn all_are_left_out() {
    for (mode, expected) in [("strict", [500, 500]), ("failOpen", [502, 502])] {
        let (bad, _mood) = moody(502).await;
        let settings = super::merged(
            json!({ "mode": mode }),
            json!({ "outlierEjection": {
                "consecutiveErrors": 1, "baseTime": "1m", "maximumShare": "100%",
            } }),
        );
        let weir = Weir::start(&balance(&[at(&bad.url()), at(&bad.url())], settings));
        assert_eq!(statuses(&weir, 2).await, [502, 502], "{mode}");
        assert_eq!(left_out(&weir).await, 2, "{mode}");
        assert_eq!(statuses(&weir, 2).await, expected, "{mode}");
    }
}
