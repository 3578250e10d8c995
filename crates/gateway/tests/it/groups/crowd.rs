//! Many callers, two workers, and members that fail now and then.

use std::collections::BTreeMap;

use serde_json::json;
use testkit::{Client, RawBackend, Step};

use super::{balance, steady};
use crate::gateway::Weir;

const CALLERS: usize = 16;
const CALLS: usize = 24;
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A member whose connections end in every way, each as its number says.
async fn fickle(shift: usize) -> RawBackend {
    let request = [Step::ReadHead, Step::ReadBytes(5)];
    let answered = [&request[..], &[Step::write(ANSWER)]].concat();
    let ends = [
        [&answered[..], &answered, &request, &[Step::Close]].concat(),
        vec![Step::ReadHead, Step::Reset],
        [&answered[..], &[Step::Close]].concat(),
        [&request[..], &[Step::write("HTTP/1.1 2"), Step::Close]].concat(),
        [&answered[..], &answered, &answered, &request, &[Step::Reset]].concat(),
        vec![Step::Close],
        [&answered[..], &request, &[Step::write("220 no HTTP\r\n"), Step::Close]].concat(),
        vec![Step::Reset],
    ];
    let all = (0..1000).map(|index| ends[(index + shift) % ends.len()].clone());
    RawBackend::script(all.collect()).await
}

/// How often each call has arrived.
fn arrivals(backends: &[RawBackend]) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for bytes in backends.iter().flat_map(RawBackend::received) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for line in text.split("\r\n").filter(|line| line.ends_with(" HTTP/1.1")) {
            // A body of the request before may stand in front of it.
            let start = line.find("POST /").or(line.find("PUT /")).unwrap();
            *all.entry(line.get(start..).unwrap().to_owned()).or_default() += 1;
        }
    }
    all
}

#[tokio::test]
async fn nothing_unsafe_arrives_twice() {
    let backends = [fickle(0).await, fickle(3).await, fickle(6).await];
    let members = backends.each_ref().map(|backend| steady(&backend.url()));
    let settings = json!({
        "algorithm": "leastRequests",
        "retries": { "policy": "idempotent", "budget": false },
    });
    let weir = Weir::with(&[&balance(&members, settings)], |config| config.workers = 2);
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let address = weir.address();
        callers.spawn(async move {
            let mut client = Client::connect(address).await.unwrap();
            let mut answered = Vec::new();
            for call in 0..CALLS {
                let method = if call % 2 == 0 { "POST" } else { "PUT" };
                let target = format!("/shop/1.0/{caller}-{call}");
                let answer = client.call(method, &target, &[], b"hello").await.unwrap();
                assert!([200, 500].contains(&answer.status), "{}", answer.status);
                if answer.status == 200 {
                    answered.push(format!("{method} /{caller}-{call} HTTP/1.1"));
                }
            }
            answered
        });
    }
    let answered: Vec<String> = callers.join_all().await.concat();
    let arrivals = arrivals(&backends);
    for (call, count) in &arrivals {
        let most = if call.starts_with("POST") { 1 } else { backends.len() };
        assert!(*count <= most, "{call}: {count}");
    }
    for call in &answered {
        assert!(arrivals.contains_key(call), "{call} was answered by nobody");
    }
    // Some were repeated, and most of what may be repeated was answered.
    assert!(weir.endpoint().await["repeats"].as_u64().unwrap() > 20);
    let puts = answered.iter().filter(|call| call.starts_with("PUT")).count();
    assert!(puts > CALLERS * CALLS / 4, "{puts}");
    let records = weir.records(CALLERS * CALLS).await;
    assert_eq!(records.len(), CALLERS * CALLS);
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
    for place in 0..3 {
        weir.until("nothing in flight", || async {
            super::member(&weir, &[place]).await["inFlight"] == 0
        })
        .await;
    }
}
