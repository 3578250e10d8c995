//! Members that hang: stopped by a signal, they hold what was sent to them, and read it later.

use std::net::SocketAddr;

use serde_json::{Value, json};
use testkit::{Client, WeirProcess};

use super::load::Load;
use super::member::{Member, balance, failover, serve_groups, speaking_http2};
use crate::support::eventually;

/// How long the bodies are that are sent to a member that is stopped; one is longer than what a
/// connection and a group hold.
const LENGTHS: [usize; 6] = [0, 1000, 1000, 100_000, 100_000, 8_000_000];

/// Sends a `POST` with an id and so long a body; gives its status.
async fn post(address: SocketAddr, api: String, id: String, length: usize) -> u16 {
    let mut client = Client::connect(address).await.unwrap();
    let body = vec![b'x'; length];
    let target = format!("/{api}/1/x");
    client.call("POST", &target, &[("X-Id", &id)], &body).await.unwrap().status
}

fn count<'a>(members: impl IntoIterator<Item = &'a Member>, id: &str) -> usize {
    let arrived = members.into_iter().flat_map(Member::arrived);
    arrived.filter(|one| one == id).count()
}

/// Stops the first of these members, which answers under this name, while requests go to an API.
async fn check(process: &WeirProcess, members: &[&Member], api: &str, name: &str) {
    let (first, others) = members.split_first().unwrap();
    let address = process.http_address();
    let mut load = Load::new();
    load.add(address, api);
    load.add_http2(address, api);
    // Connections to it are kept from now on, some of which the requests below go over.
    load.until_from(api, name, 20).await;
    first.signal("STOP");
    let ids: Vec<String> = (0..LENGTHS.len()).map(|index| format!("{api}-{index}")).collect();
    let mut posts = Vec::new();
    for (id, length) in ids.iter().zip(LENGTHS) {
        posts.push(tokio::spawn(post(address, api.to_owned(), id.clone(), length)));
    }
    let mut statuses = Vec::new();
    for post in posts {
        statuses.push(post.await.unwrap());
    }
    load.go_on(100).await;
    for (id, status) in ids.iter().zip(&statuses) {
        let is_answered = *status == 200;
        assert_eq!(count(others.iter().copied(), id), usize::from(is_answered), "{id}: {status}");
    }
    let is_held = statuses.iter().any(|status| *status != 200);
    assert!(is_held || api == "even", "{api}: nothing was sent to the stopped member");
    first.signal("CONT");
    // It reads what was sent to it, and takes calls again.
    load.until_from(api, name, 20).await;
    load.stop().await;
    eventually("what was sent to the stopped member", async || {
        let counts = ids.iter().map(|id| count(members.iter().copied(), id));
        let counts: Vec<usize> = counts.collect();
        assert!(counts.iter().all(|count| *count <= 1), "sent twice: {counts:?}");
        // With HTTP/2 a stream may be given up before it is looked at.
        (api == "http2" || counts.iter().all(|count| *count == 1)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stopped_member_holds_is_sent_to_nobody_else() {
    let pythons = (Member::python("a").await, Member::python("b").await, Member::python("c").await);
    let (Some(a), Some(b), Some(c)) = pythons else { return };
    let Some(node) = Member::node_http2().await else { return };
    let urls = [&a, &b, &c].map(Member::url);
    let with_http2 = [&node, &b, &c].map(Member::url);
    let config = json!({ "actionDuration": "300", "suspendDuration": "200", "factor": "1" });
    let hedged = |mut group: Value| {
        group["x-weir"] = json!({ "retries": { "hedge": { "after": "20ms" } } });
        group
    };
    let groups = [
        ("fail", failover(&urls, &config)),
        ("even", balance(&urls, &config)),
        ("hedge", hedged(failover(&urls, &config))),
        ("http2", speaking_http2(failover(&with_http2, &config), &[node.url()])),
    ];
    let (process, _apis) = serve_groups(&groups, "").await;
    for (api, _) in &groups {
        let (first, name) = if *api == "http2" { (&node, "node2") } else { (&a, "a") };
        check(&process, &[first, &b, &c], api, name).await;
    }
}
