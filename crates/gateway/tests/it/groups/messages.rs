//! What members are sent, and what becomes of their answers.

use std::collections::BTreeSet;

use gateway::config::FaultStatus;
use serde_json::{Value, json};
use testkit::{Backend, RawBackend, RefusedPort, Reply, Step};

use super::{at, brief, calls, failover, held, member, merged, named, state, steady};
use crate::gateway::{Weir, code};

/// Each attempt has the headers of the first one, once.
#[tokio::test]
async fn all_members_are_sent_the_same() {
    let (port, a, b) = (RefusedPort::new(), super::hanging_up().await, Backend::echo().await);
    let members = [steady(&port.url()), steady(&a.url()), at(&b.url())];
    let settings = json!({ "retries": { "policy": "idempotent" } });
    let weir = Weir::start(&failover(&members, settings));
    let headers = [
        ("X-Own", "one"),
        ("X-Own", "two"),
        ("Content-Type", "text/plain"),
        ("Connection", "X-Hop"),
        ("X-Hop", "1"),
        ("Cookie", "a=b"),
    ];
    for method in ["PUT", "GET"] {
        assert_eq!(weir.call(method, "/shop/1.0/a?x=%41", &headers, b"hello").await.status, 200);
    }
    for (index, request) in b.requests().iter().enumerate() {
        let text = a.text(index);
        let head = text.split_once("\r\n\r\n").unwrap().0;
        let mut lines = head.split("\r\n");
        assert_eq!(lines.next().unwrap(), format!("{} /a?x=%41 HTTP/1.1", request.method));
        let one: BTreeSet<String> = lines.map(str::to_lowercase).collect();
        let two = request.headers.iter();
        let two: Vec<String> =
            two.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        let two: BTreeSet<String> = two.iter().map(|line| line.to_lowercase()).collect();
        let differing: Vec<&String> = one.symmetric_difference(&two).collect();
        assert!(differing.iter().all(|line| line.starts_with("host: ")), "{differing:?}");
        assert_eq!((differing.len(), request.headers.len()), (2, two.len()));
        assert_eq!(request.header("host"), Some(&*b.address().to_string()));
        assert_eq!(request.header("x-hop"), None);
    }
}

/// Each member has a base path of its own, also where an answer names it.
#[tokio::test]
async fn paths_are_those_of_the_member() {
    let port = RefusedPort::new();
    let b = Backend::with(|request| async move {
        let host = request.header("host").unwrap_or_default().to_owned();
        Reply::new(308).header("location", &format!("http://{host}/second/base/there"))
    })
    .await;
    let members = [at(&format!("{}/first", port.url())), at(&format!("{}/second/base", b.url()))];
    let weir = Weir::start(&failover(&members, json!({})));
    let answer = weir.get("/shop/1.0/a/b?c=d").await;
    assert_eq!(b.last().target, "/second/base/a/b?c=d");
    let location = answer.header("location").unwrap();
    assert!(location.ends_with("/shop/1.0/there"), "{location}");
}

#[tokio::test]
async fn a_soap_message_goes_to_the_bare_address() {
    let (port, b) = (RefusedPort::new(), Backend::echo().await);
    let address = merged(at(&format!("{}/soap", b.url())), json!({ "endpoint_type": "address" }));
    let weir = Weir::start(&failover(&[at(&port.url()), address], json!({})));
    let soap = [("Content-Type", "text/xml"), ("SOAPAction", "\"do\"")];
    assert_eq!(weir.call("POST", "/shop/1.0/a", &soap, b"<a/>").await.text(), "<a/>");
    assert_eq!(b.last().target, "/soap");
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(b.last().target, "/soap/a");
}

/// A tunnel goes through whichever member opens it.
#[tokio::test]
async fn a_tunnel_through_the_next_member() {
    let port = RefusedPort::new();
    let b = Backend::with(|_| async { Reply::tunnel("chat") }).await;
    for settings in [json!({}), json!({ "failOn": { "statuses": "5xx" } })] {
        let weir = Weir::start(&failover(&[at(&port.url()), at(&b.url())], settings));
        let mut client = weir.client().await;
        let head = "GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
                    Upgrade: chat\r\n\r\n";
        client.send(head).await.unwrap();
        assert_eq!(client.head().await.unwrap().status, 101);
        client.send("hello").await.unwrap();
        assert_eq!(client.read_exact(5).await.unwrap(), b"hello");
        drop(client);
        weir.until("its end", || async { member(&weir, &[1]).await["inFlight"] == 0 }).await;
    }
}

/// A member that answers before it has read a body may be followed by one that gets all of it.
#[tokio::test]
async fn an_early_answer_that_is_taken_for_a_failure() {
    let body: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251) as u8).collect();
    let busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
    for (policy, is_repeated) in [("idempotent", true), ("safe", false)] {
        let steps = vec![Step::ReadHead, Step::write(busy), Step::ReadToEnd];
        let (a, b) = (RawBackend::play(steps).await, Backend::echo().await);
        let settings = json!({
            "failOn": { "statuses": 503 }, "retries": { "policy": policy },
            "replay": { "memory": "4MiB" },
        });
        let weir = Weir::start(&failover(&[at(&a.url()), at(&b.url())], settings));
        let answer = weir.call("PUT", "/shop/1.0/a", &[], &body).await;
        if is_repeated {
            assert!(answer.status == 200 && answer.body == body, "{}", answer.status);
        } else {
            assert_eq!((answer.status, &*answer.text()), (503, "busy"));
            assert!(b.requests().is_empty());
        }
    }
}

