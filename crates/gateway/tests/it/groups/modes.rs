//! What happens when members are not ready, and groups within groups.

use serde_json::{Value, json};
use testkit::{Backend, RefusedPort};

use super::{
    at, balance, begun, calls, failover, held, member, merged, named, share, state, steady, switch,
    tree,
};
use crate::gateway::{Weir, code};

#[tokio::test]
async fn fail_open_calls_the_suspended_but_not_the_drained() {
    for kind in ["failover", "loadBalance"] {
        let (one, two) = (RefusedPort::new(), RefusedPort::new());
        let (address, c) = (one.address(), named("c").await);
        let members = [at(&one.url()), at(&two.url()), at(&c.url())];
        let weir = Weir::start(&tree(json!({
            "type": kind, "mode": "failOpen", "members": members,
        })));
        switch(&weir, &[2], "drain").await;
        // All that is left was asked, and all would be asked again.
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*code(&answer)), (500, "101503"), "{kind}");
        assert_eq!(state(&weir, &[0]).await, "SUSPENDED", "{kind}");
        drop(one);
        let _back = Backend::builder().address(address).answer(200, &[], "a").await;
        assert_eq!(calls(&weir, 3).await, "aaa", "{kind}");
        assert_eq!(state(&weir, &[0]).await, "ACTIVE", "{kind}");
        assert!(c.requests().is_empty(), "{kind}");
        switch(&weir, &[0], "drain").await;
        switch(&weir, &[1], "drain").await;
        assert_eq!(code(&weir.get("/shop/1.0/a").await), "303000", "{kind}");
    }
}

#[tokio::test]
async fn strict_calls_nobody_who_is_not_ready() {
    let port = RefusedPort::new();
    let (address, b) = (port.address(), named("b").await);
    let weir = Weir::start(&failover(&[at(&port.url()), at(&b.url())], json!({})));
    assert_eq!(calls(&weir, 1).await, "b");
    switch(&weir, &[1], "drain").await;
    drop(port);
    let back = Backend::builder().address(address).answer(200, &[], "a").await;
    assert_eq!(code(&weir.get("/shop/1.0/a").await), "303000");
    assert_eq!((back.connections(), b.requests().len()), (0, 1));
}

#[tokio::test]
async fn the_last_resort_is_called_when_nobody_else_is_left() {
    let (a, port) = (named("a").await, RefusedPort::new());
    let address = port.address();
    let b = named("b").await;
    let members = [at(&a.url()), at(&b.url()), at(&port.url())];
    let weir = Weir::start(&balance(&members, json!({ "mode": "lastResort" })));
    assert_eq!(calls(&weir, 4).await, "abab");
    switch(&weir, &[0], "drain").await;
    switch(&weir, &[1], "drain").await;
    for _ in 0..2 {
        // It is asked whatever its own state, and its failure is its own.
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*code(&answer)), (500, "101503"));
    }
    assert_eq!(state(&weir, &[2]).await, "SUSPENDED");
    drop(port);
    let _back = Backend::builder().address(address).answer(200, &[], "l").await;
    assert_eq!(calls(&weir, 2).await, "ll");
    switch(&weir, &[1], "resume").await;
    assert_eq!(calls(&weir, 3).await, "bbb");
    switch(&weir, &[1], "drain").await;
    switch(&weir, &[2], "drain").await;
    assert_eq!(code(&weir.get("/shop/1.0/a").await), "303000");
}

#[tokio::test]
async fn who_is_at_its_limits_is_passed_over() {
    for kind in ["failover", "loadBalance"] {
        let ((a, hold), b) = (held("a").await, named("b").await);
        let limited = merged(
            at(&a.url()),
            json!({ "limits": { "requestsInFlight": 1, "queue": { "length": 5 } } }),
        );
        let weir = Weir::start(&tree(json!({
            "type": kind, "mode": "spillOver", "members": [limited, at(&b.url())],
        })));
        let first = begun(&weir, "GET");
        a.arrived(1).await;
        assert_eq!(calls(&weir, 5).await, "bbbbb", "{kind}");
        hold.add_permits(1);
        assert_eq!(first.await.unwrap().1, "a", "{kind}");
        let place = member(&weir, &[0]).await;
        assert_eq!(
            (&place["health"]["state"], &place["limits"]["turnedAway"]),
            (&json!("ACTIVE"), &json!(0))
        );
        if kind == "failover" {
            hold.add_permits(2);
            assert_eq!(calls(&weir, 2).await, "aa");
        }
    }
}

