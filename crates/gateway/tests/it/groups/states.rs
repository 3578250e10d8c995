//! The states of members over time: probes, and what deployments do to them.

use std::sync::Arc;

use http::Method;
use serde_json::json;
use testkit::{Backend, RefusedPort, Reply};
use tokio::sync::Semaphore;

use super::{
    api, at, at_with, balance, begun, calls, failover, failover_config, held, member, named, share,
    state,
};
use crate::gateway::Weir;

/// The state of the first member of the API that calls go to, whichever place that API has.
async fn first_of_shop(weir: &Weir) -> String {
    let all = weir.admin(Method::GET, "/endpoints").await.1;
    let mut list = all["list"].as_array().unwrap().iter();
    let shop = list.find(|one| one["name"].as_str().unwrap().starts_with("Shop")).unwrap();
    shop["members"][0]["health"]["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_revision_starts_afresh_and_others_change_nothing() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let members = [at(&port.url()), at(&b.url())];
    let shop = failover(&members, json!({}));
    let other = api("Other", failover_config(&members, json!({})));
    let mut weir = Weir::with(&[&shop, &other], |_| {});
    assert_eq!(calls(&weir, 1).await, "b");
    assert_eq!(first_of_shop(&weir).await, "SUSPENDED");
    weir.deploy(&other.set("description", json!("again")));
    assert_eq!(first_of_shop(&weir).await, "SUSPENDED");
    assert_eq!(calls(&weir, 1).await, "b");
    weir.deploy(&shop.set("description", json!("again")));
    assert_eq!(first_of_shop(&weir).await, "ACTIVE");
    assert_eq!(calls(&weir, 1).await, "b");
    assert_eq!(first_of_shop(&weir).await, "SUSPENDED");
}

/// After a suspension one call tries the member; all others go where they are answered.
#[tokio::test]
async fn one_call_at_a_time_tries_a_member() {
    for is_failover in [true, false] {
        let (port, b) = (RefusedPort::new(), named("b").await);
        let address = port.address();
        let first = at_with(&port.url(), json!({ "suspendDuration": "50" }));
        let members = [first, at(&b.url())];
        let weir = Weir::start(&if is_failover {
            failover(&members, json!({}))
        } else {
            balance(&members, json!({}))
        });
        assert_eq!(calls(&weir, 2).await, "bb");
        drop(port);
        let gate = Arc::new(Semaphore::new(0));
        let held = Arc::clone(&gate);
        let a = Backend::builder()
            .address(address)
            .start_async(move |_| {
                let gate = Arc::clone(&held);
                async move {
                    gate.acquire().await.unwrap().forget();
                    Reply::new(200).body("a")
                }
            })
            .await;
        let is_over = || async { member(&weir, &[0]).await["health"]["retryInMs"] == 0 };
        weir.until("the end of its suspension", is_over).await;
        let mut probes = Vec::new();
        while a.requests().is_empty() {
            let call = begun(&weir, "GET");
            weir.until("a call somewhere", || async {
                call.is_finished() || !a.requests().is_empty()
            })
            .await;
            probes.push(call);
        }
        assert_eq!(calls(&weir, 20).await, "b".repeat(20), "{is_failover}");
        assert_eq!(a.requests().len(), 1, "{is_failover}");
        let reason = member(&weir, &[0]).await["health"]["reason"].as_str().unwrap().to_owned();
        assert!(reason.ends_with("; one call is trying it"), "{reason}");
        assert_eq!(state(&weir, &[0]).await, "SUSPENDED");
        gate.add_permits(100);
        assert_eq!(probes.pop().unwrap().await.unwrap().1, "a", "{is_failover}");
        assert_eq!(state(&weir, &[0]).await, "ACTIVE");
        assert!(share(&calls(&weir, 4).await, "a") >= 2, "{is_failover}");
    }
}

/// A probe that is given up lets the next one pass.
#[tokio::test]
async fn a_client_that_gives_up_ends_its_probe() {
    let (port, b) = (RefusedPort::new(), named("b").await);
    let address = port.address();
    let first = at_with(&port.url(), json!({ "suspendDuration": "50" }));
    let weir = Weir::start(&failover(&[first, at(&b.url())], json!({})));
    assert_eq!(calls(&weir, 1).await, "b");
    drop(port);
    let a = Backend::builder()
        .address(address)
        .start_async(|request| async move {
            if request.target == "/held" {
                std::future::pending::<()>().await;
            }
            Reply::new(200).body("a")
        })
        .await;
    let is_over = || async { member(&weir, &[0]).await["health"]["retryInMs"] == 0 };
    weir.until("the end of its suspension", is_over).await;
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/held HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    a.arrived(1).await;
    assert_eq!(calls(&weir, 2).await, "bb");
    drop(client);
    weir.until("the next probe", || async { calls(&weir, 1).await == "a" }).await;
    assert_eq!(state(&weir, &[0]).await, "ACTIVE");
}

/// Calls that are under way together when a member fails count as one failure.
#[tokio::test]
async fn calls_that_fail_together_suspend_once() {
    let silent = testkit::RawBackend::silent().await;
    let config = json!({ "actionDuration": "100", "suspendDuration": "60000", "factor": "2" });
    let (b, hold) = held("b").await;
    hold.add_permits(100);
    let weir = Weir::start(&failover(&[at_with(&silent.url(), config), at(&b.url())], json!({})));
    let under_way: Vec<_> = (0..10).map(|_| begun(&weir, "GET")).collect();
    for call in under_way {
        assert_eq!(call.await.unwrap().1, "b");
    }
    let health = &member(&weir, &[0]).await["health"];
    assert_eq!(
        (&health["state"], &health["lastSuspensionMs"]),
        (&json!("SUSPENDED"), &json!(60_000))
    );
}
