//! Requests that must not be repeated, while members come and go.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use testkit::Client;
use tokio::task::JoinSet;

use super::load::Load;
use super::member::{Member, balance, failover, serve_groups, speaking_http2};
use crate::support::eventually;

/// Sends requests with ids of their own until it is told to stop; gives their statuses.
async fn send(
    (address, api, client): (SocketAddr, &'static str, usize),
    is_over: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
) -> Vec<(String, u16)> {
    let mut client_of = Client::connect(address).await.unwrap();
    let mut sent = Vec::new();
    for number in 0.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let method = ["POST", "PUT", "PATCH", "DELETE"][number % 4];
        let body = vec![b'x'; [0, 10, 100_000][number % 3]];
        let id = format!("{api}-{client}-{number}");
        let target = format!("/{api}/1/x");
        let answer = client_of.call(method, &target, &[("X-Id", &id)], &body).await;
        let answer = answer.unwrap_or_else(|error| panic!("{id}: {error}"));
        if answer.header("connection") == Some("close") {
            client_of = Client::connect(address).await.unwrap();
        }
        sent.push((id, answer.status));
        count.fetch_add(1, Ordering::Relaxed);
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_arrives_twice_while_members_come_and_go() {
    let members =
        (Member::python("python").await, Member::node().await, Member::node_http2().await);
    let (Some(python), Some(node), Some(node_http2)) = members else { return };
    let mut members = [python, node, node_http2];
    let mut urls = members.each_ref().map(Member::url);
    let http2 = [urls[2].clone()];
    let config = json!({ "suspendDuration": "50", "factor": "1", "actionDuration": "5000" });
    let even = speaking_http2(balance(&urls, &config), &http2);
    // The one that speaks HTTP/2 is the primary.
    urls.rotate_right(1);
    let fail = speaking_http2(failover(&urls, &config), &http2);
    let (process, _apis) = serve_groups(&[("even", even), ("fail", fail)], "").await;
    let (is_over, count) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let mut clients = JoinSet::new();
    for client in 0..4 {
        for api in ["even", "fail"] {
            let who = (process.http_address(), api, client);
            clients.spawn(send(who, Arc::clone(&is_over), Arc::clone(&count)));
        }
    }
    let go_on = async || {
        let until = count.load(Ordering::Relaxed) + 60;
        let is_there = async || (count.load(Ordering::Relaxed) >= until).then_some(());
        eventually("progress of the clients", is_there).await;
    };
    for _ in 0..4 {
        for member in &mut members {
            go_on().await;
            member.kill();
            go_on().await;
            member.again().await;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let mut arrived = BTreeMap::<String, usize>::new();
    let sent: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    for id in members.iter().flat_map(Member::arrived) {
        *arrived.entry(id).or_default() += 1;
    }
    let mut lost = 0;
    for (id, status) in &sent {
        let count = arrived.get(id).copied().unwrap_or(0);
        assert!(count <= 1, "{id} arrived {count} times: {status}");
        assert!(*status != 200 || count == 1, "{id} was answered and has not arrived");
        lost += usize::from(*status != 200);
    }
    eprintln!("{} requests, {lost} without an answer", sent.len());
    // What was in flight at a member that was killed, and nothing else, has no answer.
    assert!(lost <= 4 * 3 * 8, "{lost} of {} requests had no answer", sent.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_safe_request_fails_while_members_that_speak_http2_come_and_go() {
    let members = (Member::nginx_http2().await, Member::node_http2().await);
    let (Some(nginx), Some(node)) = members else { return };
    let mut members = [("nginx2", nginx), ("node2", node)];
    let urls = members.each_ref().map(|(_, member)| member.url());
    let config = json!({ "suspendDuration": "50", "factor": "1", "actionDuration": "5000" });
    let groups = [("even", balance(&urls, &config)), ("fail", failover(&urls, &config))];
    let groups = groups.map(|(name, group)| (name, speaking_http2(group, &urls)));
    let (process, _apis) = serve_groups(&groups, "").await;
    let mut load = Load::new();
    for (name, _) in &groups {
        for _ in 0..3 {
            load.add(process.http_address(), name);
            load.add_http2(process.http_address(), name);
        }
    }
    for _ in 0..3 {
        for (name, member) in &mut members {
            member.kill();
            load.go_on(200).await;
            member.again().await;
            // The other one is to be killed when this one is ready.
            load.until_from("even", name, 50).await;
        }
    }
    load.until_from("fail", "nginx2", 20).await;
    load.stop().await;
}