#[tokio::test]
async fn where_all_are_at_their_limits() {
    let (a, hold) = held("a").await;
    let limited = merged(at(&a.url()), json!({ "limits": { "requestsInFlight": 1 } }));
    let port = RefusedPort::new();
    let weir = Weir::start(&tree(json!({
        "type": "failover", "mode": "spillOver", "members": [limited, at(&port.url())],
    })));
    switch(&weir, &[1], "drain").await;
    let first = begun(&weir, "GET");
    a.arrived(1).await;
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, &*code(&answer)), (503, "303901"));
    assert_eq!(weir.endpoint().await["unserved"], 0);
    hold.add_permits(1);
    assert_eq!(first.await.unwrap().1, "a");
}

/// Half of the nearer group is ready: of what it should have with 70 % it gets five parts of seven.
#[tokio::test]
async fn a_group_that_is_half_ready_hands_on_a_part() {
    let (a, b, far) = (named("a").await, named("b").await, named("f").await);
    let near = json!({ "type": "loadBalance", "members": [at(&a.url()), at(&b.url())] });
    for (mode, below, expected) in [
        ("spillOver", Value::Null, 20..=100),
        ("spillOver", json!(50), 0..=0),
        ("strict", Value::Null, 0..=0),
    ] {
        let mut group = json!({ "type": "failover", "members": [near, at(&far.url())] });
        group["mode"] = mode.into();
        if !below.is_null() {
            group["spillBelow"] = below.clone();
        }
        let weir = Weir::start(&tree(group));
        assert_eq!(share(&calls(&weir, 10).await, "f"), 0, "{mode}");
        switch(&weir, &[0, 0], "drain").await;
        let names = calls(&weir, 200).await;
        assert!(expected.contains(&share(&names, "f")), "{mode} {below} {}", share(&names, "f"));
        assert_eq!(share(&names, "a"), 0);
        assert_eq!(member(&weir, &[0]).await["readyPercent"], 50);
        switch(&weir, &[0, 1], "drain").await;
        assert_eq!(share(&calls(&weir, 5).await, "f"), 5, "{mode}");
    }
}

#[tokio::test]
async fn groups_within_groups() {
    let (port, closing) = (RefusedPort::new(), super::hanging_up().await);
    let (c, d) = (named("c").await, named("d").await);
    let group = json!({
        "type": "failover",
        "members": [
            {
                "name": "near", "type": "loadBalance", "weight": 7,
                "members": [
                    { "name": "inner", "type": "failover", "members": [
                        steady(&port.url()), steady(&closing.url()),
                    ] },
                    merged(at(&c.url()), json!({ "name": "third" })),
                ],
            },
            at(&d.url()),
        ],
    });
    let weir = Weir::start(&tree(group));
    assert_eq!(calls(&weir, 1).await, "c");
    let record = weir.record().await;
    let tries = record["tries"].as_array().unwrap();
    let upstreams: Vec<&Value> = tries.iter().map(|one| &one["upstream"]).collect();
    assert_eq!(upstreams, [&json!(port.url()), &json!(closing.url()), &json!(c.url())]);
    let ends: Vec<(Option<&Value>, Option<&Value>)> =
        tries.iter().map(|one| (one.get("end"), one.get("status"))).collect();
    let (connect, closed, fine) = (json!("connect_failed"), json!("closed"), json!(200));
    assert_eq!(ends, [(Some(&connect), None), (Some(&closed), None), (None, Some(&fine))]);
    assert!(tries.iter().all(|one| one["us"].is_u64()));
    assert_eq!((&record["attempts"], &record["upstream"]), (&json!(3), &json!(c.url())));
    // The innermost repeats of the one around it are its own.
    assert_eq!(member(&weir, &[0, 0]).await["repeats"], 1);
    assert_eq!(member(&weir, &[0]).await["repeats"], 1);
    assert_eq!(weir.endpoint().await["repeats"], 0);
    // When the nearer ones are gone the outermost goes on.
    switch(&weir, &[0, 1], "drain").await;
    assert_eq!(calls(&weir, 1).await, "d");
    assert_eq!(weir.endpoint().await["repeats"], 1);
    // A group is drained and resumed with all below it.
    let before = closing.connections();
    switch(&weir, &[0], "drain").await;
    assert_eq!(calls(&weir, 2).await, "dd");
    assert_eq!(closing.connections(), before);
    for place in [&[0, 0, 0][..], &[0, 0, 1], &[0, 1]] {
        assert_eq!(state(&weir, place).await, "MAINTNENCE", "{place:?}");
    }
    switch(&weir, &[0], "resume").await;
    assert!(["c", "cc"].contains(&&*calls(&weir, 1).await));
    assert_eq!(state(&weir, &[0, 0, 1]).await, "ACTIVE");
}