/// What the record says of a request is what was answered in the end.
#[tokio::test]
async fn the_record_names_who_has_answered() {
    let ((a, hold), b) = (held("a").await, named("b").await);
    let settings = json!({ "retries": { "hedge": { "after": "30ms" } } });
    let weir = Weir::start(&failover(&[at(&a.url()), at(&b.url())], settings));
    assert_eq!(calls(&weir, 1).await, "b");
    let record = &weir.records(1).await[0];
    assert_eq!(record["upstream"], b.url());
    assert_eq!(record["endpoint"], "Shop--v1.0_APIproductionEndpoint_1");
    // The first one may answer after all.
    let (c, _hold) = held("c").await;
    let settings = json!({ "retries": { "hedge": { "after": "30ms" } } });
    let weir = Weir::start(&failover(&[at(&a.url()), at(&c.url())], settings));
    let call = super::begun(&weir, "GET");
    c.arrived(1).await;
    // The call of before was given up, and one that waits takes a place too.
    hold.add_permits(2);
    assert_eq!(call.await.unwrap().1, "a");
    let record = &weir.records(1).await[0];
    assert_eq!(record["upstream"], a.url());
    assert_eq!(record["endpoint"], "Shop--v1.0_APIproductionEndpoint_0");
}

/// An answer that was taken for a failure is passed on rather than that others were busy.
#[tokio::test]
async fn an_answer_is_better_than_none() {
    let busy = Backend::answer(503, &[("retry-after", "7")], "busy").await;
    let (b, hold) = held("b").await;
    let limited =
        merged(at(&b.url()), json!({ "x-weir": { "limits": { "requestsInFlight": 1 } } }));
    let settings = json!({ "failOn": { "statuses": 503 } });
    let weir = Weir::start(&failover(&[at(&busy.url()), limited], settings));
    let first = super::begun(&weir, "GET");
    b.arrived(1).await;
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, &*answer.text()), (503, "busy"));
    let record = &weir.records(1).await[0];
    assert_eq!((&record["upstream"], record.get("fault_code")), (&json!(busy.url()), None));
    assert_eq!(record["endpoint"], "Shop--v1.0_APIproductionEndpoint_0");
    hold.add_permits(1);
    assert_eq!(first.await.unwrap().1, "b");
}

/// The same where the one who was asked instead did not answer.
#[tokio::test]
async fn an_answer_is_better_than_a_failure() {
    let busy = Backend::answer(503, &[], "busy").await;
    let dead = RefusedPort::new();
    let settings = json!({ "failOn": { "statuses": 503 } });
    let weir = Weir::start(&failover(&[at(&busy.url()), at(&dead.url())], settings));
    for _ in 0..2 {
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*answer.text()), (503, "busy"));
    }
    let records = weir.records(2).await;
    let tries = |index: usize| records[index]["tries"].as_array().map(Vec::len);
    assert_eq!((tries(0), tries(1)), (Some(2), None), "{records:?}");
}

/// Whatever the status, an answer ends a suspension (spec/01 §2.8), also one that the group takes
/// for a failure.
#[tokio::test]
async fn a_member_that_answers_badly_is_back() {
    let port = RefusedPort::new();
    let (address, b) = (port.address(), named("b").await);
    let settings = json!({ "failOn": { "statuses": 503 } });
    let weir = Weir::start(&failover(&[brief(&port.url()), at(&b.url())], settings));
    assert_eq!(calls(&weir, 1).await, "b");
    assert_eq!(state(&weir, &[0]).await, "SUSPENDED");
    drop(port);
    let a = Backend::builder().address(address).answer(503, &[], "busy").await;
    weir.until("a probe", || async {
        calls(&weir, 1).await;
        !a.requests().is_empty()
    })
    .await;
    assert_eq!(state(&weir, &[0]).await, "ACTIVE");
}

#[tokio::test]
async fn statuses_can_be_precise() {
    let (port, silent) = (RefusedPort::new(), RawBackend::silent().await);
    for (members, first) in [
        (vec![at(&port.url()), at(&port.url())], (503, "303000")),
        (vec![steady(&port.url()), steady(&port.url())], (502, "101503")),
        (vec![super::hasty(&silent.url()), super::hasty(&silent.url())], (504, "101504")),
    ] {
        let project = failover(&members, Value::Object(serde_json::Map::new()));
        let weir = Weir::with(&[&project], |config| config.fault_status = FaultStatus::Precise);
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*code(&answer)), first);
    }
}

#[tokio::test]
async fn the_body_of_a_get_is_dropped() {
    let (port, b) = (RefusedPort::new(), Backend::echo().await);
    let weir = Weir::start(&failover(&[steady(&port.url()), at(&b.url())], json!({})));
    let mut client = weir.client().await;
    let headers = [("Content-Type", "application/json")];
    for _ in 0..3 {
        let answer = client.call("GET", "/shop/1.0/a", &headers, b"{\"a\":1}").await.unwrap();
        assert_eq!((answer.status, &*answer.text()), (200, ""));
        let request = b.last();
        for name in ["content-type", "content-length", "transfer-encoding"] {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
}
