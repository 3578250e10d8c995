//! Failover: who takes over, in which order, and for how long (spec/01 §4.1).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Answer, Backend, RawBackend, RefusedPort, Step};

use super::{at, at_with, brief, calls, failover, member, merged, named, state, steady, switch};
use crate::gateway::{Weir, code};

const NAME: &str = "Shop--v1.0_APIproductionEndpoint";

/// WSO2's answer where nobody is ready.
fn unserved(answer: &Answer, kind: &str) {
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.json(),
        json!({
            "code": "303000",
            "type": "Status report",
            "message": "Runtime Error",
            "description": format!("{kind} endpoint : {NAME} - no ready child endpoints"),
        })
    );
}

#[tokio::test]
async fn the_first_that_is_ready_is_asked() {
    let (a, b, c) = (named("a").await, named("b").await, named("c").await);
    let members = [at(&a.url()), at(&b.url()), at(&c.url())];
    let weir = Weir::start(&failover(&members, json!({})));
    assert_eq!(calls(&weir, 3).await, "aaa");
    for (place, expected) in [(0, "bb"), (1, "cc")] {
        switch(&weir, &[place], "drain").await;
        assert_eq!(calls(&weir, 2).await, expected);
    }
    switch(&weir, &[0], "resume").await;
    assert_eq!(calls(&weir, 2).await, "aa");
    assert_eq!([&a, &b, &c].map(|backend| backend.requests().len()), [5, 2, 2]);
}

#[tokio::test]
async fn the_next_one_takes_over_whatever_fails() {
    let refused = RefusedPort::new();
    let silent = RawBackend::silent().await;
    let closing = super::hanging_up().await;
    let reset = RawBackend::play(vec![Step::ReadHead, Step::Reset]).await;
    let garbage = RawBackend::bytes("SSH-2.0-OpenSSH_9.2\r\n\r\n").await;
    let cut = RawBackend::bytes("HTTP/1.1 200 OK\r\nContent-Le").await;
    for (url, end, last_code) in [
        (refused.url(), "connect_failed", 101_503),
        (silent.url(), "timeout", 101_504),
        (closing.url(), "closed", 101_508),
        (reset.url(), "other", 101_503),
        (garbage.url(), "protocol", 101_509),
        (cut.url(), "closed", 101_508),
    ] {
        let b = named("b").await;
        let limit = if end == "timeout" { "50" } else { "10000" };
        let first = at_with(&url, json!({ "actionDuration": limit }));
        let weir = Weir::start(&failover(&[first, at(&b.url())], json!({})));
        assert_eq!(calls(&weir, 2).await, "bb", "{end}");
        // The second call knows better than to ask the first member.
        let first = member(&weir, &[0]).await;
        assert_eq!(first["health"]["state"], "SUSPENDED", "{end}");
        let records = weir.records(2).await;
        assert_eq!([&records[0]["attempts"], &records[1]["attempts"]], [2, 1], "{end}");
        let tries = &records[0]["tries"];
        assert_eq!(tries[0]["endpoint"], format!("{NAME}_0"), "{end}");
        assert_eq!((&tries[0]["end"], &tries[0]["code"]), (&json!(end), &json!(last_code)));
        assert_eq!((&tries[1]["upstream"], &tries[1]["status"]), (&json!(b.url()), &json!(200)));
        assert_eq!((records[0].get("fault_code"), records[1].get("tries")), (None, None), "{end}");
    }
}

#[tokio::test]
async fn the_primary_is_asked_again_after_its_suspension() {
    let port = RefusedPort::new();
    let (address, b) = (port.address(), named("b").await);
    let primary = at_with(&port.url(), json!({ "suspendDuration": "150" }));
    let weir = Weir::start(&failover(&[primary, at(&b.url())], json!({})));
    let since = Instant::now();
    assert_eq!(calls(&weir, 1).await, "b");
    drop(port);
    let a = Backend::builder().address(address).answer(200, &[], "a").await;
    weir.until("the primary", || async { calls(&weir, 1).await == "a" }).await;
    assert!(since.elapsed() >= Duration::from_millis(150), "{:?}", since.elapsed());
    assert_eq!(state(&weir, &[0]).await, "ACTIVE");
    assert_eq!(calls(&weir, 3).await, "aaa");
    assert_eq!(a.requests().len(), 4);
}

#[tokio::test]
async fn behind_the_primary_in_turn() {
    let mut backends = Vec::new();
    for name in ["a", "b", "c", "d"] {
        backends.push(named(name).await);
    }
    let members: Vec<Value> = backends.iter().map(|backend| at(&backend.url())).collect();
    let weir = Weir::start(&failover(&members, json!({ "order": "roundRobin" })));
    assert_eq!(calls(&weir, 3).await, "aaa");
    switch(&weir, &[0], "drain").await;
    assert_eq!(calls(&weir, 7).await, "bcdbcdb");
    switch(&weir, &[2], "drain").await;
    assert_eq!(calls(&weir, 4).await, "dbdb");
    switch(&weir, &[0], "resume").await;
    assert_eq!(calls(&weir, 2).await, "aa");
}