#[tokio::test]
async fn the_policy_is_that_of_the_group_that_goes_on() {
    // The inner group repeats nothing, the one around it whatever failed.
    let (closing, b, c) = (super::hanging_up().await, named("b").await, named("c").await);
    let group = json!({
        "type": "failover",
        "retries": { "policy": "wso2" },
        "members": [
            {
                "type": "failover", "retries": false,
                "members": [steady(&closing.url()), at(&b.url())],
            },
            at(&c.url()),
        ],
    });
    let weir = Weir::start(&tree(group));
    let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
    assert_eq!(answer.text(), "c");
    assert_eq!(c.last().text(), "body");
    assert!(b.requests().is_empty());
}

#[tokio::test]
async fn the_tree_as_it_is_shown() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let near = json!({ "name": "near", "type": "loadBalance", "members": [
        merged(at(&port.url()), json!({ "name": "one", "weight": 3 })), at(&b.url()),
    ] });
    let weir = Weir::start(&tree(json!({ "type": "failover", "members": [near, at(&b.url())] })));
    assert_eq!(calls(&weir, 1).await, "b");
    let root = weir.endpoint().await;
    let id = root["id"].as_str().unwrap();
    assert_eq!(
        (&root["kind"], &root["ready"], &root["stage"]),
        (&json!("failover"), &json!(true), &json!("production"))
    );
    let near = &root["members"][0];
    assert_eq!((&near["id"], &near["kind"]), (&json!(format!("{id}:0")), &json!("loadBalance")));
    assert_eq!((&near["label"], &near["readyPercent"]), (&json!("near"), &json!(25)));
    let one = &near["members"][0];
    assert_eq!((&one["id"], &one["label"]), (&json!(format!("{id}:0:0")), &json!("one")));
    assert_eq!((&one["weight"], &one["ready"]), (&json!(3), &json!(false)));
    assert_eq!((&one["url"], &one["health"]["state"]), (&json!(port.url()), &json!("SUSPENDED")));
    assert_eq!(one["attempts"], json!({ "connect_failed": 1 }));
    let reason = one["health"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("suspended since "), "{reason}");
    assert!(reason.contains("refused") && reason.contains("; next try in "), "{reason}");
    assert_eq!(one["health"]["transitions"][0]["cause"], "a call failed with 101503");
    assert_eq!(near["members"][1]["health"]["reason"], Value::Null);
    // No other group of the same API is touched.
    let metrics = weir.metrics().await;
    for name in ["repeats", "over_budget", "hedges", "unserved", "ejections"] {
        let line = format!("gateway_group_{name}_total{{");
        assert!(metrics.contains(&line), "{line}");
    }
    assert_eq!(weir.metric("gateway_group_repeats_total").await, 1.0);
    assert_eq!(weir.metric("gateway_endpoint_suspended").await, 1.0);
}

#[tokio::test]
async fn a_member_can_be_drained_for_a_while() {
    let (a, b) = (named("a").await, named("b").await);
    let weir = Weir::start(&failover(&[at(&a.url()), at(&b.url())], json!({})));
    let shown = switch(&weir, &[0], "drain?for=1s").await;
    assert!(shown["health"]["retryInMs"].as_u64().unwrap() <= 1000, "{shown}");
    let reason = shown["health"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("switched off by hand"), "{reason}");
    assert_eq!(calls(&weir, 3).await, "bbb");
    weir.until("its end", || async { calls(&weir, 1).await == "a" }).await;
    assert_eq!(state(&weir, &[0]).await, "ACTIVE");
    // All of it at once, and back.
    let id = weir.endpoint().await["id"].as_str().unwrap().to_owned();
    let path = |verb: &str| format!("/endpoints/{id}/{verb}");
    assert_eq!(weir.admin(http::Method::POST, &path("drain")).await.0, 200);
    assert_eq!(code(&weir.get("/shop/1.0/a").await), "303000");
    assert_eq!(weir.admin(http::Method::POST, &path("resume")).await.0, 200);
    assert_eq!(calls(&weir, 1).await, "a");
}

/// Who is held in service stays there, whatever fails.
#[tokio::test]
async fn a_member_can_be_held_in_service() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let weir = Weir::start(&failover(&[at(&port.url()), at(&b.url())], json!({})));
    assert_eq!(calls(&weir, 1).await, "b");
    assert_eq!(state(&weir, &[0]).await, "SUSPENDED");
    switch(&weir, &[0], "resume?for=1s").await;
    assert_eq!(calls(&weir, 2).await, "bb");
    assert_eq!(state(&weir, &[0]).await, "ACTIVE");
    weir.until("its end", || async { member(&weir, &[0]).await["health"]["heldForMs"].is_null() })
        .await;
    assert_eq!(calls(&weir, 1).await, "b");
    assert_eq!(state(&weir, &[0]).await, "SUSPENDED");
}
