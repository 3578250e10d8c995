//! Members that are asked how they are, before a call is lost at one.

use std::fs;

use serde_json::{Value, json};
use testkit::WeirProcess;

use super::load::Load;
use super::member::{Member, balance, failover, serve_groups};
use crate::support::{Ask as _, edit, eventually};

/// Waits until `GET /endpoints` says of the first member of an API's group what its checks found.
async fn until_healthy(process: &WeirProcess, api: &str, is_healthy: bool) -> Value {
    let what = format!("{api}: healthy is {is_healthy}");
    eventually(&what, async || {
        let all = process.admin("/endpoints").await.json();
        let tree = all["list"].as_array().unwrap().iter().find(|it| it["api"] == api_id(api))?;
        let first = tree["members"][0].clone();
        let is_so = first["check"]["healthy"] == is_healthy && first["ready"] == is_healthy;
        is_so.then_some(first)
    })
    .await
}

fn api_id(api: &str) -> String {
    format!("{api}/1")
}

/// What the metrics say of the first member of an API's group: its state, and how many calls were
/// answered and how many were not.
async fn metrics(process: &WeirProcess, api: &str) -> (String, u64, u64) {
    let all = process.admin("/metrics").await.text();
    let of = format!("endpoint=\"{api}--v1_APIproductionEndpoint_0\"");
    let (mut state, mut answered, mut failed) = (String::new(), 0, 0);
    for line in all.lines().filter(|line| line.contains(&of)) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let label = name.rsplit('"').nth(1).unwrap();
        if name.starts_with("gateway_endpoint_state{") && value == "1" {
            label.clone_into(&mut state);
        } else if name.starts_with("gateway_upstream_attempts_total{") {
            let count: u64 = value.parse().unwrap();
            *(if label == "success" { &mut answered } else { &mut failed }) += count;
        }
    }
    (state, answered, failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_member_is_left_out_before_a_request_fails() {
    let Some(mut nginx) = Member::nginx().await else { return };
    let Some(node) = Member::node().await else { return };
    let urls = [nginx.url(), node.url()];
    let checked = |mut group: Value| {
        let check = json!({
            "interval": "20ms", "timeout": "1s", "unhealthyAfter": 2, "healthyAfter": 2,
            "expectedBody": "n",
        });
        group["x-weir"] = json!({ "healthCheck": check });
        group
    };
    let groups = [
        ("fail", checked(failover(&urls, &json!({})))),
        ("even", checked(balance(&urls, &json!({})))),
    ];
    let (process, _apis) = serve_groups(&groups, "").await;
    let calls = 10;
    for (api, _) in &groups {
        until_healthy(&process, api, true).await;
        for _ in 0..calls {
            assert_eq!(process.get(&format!("/{api}/1/x")).await.status, 200);
        }
    }
    // A load-balance group has given half of them to each of its two members.
    let before = [("fail", calls), ("even", calls / 2)];
    for (api, answered) in before {
        assert_eq!(metrics(&process, api).await, ("active".to_owned(), answered, 0));
    }
    nginx.kill();
    for (api, _) in &groups {
        let first = until_healthy(&process, api, false).await;
        let reason = first["health"]["reason"].as_str().unwrap();
        assert!(reason.contains("its health checks fail"), "{first:#}");
        assert_eq!(first["health"]["state"], "ACTIVE", "{first:#}");
    }
    let mut load = Load::new();
    for (api, _) in &groups {
        load.add(process.http_address(), api);
        load.add_http2(process.http_address(), api);
    }
    load.go_on(200).await;
    for (api, answered) in before {
        assert_eq!(metrics(&process, api).await, ("unhealthy".to_owned(), answered, 0));
    }
    nginx.again().await;
    for (api, _) in &groups {
        until_healthy(&process, api, true).await;
        load.until_from(api, "nginx", 20).await;
    }
    load.stop().await;
    for (api, answered) in before {
        let (state, now, failed) = metrics(&process, api).await;
        assert_eq!((state.as_str(), failed), ("active", 0));
        assert!(now > answered, "{api}: {now}");
    }
}

/// A group whose only member is checked often, each time with this id.
fn often(url: &str, id: &str) -> Value {
    let mut group = balance(&[url.to_owned()], &json!({}));
    let check = json!({ "interval": "5ms", "headers": { "X-Id": id } });
    group["x-weir"] = json!({ "healthCheck": check });
    group
}

#[tokio::test]
async fn what_is_not_deployed_any_more_is_not_asked() {
    let Some(member) = Member::python("a").await else { return };
    let groups = ["kept", "changed", "gone"].map(|api| (api, often(&member.url(), api)));
    let (process, apis) = serve_groups(&groups, "").await;
    let count = |id: &str| member.arrived().iter().filter(|one| *one == id).count();
    let until = async |id: &str, more: usize| {
        let until = count(id) + more;
        let is_there = async || (count(id) >= until).then_some(());
        eventually(&format!("checks of {id}"), is_there).await;
    };
    let generation = async || process.admin("/apis").await.json()["generation"].as_u64().unwrap();
    for round in 0..5 {
        let (from, to) = (format!("/v{round}"), format!("/v{}", round + 1));
        let before = generation().await;
        let from = if round == 0 { "/changed".to_owned() } else { from };
        edit(&apis.path().join("changed-1"), &format!("\"{from}\""), &format!("\"{to}\""));
        eventually("the change", async || (generation().await > before).then_some(())).await;
    }
    fs::remove_dir_all(apis.path().join("gone-1")).unwrap();
    eventually("the end", async || process.project("gone-1").await.is_none().then_some(())).await;
    // A check may be under way when its endpoint goes.
    until("kept", 10).await;
    let (kept, changed, gone) = (count("kept"), count("changed"), count("gone"));
    until("kept", 50).await;
    assert_eq!(count("gone"), gone);
    let (kept, changed) = (count("kept") - kept, count("changed") - changed);
    assert!(changed > 0 && changed < 2 * kept, "{changed} checks beside {kept}");
}
