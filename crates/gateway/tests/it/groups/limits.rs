//! How much an endpoint takes: places, queues and connections.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gateway::config::upstream::ClientChoice;
use serde_json::{Value, json};
use testkit::{Backend, Client, Feed, Reply};
use tokio::task::JoinHandle;

use super::{api, at, balance, failover, held, member, merged, named};
use crate::gateway::{Weir, client, code};

fn limited(url: &str, limits: Value) -> Value {
    merged(at(url), json!({ "x-weir": { "limits": limits } }))
}

/// A call of this path that is under way: its status, and the code of a fault.
fn call(weir: &Weir, path: &str) -> JoinHandle<(u16, String)> {
    let url = weir.url(&format!("/shop/1.0/{path}"));
    tokio::spawn(async move {
        let answer = testkit::get(&url).await.unwrap();
        let code = if answer.status == 200 { String::new() } else { code(&answer) };
        (answer.status, code)
    })
}

async fn waiting(weir: &Weir, place: &[usize], count: usize) {
    weir.until("calls that wait", || async {
        member(weir, place).await["limits"]["waiting"] == count
    })
    .await;
}

fn turned_away(status: u16, code: &str) {
    assert_eq!((status, code), (503, "303901"));
}

#[tokio::test]
async fn calls_wait_their_turn() {
    for is_group in [false, true] {
        let (a, hold) = held("a").await;
        let b = named("b").await;
        let limits = json!({ "requestsInFlight": 1, "queue": { "length": 3, "wait": "15s" } });
        let (project, place) = if is_group {
            (failover(&[limited(&a.url(), limits), at(&b.url())], json!({})), &[0][..])
        } else {
            let config = json!({
                "endpoint_type": "http", "production_endpoints": at(&a.url()),
                "x-weir": { "limits": limits },
            });
            (api("Shop", config), &[][..])
        };
        let weir = Weir::start(&project);
        let mut calls = vec![call(&weir, "0")];
        a.arrived(1).await;
        for count in 1..=3 {
            calls.push(call(&weir, &count.to_string()));
            waiting(&weir, place, count).await;
        }
        // The queue is full.
        let answer = weir.get("/shop/1.0/more").await;
        turned_away(answer.status, &code(&answer));
        hold.add_permits(4);
        for call in calls {
            assert_eq!(call.await.unwrap().0, 200);
        }
        let order: Vec<String> = a.requests().into_iter().map(|request| request.target).collect();
        assert_eq!(order, ["/0", "/1", "/2", "/3"]);
        let shown = member(&weir, place).await;
        assert_eq!(shown["limits"]["turnedAway"], 1);
        assert_eq!((&shown["limits"]["most"], &shown["limits"]["waiting"]), (&json!(1), &json!(0)));
        // To be busy is no failure, and no reason to ask somebody else.
        assert_eq!(
            (&shown["health"]["state"], &shown["health"]["failures"]),
            (&json!("ACTIVE"), &json!(0))
        );
        assert!(b.requests().is_empty());
        weir.until("free places", || async {
            member(&weir, place).await["limits"]["inFlight"] == 0
        })
        .await;
    }
}

#[tokio::test]
async fn who_waits_too_long_is_turned_away() {
    let (a, hold) = held("a").await;
    let limits = json!({ "requestsInFlight": 1, "queue": { "length": 5, "wait": "100ms" } });
    let settings = json!({ "outlierEjection": { "consecutiveErrors": 1 } });
    let b = named("b").await;
    let weir = Weir::start(&failover(&[limited(&a.url(), limits), at(&b.url())], settings));
    let first = call(&weir, "0");
    a.arrived(1).await;
    let started = Instant::now();
    let answer = weir.get("/shop/1.0/a").await;
    let took = started.elapsed();
    turned_away(answer.status, &code(&answer));
    assert!((100..3000).contains(&took.as_millis()), "{took:?}");
    let record = weir.record().await;
    assert_eq!((&record["fault_code"], &record["attempts"]), (&json!(303_901), &json!(0)));
    assert_eq!(record["no_failover"], "trigger");
    let shown = member(&weir, &[0]).await;
    assert_eq!((&shown["ready"], shown.get("ejectedForMs")), (&json!(true), None));
    hold.add_permits(1);
    assert_eq!(first.await.unwrap().0, 200);
}

