//! Load balancing: who gets which call, and whether another member is tried (spec/01 §4.2).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Backend, Project, RefusedPort, Reply};

use super::{api, asked, at, balance, begun, calls, held, merged, named, share, steady, switch};
use crate::gateway::{Weir, code};

async fn backends<const N: usize>(names: [&'static str; N]) -> Vec<Backend> {
    let mut all = Vec::new();
    for name in names {
        all.push(named(name).await);
    }
    all
}

/// Members of these weights.
fn weighted(backends: &[Backend], weights: &[u32]) -> Vec<Value> {
    let all = backends.iter().zip(weights);
    all.map(|(backend, weight)| {
        merged(at(&backend.url()), json!({ "x-weir": { "weight": weight } }))
    })
    .collect()
}

fn members(backends: &[Backend]) -> Vec<Value> {
    backends.iter().map(|backend| at(&backend.url())).collect()
}

#[tokio::test]
async fn one_after_the_other() {
    let all = backends(["0", "1", "2"]).await;
    // The order is that of all workers together.
    let weir = Weir::with(&[&balance(&members(&all), json!({}))], |config| config.workers = 2);
    let mut clients = [weir.client().await, weir.client().await, weir.client().await];
    let mut order = String::new();
    for index in 0..12 {
        order.push_str(&asked(&mut clients[index % 2 + index / 6], 1).await);
    }
    assert_eq!(order, "012012012012");
    switch(&weir, &[1], "drain").await;
    let order = calls(&weir, 6).await;
    assert!(["020202", "202020"].contains(&&*order), "{order}");
    switch(&weir, &[1], "resume").await;
    assert_eq!(share(&calls(&weir, 9).await, "1"), 3);
}

#[tokio::test]
async fn whether_another_member_is_tried() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let cases = [
        // What is written, what the gateway's own key says, and what holds since 4.6 and before.
        (json!(true), None, [true, true]),
        (json!(false), None, [false, true]),
        (json!("false"), None, [false, true]),
        (json!("False"), None, [true, false]),
        (Value::Null, None, [true, true]),
        (json!(false), Some(true), [true, true]),
        (json!(true), Some(false), [false, false]),
    ];
    let project = |(index, (written, own, _)): (usize, &(Value, Option<bool>, [bool; 2]))| {
        let mut config = json!({
            "endpoint_type": "load_balance",
            "production_endpoints": [at(&port.url()), at(&b.url())],
        });
        if !written.is_null() {
            config["failOver"] = written.clone();
        }
        if let Some(own) = own {
            config["x-weir"] = json!({ "failOver": own });
        }
        api(&format!("Case{index}"), config)
    };
    let projects: Vec<Project> = cases.iter().enumerate().map(project).collect();
    let projects: Vec<&Project> = projects.iter().collect();
    for (version, enable_failover) in [true, false].into_iter().enumerate() {
        let weir = Weir::with(&projects, |config| {
            config.endpoint_defaults.load_balance_failover = enable_failover;
        });
        for (index, (written, own, goes_on)) in cases.iter().enumerate() {
            let target = format!("/case{index}/1.0/a");
            let case = format!("{written} {own:?} {enable_failover}");
            let first = weir.get(&target).await;
            if goes_on[version] {
                assert_eq!(first.text(), "b", "{case}");
            } else {
                assert_eq!((first.status, &*code(&first)), (500, "101503"), "{case}");
                let record = weir.records(index * 4 + 1).await.pop().unwrap();
                assert_eq!(record["no_failover"], "policy", "{case}");
            }
            // In any case the failed member is suspended.
            for _ in 0..3 {
                assert_eq!(weir.get(&target).await.text(), "b", "{case}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_is_ready() {
    let ports = [RefusedPort::new(), RefusedPort::new()];
    let members = ports.each_ref().map(|port| at(&port.url()));
    let weir = Weir::start(&balance(&members, json!({})));
    for _ in 0..2 {
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*code(&answer)), (500, "303000"));
        assert_eq!(
            answer.json()["description"],
            "Loadbalance endpoint : Shop--v1.0_APIproductionEndpoint - no ready child endpoints"
        );
    }
}

#[tokio::test]
async fn calls_by_weight() {
    let all = backends(["a", "b", "c"]).await;
    let class = "org.apache.synapse.endpoints.algorithms.WeightedRoundRobin";
    for (algorithm, expected) in
        [("weighted", "abaaba"), ("weightedOnEnd", "aabaab"), (class, "aabaab")]
    {
        let members = weighted(&all, &[2, 1, 0]);
        let project = if algorithm == class {
            api(
                "Shop",
                json!({
                    "endpoint_type": "load_balance", "algoClassName": class,
                    "production_endpoints": members,
                }),
            )
        } else {
            balance(&members, json!({ "algorithm": algorithm }))
        };
        let weir = Weir::start(&project);
        assert_eq!(calls(&weir, 6).await, expected, "{algorithm}");
        switch(&weir, &[0], "drain").await;
        assert_eq!(calls(&weir, 3).await, "bbb", "{algorithm}");
        // A weight of 0 keeps a member out of balancing, also when it is the only one left.
        switch(&weir, &[1], "drain").await;
        assert_eq!(code(&weir.get("/shop/1.0/a").await), "303000", "{algorithm}");
    }
}

#[tokio::test]
async fn weights_that_follow_the_load() {
    let all = backends(["a", "b"]).await;
    let settings = json!({ "algorithm": "weightedByLoad" });
    let weir = Weir::start(&balance(&weighted(&all, &[3, 1]), settings));
    // Nothing is in flight beside the call itself.
    let names = calls(&weir, 40).await;
    assert!((24..=36).contains(&share(&names, "a")), "{names}");
}

#[tokio::test]
async fn the_fewest_calls_in_flight() {
    let ((a, hold_a), (b, hold_b)) = (held("a").await, held("b").await);
    let members = [at(&a.url()), at(&b.url())];
    let weir = Weir::start(&balance(&members, json!({ "algorithm": "leastRequests" })));
    let mut under_way = vec![begun(&weir, "GET")];
    let arrived = || a.requests().len() + b.requests().len();
    for count in 1..6 {
        weir.until("the call before", || async { arrived() == count }).await;
        under_way.push(begun(&weir, "GET"));
    }
    weir.until("all calls", || async { arrived() == 6 }).await;
    assert_eq!((a.requests().len(), b.requests().len()), (3, 3));
    // Two of them end at a: it is the one with less to do from now on.
    hold_a.add_permits(2);
    weir.until("two answers", || async {
        under_way.iter().filter(|call| call.is_finished()).count() == 2
    })
    .await;
    for count in 4..6 {
        under_way.push(begun(&weir, "GET"));
        a.arrived(count).await;
    }
    assert_eq!((a.requests().len(), b.requests().len()), (5, 3));
    hold_a.add_permits(10);
    hold_b.add_permits(10);
    for call in under_way {
        assert_eq!(call.await.unwrap().0, 200);
    }
}

#[tokio::test]
async fn the_sooner_of_two() {
    let slow =
        Backend::with(|_| async { Reply::new(200).body("s").delay(Duration::from_millis(300)) });
    let (slow, fast) = (slow.await, named("f").await);
    let members = [at(&slow.url()), at(&fast.url())];
    let weir = Weir::start(&balance(&members, json!({ "algorithm": "powerOfTwo" })));
    // Of two members both are looked at each time; one that was not measured yet may come first.
    weir.until("both were measured", || async {
        calls(&weir, 1).await;
        !slow.requests().is_empty() && !fast.requests().is_empty()
    })
    .await;
    assert_eq!(calls(&weir, 30).await, "f".repeat(30));
}

#[tokio::test]
async fn at_random_by_weight() {
    let all = backends(["a", "b", "c"]).await;
    let settings = json!({ "algorithm": "random" });
    let weir = Weir::start(&balance(&weighted(&all, &[3, 1, 0]), settings));
    let names = calls(&weir, 400).await;
    // 300 are expected; ten standard deviations are 87.
    assert!((213..=387).contains(&share(&names, "a")), "{}", share(&names, "a"));
    assert_eq!(share(&names, "a") + share(&names, "b"), 400);
}

#[tokio::test]
async fn the_same_member_for_the_same_key() {
    let all = backends(["a", "b", "c"]).await;
    for on in ["header", "cookie", "query", "path"] {
        let key = if on == "path" {
            json!("path")
        } else {
            json!({ on: if on == "header" { "X-User" } else { "user" } })
        };
        let settings = json!({ "algorithm": "consistentHash", "hashOn": [key] });
        let weir = Weir::start(&balance(&members(&all), settings));
        let mut client = weir.client().await;
        let mut places = BTreeMap::new();
        for round in 0..4 {
            if round == 2 {
                switch(&weir, &[0], "drain").await;
            }
            if round == 3 {
                switch(&weir, &[0], "resume").await;
            }
            for user in 0..40 {
                let user = format!("u{user}");
                let (target, headers) = match on {
                    "header" => ("/shop/1.0/a".to_owned(), vec![("x-user", user.clone())]),
                    "cookie" => {
                        ("/shop/1.0/a".to_owned(), vec![("Cookie", format!("x=1; user={user}"))])
                    }
                    "query" => (format!("/shop/1.0/a?x=1&user={user}"), Vec::new()),
                    _ => (format!("/shop/1.0/{user}"), Vec::new()),
                };
                let headers: Vec<_> =
                    headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let name = client.call("GET", &target, &headers, b"").await.unwrap().text();
                let home = places.entry(user).or_insert_with(|| name.clone());
                if round == 2 && home == "a" {
                    // Its keys go to the others, and no other key moves.
                    assert_ne!(name, "a", "{on}");
                } else {
                    assert_eq!(name, *home, "{on} {round}");
                }
            }
        }
        for name in ["a", "b", "c"] {
            assert!(places.values().filter(|place| *place == name).count() >= 4, "{on} {places:?}");
        }
    }
}

#[tokio::test]
async fn a_key_goes_elsewhere_when_its_member_has_too_much() {
    let ((a, hold_a), (b, hold_b)) = (held("a").await, held("b").await);
    let settings = json!({
        "algorithm": "consistentHash", "hashOn": ["path"], "boundedLoad": "150%",
    });
    let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
    let mut under_way = Vec::new();
    for count in 1..=8 {
        under_way.push(begun(&weir, "GET"));
        let arrived = || a.requests().len() + b.requests().len();
        weir.until("the call", || async { arrived() == count }).await;
    }
    let (less, more) =
        (a.requests().len().min(b.requests().len()), a.requests().len().max(b.requests().len()));
    // All have the same key; without a bound one member would have all of them.
    assert!(less >= 2 && more >= 4, "{less} {more}");
    hold_a.add_permits(10);
    hold_b.add_permits(10);
    for call in under_way {
        assert_eq!(call.await.unwrap().0, 200);
    }
}

/// A member that fails is followed by the one whose turn it is.
#[tokio::test]
async fn a_failure_uses_up_a_turn() {
    let (port, b, c) = (RefusedPort::new(), named("b").await, named("c").await);
    let members = [steady(&port.url()), at(&b.url()), at(&c.url())];
    let weir = Weir::start(&balance(&members, json!({})));
    assert_eq!(calls(&weir, 4).await, "bcbc");
    let root = weir.endpoint().await;
    assert_eq!(root["repeats"], 2);
}

#[tokio::test]
async fn a_member_that_is_back_starts_slowly() {
    let all = backends(["a", "b"]).await;
    let settings = json!({ "slowStart": "1h" });
    let weir = Weir::start(&balance(&members(&all), settings));
    assert_eq!(calls(&weir, 6).await, "ababab");
    switch(&weir, &[0], "drain").await;
    switch(&weir, &[0], "resume").await;
    // A tenth of its turns; of 200 it would have 100 otherwise.
    let names = calls(&weir, 200).await;
    assert!((1..60).contains(&share(&names, "a")), "{names}");
}

/// Of a list the first key that a request has counts; one without any goes anywhere.
#[tokio::test]
async fn several_keys() {
    let all = backends(["a", "b", "c"]).await;
    let settings = json!({
        "algorithm": "consistentHash", "hashOn": [{ "header": "X-User" }, { "query": "user" }],
    });
    let weir = Weir::start(&balance(&members(&all), settings));
    let mut client = weir.client().await;
    for user in ["u1", "u2", "u3", "u4"] {
        let headers = [("X-User", user)];
        let home = client.call("GET", "/shop/1.0/a", &headers, b"").await.unwrap().text();
        for other in ["v1", "v2", "v3"] {
            let target = format!("/shop/1.0/a?user={other}");
            let answer = client.call("GET", &target, &headers, b"").await.unwrap();
            assert_eq!(answer.text(), home, "{user} {other}");
        }
        let target = format!("/shop/1.0/a?user={user}");
        assert_eq!(client.get(&target).await.unwrap().text(), home, "{user}");
    }
    // The odds that one is never hit are less than one in a million million.
    let names = calls(&weir, 80).await;
    assert!(["a", "b", "c"].iter().all(|name| share(&names, name) > 0), "{names}");
}

#[tokio::test]
async fn callers_are_told_by_their_address() {
    let all = backends(["a", "b", "c"]).await;
    let settings = json!({ "algorithm": "consistentHash", "hashOn": ["clientAddress"] });
    let weir = Weir::start(&balance(&members(&all), settings));
    let names = calls(&weir, 10).await;
    assert!(["a", "b", "c"].iter().any(|name| names == name.repeat(10)), "{names}");
}
