//! What arrives at the members when one fails, for every method and every point of failure.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use testkit::{Client, H2Client, ReplyBody, Script};

use super::member::{
    SAFE, Seen, UNSAFE, balance, failover, pythons, seen_by_all, serve_groups, urls,
};

/// Where a member fails: after the head of the request, after half of its body, after all of it,
/// within the head of the answer; and the same on a connection that has served a call.
const POINTS: [&str; 8] =
    ["head", "half", "whole", "answer", "kept head", "kept half", "kept whole", "kept answer"];

/// Who fails: all of them, or the first one that is asked.
const WHO: [&str; 2] = ["a,b,c", "a"];

/// One request of this test.
#[derive(Debug, Clone)]
struct Case {
    id: String,
    api: &'static str,
    method: &'static str,
    fields: Vec<(&'static str, &'static str)>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for api in ["fail", "even"] {
        for method in SAFE.iter().chain(&UNSAFE).copied() {
            for point in POINTS {
                for who in WHO {
                    for is_reset in [true, false] {
                        let mut fields = vec![("X-Fail", point), ("X-Fail-At", who)];
                        if is_reset {
                            fields.push(("X-Reset", "yes"));
                        }
                        let id = format!("{api} {method} {point} at {who} reset={is_reset}");
                        cases.push(Case { id, api, method, fields });
                    }
                }
            }
        }
    }
    cases
}

impl Case {
    /// Large enough that the gateway is still sending when a member breaks off.
    fn body(&self) -> Vec<u8> {
        vec![b'x'; if UNSAFE.contains(&self.method) { 200_000 } else { 0 }]
    }

    /// Its status, over HTTP/1.1.
    async fn call(&self, address: SocketAddr) -> Option<u16> {
        let mut client = Client::connect(address).await.unwrap();
        let fields = [&self.fields[..], &[("X-Id", &self.id)]].concat();
        let target = format!("/{}/1/x", self.api);
        let answer = client.call(self.method, &target, &fields, &self.body()).await;
        Some(answer.ok()?.status)
    }

    /// Its status, over HTTP/2.
    async fn call_http2(&self, address: SocketAddr) -> Option<u16> {
        let mut client = H2Client::connect(address).await.unwrap();
        let url = format!("http://{address}/{}/1/x", self.api);
        let mut request = Request::builder().method(self.method).uri(url).header("x-id", &self.id);
        for (name, value) in &self.fields {
            request = request.header(*name, *value);
        }
        let request = request.body(ReplyBody::full(Bytes::from(self.body()))).unwrap();
        Some(client.call(request).await.ok()?.status)
    }
}

/// How often each id was seen.
fn arrivals(seen: &[Seen]) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    for one in seen {
        *count.entry(one.id.as_str()).or_default() += 1;
    }
    count
}

/// What came of a request: an answer only where somebody read all of it, and one arrival at most of
/// what must not be repeated.
fn judge(case: &Case, status: Option<u16>, seen: &[Seen]) {
    let count = arrivals(seen).get(case.id.as_str()).copied().unwrap_or(0);
    let of = |one: &&Seen| one.id == case.id;
    assert!(seen.iter().filter(of).all(|one| one.method == case.method), "{case:?}");
    if UNSAFE.contains(&case.method) {
        assert!(count <= 1, "{case:?} arrived {count} times: {status:?}");
    } else {
        // Each member is asked, and perhaps once more where a connection that was kept has ended
        // under the request.
        let least = if *case.fields.get(1).unwrap() == ("X-Fail-At", "a") { 1 } else { 3 };
        let is_kept = case.fields.first().unwrap().1.starts_with("kept");
        let least = if is_kept { 1 } else { least };
        assert!((least..=6).contains(&count), "{case:?} arrived {count} times: {status:?}");
    }
    if status == Some(200) {
        assert!(seen.iter().any(|one| one.id == case.id && one.whole), "{case:?}");
    }
}

async fn check(is_http2: bool) {
    let Some(members) = pythons(&["a", "b", "c"]).await else { return };
    let urls = urls(&members);
    let config = json!({ "suspendDuration": "0" });
    // Repeats are not limited, so that nothing but the policy keeps a request from being repeated.
    let unlimited = |mut group: serde_json::Value| {
        group["x-weir"] = json!({ "retries": { "budget": false } });
        group
    };
    let groups = [
        ("fail", unlimited(failover(&urls, &config))),
        ("even", unlimited(balance(&urls, &config))),
    ];
    let (process, _apis) = serve_groups(&groups, "").await;
    let address = process.http_address();
    let mut outcomes = Vec::new();
    for case in cases() {
        if case.fields.iter().any(|(_, value)| value.starts_with("kept")) {
            // So that connections are kept that have served a call.
            let warm = Case { fields: Vec::new(), method: "GET", ..case.clone() };
            let warm = Case { id: format!("warm {}", warm.id), ..warm };
            assert_eq!(warm.call(address).await, Some(200), "{warm:?}");
        }
        let status =
            if is_http2 { case.call_http2(address).await } else { case.call(address).await };
        outcomes.push((case, status));
    }
    let seen = seen_by_all(&urls).await;
    for (case, status) in &outcomes {
        judge(case, *status, &seen);
        // One of three members fails: whoever may ask again has an answer.
        let is_safe = SAFE.contains(&case.method);
        if is_safe && case.fields.contains(&("X-Fail-At", "a")) {
            assert_eq!(*status, Some(200), "{case:?}");
        }
    }
    // Every way to fail has met a request that was then given up.
    for point in POINTS {
        let is_lost = |(case, status): &(Case, Option<u16>)| {
            UNSAFE.contains(&case.method)
                && case.fields.contains(&("X-Fail", point))
                && *status != Some(200)
        };
        assert!(outcomes.iter().any(is_lost), "nobody failed: {point}");
    }
    closed_at_once(&members, &urls, address).await;
}

/// A member that closes connections as soon as they are there.
async fn closed_at_once(members: &[Script], urls: &[String], address: SocketAddr) {
    let first = members.first().unwrap();
    // Its kept connections go with it.
    fs::write(first.dir().join("closed"), "").unwrap();
    let mut outcomes = Vec::new();
    for api in ["fail", "even"] {
        for method in SAFE.iter().chain(&UNSAFE).copied() {
            for round in 0..6 {
                let id = format!("{api} {method} closed {round}");
                let fields = vec![("X-Fail", "whole"), ("X-Fail-At", "a")];
                let case = Case { id, api, method, fields };
                let status = case.call(address).await;
                outcomes.push((case, status));
            }
        }
    }
    let seen = seen_by_all(urls.get(1..).unwrap()).await;
    for (case, status) in &outcomes {
        let count = arrivals(&seen).get(case.id.as_str()).copied().unwrap_or(0);
        assert!(count <= 1, "{case:?} arrived {count} times");
        if SAFE.contains(&case.method) {
            assert_eq!((*status, count), (Some(200), 1), "{case:?}");
        }
    }
}

#[tokio::test]
async fn no_unsafe_request_arrives_twice() {
    check(false).await;
}

#[tokio::test]
async fn no_unsafe_request_of_http2_arrives_twice() {
    check(true).await;
}