#[tokio::test]
async fn nobody_is_ready() {
    let (one, two) = (RefusedPort::new(), RefusedPort::new());
    let (address, url) = (two.address(), two.url());
    let members = [at(&one.url()), at_with(&url, json!({ "suspendDuration": "800" }))];
    let weir = Weir::start(&failover(&members, json!({})));
    let since = Instant::now();
    unserved(&weir.get("/shop/1.0/a").await, "Failover");
    unserved(&weir.get("/shop/1.0/a").await, "Failover");
    let records = weir.records(2).await;
    for (record, attempts) in records.iter().zip([2, 0]) {
        assert_eq!(
            (&record["fault_code"], &record["attempts"]),
            (&json!(303_000), &attempts.into())
        );
        assert_eq!(record["no_failover"], "nobody_ready");
    }
    let root = weir.endpoint().await;
    assert_eq!((&root["ready"], &root["unserved"]), (&json!(false), &json!(2)));
    assert_eq!(weir.metric("gateway_group_unserved_total").await, 2.0);
    // It recovers by itself.
    drop(two);
    let _back = Backend::builder().address(address).answer(200, &[], "b").await;
    weir.until("recovery", || async { weir.get("/shop/1.0/a").await.status == 200 }).await;
    assert!(since.elapsed() >= Duration::from_millis(800), "{:?}", since.elapsed());
    assert_eq!(weir.endpoint().await["ready"], true);
}

#[tokio::test]
async fn who_discards_failures_keeps_the_group_from_going_on() {
    let (silent, port) = (RawBackend::silent().await, RefusedPort::new());
    for (select, url) in
        [("discard", silent.url()), ("discard", port.url()), ("neverTimeout", silent.url())]
    {
        let b = named("b").await;
        let config = json!({ "actionDuration": "50", "actionSelect": select });
        let project = failover(&[at_with(&url, config), at(&b.url())], json!({}));
        let weir = Weir::with(&[&project], |config| {
            config.timeouts.endpoint = Duration::from_millis(100);
            config.timeouts.socket = Duration::from_millis(200);
        });
        let started = Instant::now();
        assert_eq!(weir.raw("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await, "", "{select}");
        assert!(started.elapsed() >= Duration::from_millis(200), "{select}");
        assert!(b.requests().is_empty(), "{select}");
        assert_eq!(weir.record().await["aborted"], true);
        let expected = if select == "discard" { "SUSPENDED" } else { "ACTIVE" };
        assert_eq!(state(&weir, &[0]).await, expected, "{select} {url}");
    }
}

/// WSO2 goes on for ever where failures suspend nobody (product-apim#9967).
#[tokio::test]
async fn each_member_is_asked_once() {
    for config in [
        json!({ "suspendDuration": "0" }),
        json!({ "suspendDuration": 0 }),
        json!({ "suspendErrorCode": ["1"] }),
        json!({ "retryErroCode": ["101508"], "retryTimeOut": "9", "retryDelay": "0" }),
    ] {
        let mut backends = Vec::new();
        for _ in 0..3 {
            backends.push(super::hanging_up().await);
        }
        let member = |backend: &RawBackend| at_with(&backend.url(), config.clone());
        let members: Vec<Value> = backends.iter().map(member).collect();
        let weir = Weir::start(&failover(&members, json!({})));
        let answer = weir.get("/shop/1.0/a").await;
        // All would take calls, so it is not that nobody is ready.
        assert_eq!((answer.status, &*code(&answer)), (500, "101508"), "{config}");
        let asked: Vec<usize> = backends.iter().map(RawBackend::connections).collect();
        assert_eq!(asked, [1, 1, 1], "{config}");
        let record = weir.record().await;
        assert_eq!(
            (&record["attempts"], &record["no_failover"]),
            (&json!(3), &json!("nobody_ready"))
        );
    }
}

#[tokio::test]
async fn members_have_the_limit_of_failures_of_members() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let project = failover(&[steady(&port.url()), at(&b.url())], json!({}));
    let weir = Weir::with(&[&project], |config| {
        config.endpoint_defaults.failover_retries = Some(1);
        config.endpoint_defaults.recursive_failover_retries = Some(3);
    });
    for expected in ["ACTIVE", "ACTIVE", "SUSPENDED"] {
        assert_eq!(calls(&weir, 1).await, "b");
        assert_eq!(state(&weir, &[0]).await, expected);
    }
}

#[tokio::test]
async fn a_primary_is_held_down_before_it_counts_again() {
    let port = RefusedPort::new();
    let (address, b) = (port.address(), named("b").await);
    let settings = json!({ "returnToPrimary": { "holdDown": "300ms" } });
    let weir = Weir::start(&failover(&[brief(&port.url()), at(&b.url())], settings));
    let since = Instant::now();
    assert_eq!(calls(&weir, 1).await, "b");
    drop(port);
    let _back = Backend::builder().address(address).answer(200, &[], "a").await;
    weir.until("the primary", || async { calls(&weir, 1).await == "a" }).await;
    // Its suspension, and then the time for which it must be ready.
    assert!(since.elapsed() >= Duration::from_millis(350), "{:?}", since.elapsed());
    assert_eq!(calls(&weir, 3).await, "aaa");
}

#[tokio::test]
async fn a_group_of_one_says_so() {
    let port = RefusedPort::new();
    let one = json!({
        "type": "failover", "members": [merged(at(&port.url()), json!({ "name": "only" }))],
    });
    let weir = Weir::start(&super::tree(one));
    unserved(&weir.get("/shop/1.0/a").await, "Failover");
    assert_eq!(member(&weir, &[0]).await["label"], "only");
}
