//! Sessions by cookie: the calls of one client stay at one member (spec/01 §4.3).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Answer, Backend, BackendBuilder, Client, RefusedPort, Reply};

use super::{api, at, at_with, balance, brief, calls, named, state, switch};
use crate::gateway::{Weir, code};

/// A backend with a name that begins a session where a request has none.
async fn stateful(builder: BackendBuilder, name: &'static str, cookie: &'static str) -> Backend {
    builder
        .start(move |request| {
            let reply = Reply::new(200).body(name);
            let has_session =
                request.header("cookie").is_some_and(|cookies| cookies.contains(cookie));
            if has_session {
                return reply;
            }
            reply
                .header("set-cookie", "theme=dark")
                .header("set-cookie", &format!("{cookie}={name}1; Path=/; HttpOnly"))
        })
        .await
}

async fn pair(cookie: &'static str) -> (Backend, Backend) {
    let a = stateful(Backend::builder(), "a", cookie).await;
    (a, stateful(Backend::builder(), "b", cookie).await)
}

async fn call(client: &mut Client, cookie: &str) -> Answer {
    let headers = [("Cookie", cookie)];
    client.call("GET", "/shop/1.0/a", &headers, b"").await.unwrap()
}

/// Who has answered so many calls with a cookie.
async fn with(weir: &Weir, cookie: &str, count: usize) -> String {
    let mut client = weir.client().await;
    let mut all = String::new();
    for _ in 0..count {
        let answer = call(&mut client, cookie).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        all.push_str(&answer.text());
    }
    all
}

fn affinity(more: Value) -> Value {
    json!({ "affinity": super::merged(json!({ "type": "cookie" }), more) })
}

#[tokio::test]
async fn a_client_stays_at_its_member() {
    for (cookie, settings) in [
        ("JSESSIONID", affinity(json!({}))),
        ("PHPSESSID", affinity(json!({}))),
        ("SID", affinity(json!({ "cookies": ["X", "SID"] }))),
    ] {
        let (a, b) = pair(cookie).await;
        let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
        assert_eq!(calls(&weir, 4).await, "abab", "{cookie}");
        let of = |value: &str| format!("x=1; {cookie}={value}; y=2");
        for _ in 0..2 {
            assert_eq!(with(&weir, &of("b1"), 5).await, "bbbbb", "{cookie}");
            assert_eq!(with(&weir, &of("a1"), 5).await, "aaaaa", "{cookie}");
        }
        // They used up nobody's turn, and changed nothing.
        assert_eq!(calls(&weir, 4).await, "abab", "{cookie}");
        assert_eq!(a.requests()[4].header("cookie"), Some(&*of("a1")), "{cookie}");
    }
}

#[tokio::test]
async fn wso2s_session_management() {
    for (management, is_sticky) in
        [("http", true), ("transport", true), ("none", false), ("", false)]
    {
        let (a, b) = pair("JSESSIONID").await;
        let weir = Weir::start(&api(
            "Shop",
            json!({
                "endpoint_type": "load_balance", "sessionManagement": management,
                "sessionTimeOut": "60000", "failOver": false,
                "production_endpoints": [at(&a.url()), at(&b.url())],
            }),
        ));
        assert_eq!(calls(&weir, 2).await, "ab");
        let expected = if is_sticky { "bbb" } else { "aba" };
        assert_eq!(with(&weir, "JSESSIONID=b1", 3).await, expected, "{management}");
    }
}

/// What the client has a cookie for was begun before a restart of the gateway, say.
#[tokio::test]
async fn a_session_that_is_not_known_stays_where_it_is_answered() {
    let (a, b) = pair("JSESSIONID").await;
    let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], affinity(json!({}))));
    assert_eq!(calls(&weir, 1).await, "a");
    assert_eq!(with(&weir, "JSESSIONID=old", 4).await, "bbbb");
    assert_eq!(b.last().header("cookie"), Some("JSESSIONID=old"));
}

#[tokio::test]
async fn a_session_whose_member_is_lost_moves() {
    let port = RefusedPort::new();
    let address = port.address();
    drop(port);
    let a = stateful(Backend::builder().address(address), "a", "JSESSIONID").await;
    let b = stateful(Backend::builder(), "b", "JSESSIONID").await;
    let weir = Weir::start(&balance(&[brief(&a.url()), at(&b.url())], affinity(json!({}))));
    assert_eq!(calls(&weir, 1).await, "a");
    assert_eq!(with(&weir, "JSESSIONID=a1", 2).await, "aa");
    drop(a);
    let is_gone = || async { Client::connect(address).await.is_err() };
    weir.until("its end", is_gone).await;
    assert_eq!(with(&weir, "JSESSIONID=a1", 2).await, "bb");
    let _a = Backend::builder().address(address).answer(200, &[], "a").await;
    weir.until("its return", || async {
        calls(&weir, 1).await;
        state(&weir, &[0]).await == "ACTIVE"
    })
    .await;
    // It has gone for good.
    assert_eq!(with(&weir, "JSESSIONID=a1", 3).await, "bbb");
    // The same when somebody drains its member.
    switch(&weir, &[1], "drain").await;
    assert_eq!(with(&weir, "JSESSIONID=a1", 1).await, "a");
    switch(&weir, &[1], "resume").await;
    assert_eq!(with(&weir, "JSESSIONID=a1", 2).await, "aa");
}

