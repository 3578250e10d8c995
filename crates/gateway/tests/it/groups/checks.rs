//! Members that are asked how they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use testkit::{Backend, RefusedPort, Reply};

use super::{api, at, balance, calls, failover, member, merged, named, share, switch};
use crate::gateway::{Weir, code};

/// A backend with a name that says at `/health` how it is.
async fn checked(name: &'static str) -> (Backend, Arc<AtomicBool>) {
    let is_well = Arc::new(AtomicBool::new(true));
    let kept = Arc::clone(&is_well);
    let backend = Backend::with(move |request| {
        let is_well = kept.load(Ordering::Relaxed);
        std::future::ready(match (&*request.target, is_well) {
            ("/health", false) => Reply::new(503).body("DOWN"),
            ("/health", true) => Reply::new(200).body("UP"),
            _ => Reply::new(200).body(name),
        })
    })
    .await;
    (backend, is_well)
}

fn check(more: Value) -> Value {
    let often = json!({
        "path": "/health", "interval": "10ms", "timeout": "2s", "unhealthyAfter": 2,
        "healthyAfter": 2,
    });
    json!({ "healthCheck": merged(often, more) })
}

/// The calls that have come for clients.
fn served(backend: &Backend) -> usize {
    backend.requests().iter().filter(|request| request.target != "/health").count()
}

async fn turns(weir: &Weir, place: &[usize], is_healthy: bool) {
    weir.until("what checks say", || async {
        member(weir, place).await["check"]["healthy"] == is_healthy
    })
    .await;
}

#[tokio::test]
async fn who_is_unhealthy_gets_no_call() {
    let ((a, is_well), (b, _)) = (checked("a").await, checked("b").await);
    for kind in ["failover", "loadBalance"] {
        is_well.store(true, Ordering::Relaxed);
        let group = merged(
            json!({ "type": kind, "members": [at(&a.url()), at(&b.url())] }),
            check(json!({})),
        );
        let weir = Weir::start(&super::tree(group));
        // It is healthy until checks say otherwise.
        assert!(share(&calls(&weir, 4).await, "a") >= 2, "{kind}");
        is_well.store(false, Ordering::Relaxed);
        turns(&weir, &[0], false).await;
        let before = served(&a);
        assert_eq!(calls(&weir, 20).await, "b".repeat(20), "{kind}");
        assert_eq!(served(&a), before, "{kind}");
        let shown = member(&weir, &[0]).await;
        let reason = shown["health"]["reason"].as_str().unwrap();
        assert!(reason.starts_with("its health checks fail: "), "{reason}");
        assert!(reason.contains("503"), "{reason}");
        assert_eq!((&shown["ready"], &shown["health"]["state"]), (&json!(false), &json!("ACTIVE")));
        let metrics = weir.metrics().await;
        let is_unhealthy =
            |line: &&str| line.starts_with("gateway_endpoint_state{") && line.contains("unhealthy");
        assert!(metrics.lines().filter(is_unhealthy).any(|line| line.ends_with(" 1")), "{kind}");
        is_well.store(true, Ordering::Relaxed);
        turns(&weir, &[0], true).await;
        assert!(share(&calls(&weir, 4).await, "a") >= 2, "{kind}");
    }
}

#[tokio::test]
async fn whoever_resumes_a_member_overrides_its_checks() {
    let ((a, is_well), (b, _)) = (checked("a").await, checked("b").await);
    is_well.store(false, Ordering::Relaxed);
    let members = [at(&a.url()), at(&b.url())];
    let weir = Weir::start(&failover(&members, check(json!({}))));
    turns(&weir, &[0], false).await;
    assert_eq!(calls(&weir, 2).await, "bb");
    // For a while, whatever they say.
    switch(&weir, &[0], "resume?for=1m").await;
    turns(&weir, &[0], false).await;
    assert_eq!(calls(&weir, 5).await, "aaaaa");
    // Until they say otherwise once more.
    switch(&weir, &[0], "resume").await;
    turns(&weir, &[0], false).await;
    weir.until("the other member", || async { calls(&weir, 1).await == "b" }).await;
    // A drained member stays so, however well it is.
    is_well.store(true, Ordering::Relaxed);
    switch(&weir, &[0], "drain").await;
    turns(&weir, &[0], true).await;
    assert_eq!(calls(&weir, 3).await, "bbb");
}

#[tokio::test]
async fn nobody_is_healthy() {
    let port = RefusedPort::new();
    for check in [check(json!({})), check(json!({ "type": "tcp", "path": null }))] {
        let check = without_nulls(check);
        let weir = Weir::start(&balance(&[at(&port.url()), at(&port.url())], check.clone()));
        turns(&weir, &[0], false).await;
        turns(&weir, &[1], false).await;
        assert_eq!(code(&weir.get("/shop/1.0/a").await), "303000");
        assert_eq!(weir.record().await["attempts"], 0);
        let config = json!({
            "endpoint_type": "http", "production_endpoints": at(&port.url()), "x-weir": check,
        });
        let weir = Weir::start(&api("Shop", config));
        turns(&weir, &[], false).await;
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*code(&answer)), (500, "303001"));
        let text = answer.json()["description"].as_str().unwrap().to_owned();
        assert!(text.ends_with("[ State : UNHEALTHY ]"), "{text}");
    }
}

fn without_nulls(mut check: Value) -> Value {
    check["healthCheck"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
    check
}

/// Checks know nothing of suspensions, and the other way round.
#[tokio::test]
async fn checks_end_no_suspension() {
    let (a, _) = checked("a").await;
    let b = named("b").await;
    let is_bad = Arc::new(AtomicBool::new(true));
    let kept = Arc::clone(&is_bad);
    let silent = Backend::with(move |request| {
        let is_slow = request.target != "/health" && kept.load(Ordering::Relaxed);
        let delay = std::time::Duration::from_millis(if is_slow { 5000 } else { 0 });
        std::future::ready(Reply::new(200).body("s").delay(delay))
    })
    .await;
    let slow = super::at_with(&silent.url(), json!({ "actionDuration": "50" }));
    let weir = Weir::start(&failover(&[slow, at(&b.url()), at(&a.url())], check(json!({}))));
    assert_eq!(calls(&weir, 1).await, "b");
    let good = || async { member(&weir, &[0]).await["check"]["good"].as_u64().unwrap() };
    let before = good().await;
    weir.until("further checks", || async { good().await >= before + 3 }).await;
    assert_eq!(member(&weir, &[0]).await["health"]["state"], "SUSPENDED");
    assert_eq!(calls(&weir, 2).await, "bb");
    assert_eq!(served(&silent), 1);
}

#[tokio::test]
async fn each_member_has_the_check_that_it_says() {
    let ((a, a_is_well), (b, b_is_well)) = (checked("a").await, checked("b").await);
    a_is_well.store(false, Ordering::Relaxed);
    b_is_well.store(false, Ordering::Relaxed);
    let unchecked = merged(at(&b.url()), json!({ "x-weir": { "healthCheck": false } }));
    let weir = Weir::start(&balance(&[at(&a.url()), unchecked], check(json!({}))));
    turns(&weir, &[0], false).await;
    assert_eq!(calls(&weir, 5).await, "bbbbb");
    assert_eq!(member(&weir, &[1]).await.get("check"), None);
    assert_eq!(served(&b), b.requests().len());
}