/// The time for all attempts bounds the wait for the first one too.
#[tokio::test]
async fn nobody_waits_beyond_the_deadline() {
    let (a, feeds) = endless().await;
    let limits = json!({ "requestsInFlight": 1, "queue": { "length": 5, "wait": "60s" } });
    let settings = json!({ "retries": { "deadline": "300ms" } });
    let b = named("b").await;
    let weir = Weir::start(&failover(&[limited(&a.url(), limits), at(&b.url())], settings));
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    let answer = weir.get("/shop/1.0/a").await;
    turned_away(answer.status, &code(&answer));
    feeds.lock().unwrap().clear();
}

/// Without a queue there is no waiting; a limit of the group holds for each of its members.
#[tokio::test]
async fn without_a_queue_the_answer_comes_at_once() {
    let ((a, hold_a), (b, hold_b)) = (held("a").await, held("b").await);
    let settings = json!({ "limits": { "requestsInFlight": 1 } });
    let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
    let under_way = [call(&weir, "0"), call(&weir, "1")];
    a.arrived(1).await;
    b.arrived(1).await;
    for _ in 0..4 {
        let answer = weir.get("/shop/1.0/a").await;
        turned_away(answer.status, &code(&answer));
    }
    hold_a.add_permits(1);
    hold_b.add_permits(1);
    for call in under_way {
        assert_eq!(call.await.unwrap().0, 200);
    }
    assert_eq!((a.requests().len(), b.requests().len()), (1, 1));
}

#[tokio::test]
async fn who_gives_up_waiting_leaves_the_queue() {
    let (a, hold) = held("a").await;
    let limits = json!({ "requestsInFlight": 1, "queue": { "length": 1, "wait": "15s" } });
    let b = named("b").await;
    let weir = Weir::start(&failover(&[limited(&a.url(), limits), at(&b.url())], json!({})));
    let first = call(&weir, "0");
    a.arrived(1).await;
    let mut client = Client::connect(weir.address()).await.unwrap();
    client.send("GET /shop/1.0/gone HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    waiting(&weir, &[0], 1).await;
    drop(client);
    waiting(&weir, &[0], 0).await;
    let next = call(&weir, "1");
    waiting(&weir, &[0], 1).await;
    hold.add_permits(2);
    assert_eq!((first.await.unwrap().0, next.await.unwrap().0), (200, 200));
    assert!(a.requests().iter().all(|request| request.target != "/gone"));
}

/// A place is taken until the answer has ended.
#[tokio::test]
async fn an_answer_that_is_read_slowly_keeps_its_place() {
    let (a, feeds) = endless().await;
    let limits = json!({ "requestsInFlight": 1 });
    let b = named("b").await;
    let weir = Weir::start(&failover(&[limited(&a.url(), limits), at(&b.url())], json!({})));
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    assert_eq!(weir.get("/shop/1.0/a").await.status, 503);
    feeds.lock().unwrap().clear();
    weir.until("a free place", || async { member(&weir, &[0]).await["limits"]["inFlight"] == 0 })
        .await;
    assert_eq!(call_head(&weir).await, 200);
}

/// A backend whose answers begin at once, and end when what feeds them is dropped.
async fn endless() -> (Backend, Arc<Mutex<Vec<Feed>>>) {
    let feeds = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&feeds);
    let backend = Backend::with(move |_| {
        let (reply, feed) = Reply::events();
        kept.lock().unwrap().push(feed);
        std::future::ready(reply)
    });
    (backend.await, feeds)
}

async fn call_head(weir: &Weir) -> u16 {
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    client.head().await.unwrap().status
}

/// However many workers and callers there are.
#[tokio::test]
async fn there_are_never_more_connections() {
    for is_group in [false, true] {
        let reply = || async { Reply::new(200).body("a").delay(Duration::from_millis(1)) };
        let a = Backend::with(move |_| reply()).await;
        let limits = json!({ "connections": 3, "queue": { "length": 100, "wait": "15s" } });
        let project = if is_group {
            let b = "http://127.0.0.1:9";
            failover(&[limited(&a.url(), limits), at(b)], json!({}))
        } else {
            let config = json!({
                "endpoint_type": "http", "production_endpoints": at(&a.url()),
                "x-weir": { "limits": limits },
            });
            api("Shop", config)
        };
        let weir = Weir::with(&[&project], |config| config.workers = 2);
        for round in 0..4 {
            let calls: Vec<_> = (0..50).map(|index| call(&weir, &index.to_string())).collect();
            for call in calls {
                assert_eq!(call.await.unwrap(), (200, String::new()), "{round}");
            }
            // None was closed, so that all that were opened are open; the library's client keeps
            // none of them.
            let is_own = client() == ClientChoice::Own;
            assert!(!is_own || a.connections() <= 3, "{is_group} {round}: {}", a.connections());
        }
        assert_eq!(a.requests().len(), 200);
    }
}