#[tokio::test]
async fn a_session_whose_member_is_lost_may_be_refused() {
    let a = stateful(Backend::builder(), "a", "JSESSIONID").await;
    let address = a.address();
    let b = stateful(Backend::builder(), "b", "JSESSIONID").await;
    let settings = affinity(json!({ "whenLost": "fault" }));
    let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
    assert_eq!(calls(&weir, 1).await, "a");
    drop(a);
    weir.until("its end", || async { Client::connect(address).await.is_err() }).await;
    let mut client = weir.client().await;
    for expected in ["309003", "309001", "309001"] {
        let answer = call(&mut client, "JSESSIONID=a1").await;
        assert_eq!((answer.status, &*code(&answer)), (500, expected));
    }
    assert!(b.requests().is_empty());
    // Others do not suffer from it; the first call of a session may go to any member.
    assert_eq!(calls(&weir, 2).await, "bb");
    let records = weir.records(4).await;
    assert_eq!((&records[1]["fault_code"], &records[1]["attempts"]), (&json!(309_003), &json!(1)));
    assert_eq!((&records[2]["fault_code"], &records[2]["attempts"]), (&json!(309_001), &json!(0)));
}

#[tokio::test]
async fn the_first_call_of_a_session_goes_to_whoever_answers() {
    for fail_over in [true, false] {
        let (port, b) = (RefusedPort::new(), named("b").await);
        let weir = Weir::start(&api(
            "Shop",
            json!({
                "endpoint_type": "load_balance", "sessionManagement": "http", "failOver": fail_over,
                "production_endpoints": [at(&port.url()), at(&b.url())],
            }),
        ));
        assert_eq!(with(&weir, "JSESSIONID=new", 2).await, "bb", "{fail_over}");
    }
}

#[tokio::test]
async fn a_session_ends_after_its_time() {
    for (window, timeout) in [("fixed", 300), ("sliding", 1000)] {
        let (a, b) = pair("JSESSIONID").await;
        let settings = affinity(json!({ "timeout": timeout, "window": window }));
        let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
        let since = Instant::now();
        assert_eq!(calls(&weir, 1).await, "a");
        let mut client = weir.client().await;
        // Without its session it is the turn of the other one.
        if window == "fixed" {
            while call(&mut client, "JSESSIONID=a1").await.text() == "a" {
                assert!(since.elapsed() < Duration::from_secs(10));
            }
            assert!(since.elapsed() >= Duration::from_millis(300), "{:?}", since.elapsed());
            continue;
        }
        while since.elapsed() < Duration::from_millis(1400) {
            assert_eq!(call(&mut client, "JSESSIONID=a1").await.text(), "a");
        }
    }
}

/// A new id of the same session leads to the same member.
#[tokio::test]
async fn a_session_may_change_its_id() {
    let a = Backend::builder().answer(200, &[("set-cookie", "JSESSIONID=a2")], "a").await;
    let b = named("b").await;
    let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], affinity(json!({}))));
    assert_eq!(with(&weir, "JSESSIONID=a1", 1).await, "a");
    assert_eq!(with(&weir, "JSESSIONID=a2", 3).await, "aaa");
}

/// Each group has its own sessions.
#[tokio::test]
async fn a_cookie_means_nothing_to_another_api() {
    let (a, b) = pair("JSESSIONID").await;
    let members = [at(&a.url()), at(&b.url())];
    let other = api(
        "Other",
        json!({
            "endpoint_type": "load_balance", "sessionManagement": "http",
            "production_endpoints": [at_with(&b.url(), json!({})), at(&a.url())],
        }),
    );
    let weir = Weir::with(&[&balance(&members, affinity(json!({}))), &other], |_| {});
    assert_eq!(calls(&weir, 1).await, "a");
    let headers = [("Cookie", "JSESSIONID=a1")];
    assert_eq!(weir.call("GET", "/other/1.0/a", &headers, b"").await.text(), "b");
}

/// A member that is busy is not lost.
#[tokio::test]
async fn a_session_whose_member_is_busy() {
    for (when_lost, mode) in [("fault", "strict"), ("fault", "spillOver"), ("rebind", "strict")] {
        let ((a, hold), b) = (super::held("a").await, named("b").await);
        let settings = super::merged(
            affinity(json!({ "whenLost": when_lost })),
            json!({ "mode": mode, "limits": { "requestsInFlight": 1 } }),
        );
        let weir = Weir::start(&balance(&[at(&a.url()), at(&b.url())], settings));
        hold.add_permits(1);
        assert_eq!(with(&weir, "JSESSIONID=a1", 1).await, "a");
        let url = weir.url("/shop/1.0/a");
        let headers = [("Cookie", "JSESSIONID=a1")];
        let under_way =
            tokio::spawn(async move { testkit::request("GET", &url, &headers, b"").await });
        a.arrived(2).await;
        let answer = call(&mut weir.client().await, "JSESSIONID=a1").await;
        assert_eq!((answer.status, &*code(&answer)), (503, "303901"), "{when_lost}");
        hold.add_permits(1);
        assert_eq!(under_way.await.unwrap().unwrap().text(), "a", "{when_lost}");
        assert!(b.requests().is_empty(), "{when_lost}");
    }
}
