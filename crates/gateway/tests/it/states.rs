//! The state of an endpoint as callers see it: the rows 14–25 and 40–44 of spec/01 §8.

use std::time::{Duration, Instant};

use gateway::config::FaultStatus;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Backend, RawBackend, RefusedPort};

use crate::gateway::{Weir, code, open, shop, shop_with};

async fn codes(weir: &Weir, count: usize) -> Vec<String> {
    let mut client = weir.client().await;
    let mut codes = Vec::new();
    for _ in 0..count {
        let answer = client.get("/shop/1.0/a").await.unwrap();
        assert_eq!(answer.status, 500);
        codes.push(code(&answer));
    }
    codes
}

fn suspended(answer: &Answer, state: &str) {
    assert_eq!(answer.status, 500);
    let name = "Shop--v1.0_APIproductionEndpoint";
    assert_eq!(
        answer.json(),
        json!({
            "code": "303001",
            "type": "Status report",
            "message": "Runtime Error",
            "description": format!("Currently, HTTP endpoint : [ Name : {name} ] [ State : {state} ]"),
        })
    );
}

#[tokio::test]
async fn a_refused_connection_suspends() {
    let port = RefusedPort::new();
    let weir = Weir::start(&shop(&port.url()));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.json(),
        json!({ "code": "101503", "type": "Status report", "message": "Runtime Error",
                "description": "Error connecting to the back end" })
    );
    suspended(&weir.get("/shop/1.0/a").await, "SUSPENDED");
    let health = &weir.endpoint().await["health"];
    assert_eq!((&health["state"], &health["lastCode"]), (&json!("SUSPENDED"), &json!(101_503)));
    let left = health["retryInMs"].as_u64().unwrap();
    assert!((25_000..=30_000).contains(&left), "{left}");
    // The sandbox endpoint has a state of its own.
    let all = weir.admin(Method::GET, "/endpoints").await.1;
    assert_eq!(all["list"][1]["health"]["state"], "ACTIVE");
    let record = &weir.records(2).await[1];
    assert_eq!((&record["fault_code"], &record["attempts"]), (&json!(303_001), &json!(0)));
}

#[tokio::test]
async fn a_suspended_endpoint_is_not_contacted_and_recovers() {
    let port = RefusedPort::new();
    let address = port.address();
    let duration = Duration::from_millis(300);
    let weir = Weir::start(&shop_with(&port.url(), json!({ "suspendDuration": "300" })));
    // The suspension begins after this, however slow the machine is.
    let before = Instant::now();
    assert_eq!(codes(&weir, 1).await, ["101503"]);
    drop(port);
    let backend = Backend::builder().address(address).echo().await;
    let answer = loop {
        let (answer, contacts) = (weir.get("/shop/1.0/a").await, backend.connections());
        if before.elapsed() >= duration {
            break answer;
        }
        suspended(&answer, "SUSPENDED");
        assert_eq!(contacts, 0);
    };
    if answer.status != 200 {
        weir.until("recovery", || async { weir.get("/shop/1.0/a").await.status == 200 }).await;
    }
    assert_eq!(weir.state().await, "ACTIVE");
}

#[tokio::test]
async fn suspension_can_be_switched_off() {
    let port = RefusedPort::new();
    for off in [json!("0"), json!(0)] {
        let weir = Weir::start(&shop_with(&port.url(), json!({ "suspendDuration": off })));
        assert_eq!(codes(&weir, 5).await, ["101503"; 5]);
        assert_eq!(weir.state().await, "ACTIVE");
    }
}

#[tokio::test]
async fn suspensions_grow_by_the_factor_up_to_the_maximum() {
    let port = RefusedPort::new();
    let config = json!({ "suspendDuration": "50", "factor": "2", "suspendMaxDuration": "150" });
    let weir = Weir::start(&shop_with(&port.url(), config));
    for expected in [50, 100, 150, 150] {
        weir.until("the next try", || async { code(&weir.get("/shop/1.0/a").await) == "101503" })
            .await;
        assert_eq!(weir.endpoint().await["health"]["lastSuspensionMs"], expected);
    }
}

#[tokio::test]
async fn retries_come_before_suspension() {
    let port = RefusedPort::new();
    let config = |delay: &str| json!({ "retryErroCode": ["101503"], "retryTimeOut": "2", "retryDelay": delay });
    let weir = Weir::start(&shop_with(&port.url(), config("0")));
    assert_eq!(codes(&weir, 4).await, ["101503", "101503", "101503", "303001"]);
    let weir = Weir::start(&shop_with(&port.url(), config("5000")));
    assert_eq!(codes(&weir, 1).await, ["101503"]);
    suspended(&weir.get("/shop/1.0/a").await, "TIMEOUT");
}

#[tokio::test]
async fn only_listed_codes_suspend() {
    let port = RefusedPort::new();
    let weir = Weir::start(&shop_with(&port.url(), json!({ "suspendErrorCode": ["101504"] })));
    assert_eq!(codes(&weir, 5).await, ["101503"; 5]);
    // A text is no list: as if nothing was said, every error suspends.
    let weir = Weir::start(&shop_with(&port.url(), json!({ "suspendErrorCode": "101503" })));
    assert_eq!(codes(&weir, 2).await, ["101503", "303001"]);
    let weir = Weir::start(&shop_with(&port.url(), json!({ "suspendErrorCode": "101504" })));
    assert_eq!(codes(&weir, 2).await, ["101503", "303001"]);
}

#[tokio::test]
async fn the_time_limit_is_exact() {
    let backend = RawBackend::silent().await;
    let config =
        json!({ "actionDuration": "250", "actionSelect": "fault", "suspendDuration": "0" });
    let weir = Weir::start(&shop_with(&backend.url(), config));
    for body in ["", "some"] {
        let started = Instant::now();
        let answer = weir.call("POST", "/shop/1.0/a", &[], body.as_bytes()).await;
        let took = started.elapsed();
        assert_eq!(answer.status, 500);
        assert_eq!(
            (code(&answer), &answer.json()["description"]),
            ("101504".into(), &json!("Send timeout"))
        );
        assert!((250..3000).contains(&took.as_millis()), "{took:?}");
    }
    weir.quiet().await;
}

#[tokio::test]
async fn discard_closes_without_an_answer() {
    let backend = RawBackend::silent().await;
    let port = RefusedPort::new();
    for url in [backend.url(), port.url()] {
        let config = json!({ "actionDuration": "50", "actionSelect": "discard" });
        let weir = Weir::with(&[&shop_with(&url, config)], |config| {
            config.timeouts.socket = Duration::from_millis(300);
        });
        let started = Instant::now();
        assert_eq!(weir.raw("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await, "");
        let took = started.elapsed();
        assert!((300..3000).contains(&took.as_millis()), "{took:?}");
        assert_eq!(weir.record().await["aborted"], true);
        assert_eq!(weir.state().await, "SUSPENDED");
    }
}

#[tokio::test]
async fn never_timeout_forgets_the_call_at_the_global_limit() {
    let backend = RawBackend::silent().await;
    let config = json!({ "actionDuration": "10", "actionSelect": "neverTimeout" });
    let weir = Weir::with(&[&shop_with(&backend.url(), config)], |config| {
        config.timeouts.endpoint = Duration::from_millis(100);
        config.timeouts.socket = Duration::from_millis(300);
    });
    let started = Instant::now();
    assert_eq!(weir.raw("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await, "");
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(weir.state().await, "ACTIVE");
}

#[tokio::test]
async fn an_answer_is_a_success_whatever_its_status() {
    let backend = Backend::answer(503, &[("retry-after", "7")], "busy").await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    for _ in 0..10 {
        let answer = client.get("/shop/1.0/a").await.unwrap();
        assert_eq!((answer.status, &*answer.text()), (503, "busy"));
        assert_eq!(answer.header("retry-after"), Some("7"));
    }
    assert_eq!((backend.requests().len(), weir.state().await), (10, "ACTIVE".to_owned()));
}

#[tokio::test]
async fn a_new_revision_starts_afresh() {
    let port = RefusedPort::new();
    let backend = Backend::echo().await;
    let mut weir = Weir::start(&shop(&port.url()));
    assert_eq!(codes(&weir, 2).await, ["101503", "303001"]);
    weir.deploy(&shop(&port.url()).set("description", json!("again")));
    assert_eq!(codes(&weir, 2).await, ["101503", "303001"]);
    weir.deploy(&shop(&backend.url()));
    let mut client = weir.client().await;
    for _ in 0..3 {
        assert_eq!(client.get("/shop/1.0/a").await.unwrap().status, 200);
    }
    assert_eq!(backend.requests().len(), 3);
}

#[tokio::test]
async fn faults_speak_the_callers_language() {
    let port = RefusedPort::new();
    let project =
        open(testkit::Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(json!({
            "endpoint_type": "address",
            "production_endpoints": { "url": port.url(), "config": { "suspendErrorCode": ["1"] } },
        }));
    let weir = Weir::start(&project);
    let soap = [("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", "\"do\"")];
    let answer = weir.call("POST", "/shop/1.0/a", &soap, b"<a/>").await;
    assert_eq!(answer.status, 500);
    assert!(answer.header("content-type").unwrap().starts_with("text/xml"));
    let text = answer.text();
    assert!(text.contains("<faultcode>soapenv:Server</faultcode>"), "{text}");
    assert!(text.contains("<faultstring>Error connecting to the back end</faultstring>"), "{text}");
    for (method, name, value) in [
        ("POST", "Content-Type", "application/xml"),
        ("PUT", "Content-Type", "application/vnd.shop+xml"),
        ("GET", "Accept", "application/xml"),
    ] {
        let answer = weir.call(method, "/shop/1.0/a", &[(name, value)], b"").await;
        assert!(answer.header("content-type").unwrap().starts_with("application/xml"), "{value}");
        assert_eq!(
            answer.text(),
            "<am:fault xmlns:am=\"http://wso2.org/apimanager\"><am:code>101503</am:code>\
             <am:type>Status report</am:type><am:message>Runtime Error</am:message>\
             <am:description>Error connecting to the back end</am:description></am:fault>"
        );
    }
    for (method, name, value) in [
        ("GET", "Content-Type", "application/xml"),
        ("POST", "Content-Type", "application/json"),
        ("GET", "Accept", "text/html, application/xml, */*"),
    ] {
        let answer = weir.call(method, "/shop/1.0/a", &[(name, value)], b"").await;
        assert_eq!(code(&answer), "101503", "{method} {value}");
    }
}

#[tokio::test]
async fn an_address_endpoint_has_its_own_words() {
    let port = RefusedPort::new();
    let project =
        open(testkit::Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(json!({
            "endpoint_type": "address",
            "production_endpoints": { "url": port.url() },
        }));
    let weir = Weir::start(&project);
    assert_eq!(codes(&weir, 2).await, ["101503", "303001"]);
    assert_eq!(
        weir.get("/shop/1.0/a").await.json()["description"],
        "Currently , Address endpoint : [ Name : Shop--v1.0_APIproductionEndpoint ] \
         [ State : SUSPENDED ]"
    );
}

#[tokio::test]
async fn faults_do_not_echo_the_request() {
    let port = RefusedPort::new();
    let weir = Weir::start(&shop(&port.url()));
    let sent =
        [("X-Secret", "1"), ("Cookie", "a=b"), ("User-Agent", "test"), ("activityid", "id-7")];
    let answer = weir.call("GET", "/shop/1.0/a", &sent, b"").await;
    for name in ["x-secret", "cookie", "user-agent"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(answer.header("activityid"), Some("id-7"));
}

#[tokio::test]
async fn statuses_can_be_precise() {
    let port = RefusedPort::new();
    let silent = RawBackend::silent().await;
    let precise = |url: &str| {
        let config = json!({ "actionDuration": "50" });
        Weir::with(&[&shop_with(url, config)], |config| config.fault_status = FaultStatus::Precise)
    };
    for (url, status, expected) in [(port.url(), 502, "101503"), (silent.url(), 504, "101504")] {
        let weir = precise(&url);
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, code(&answer)), (status, expected.to_owned()));
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, code(&answer)), (503, "303001".to_owned()));
    }
}

#[tokio::test]
async fn an_endpoint_can_be_drained_and_resumed() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let id = weir.endpoint().await["id"].as_str().unwrap().to_owned();
    let (status, body) = weir.admin(Method::POST, &format!("/endpoints/{id}/drain")).await;
    assert_eq!((status, &body["health"]["state"]), (200, &json!("MAINTNENCE")));
    suspended(&weir.get("/shop/1.0/a").await, "MAINTNENCE");
    assert!(backend.requests().is_empty());
    assert_eq!(weir.admin(Method::POST, &format!("/endpoints/{id}/resume")).await.0, 200);
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    let (status, body) = weir.admin(Method::POST, &format!("/endpoints/{id}/drain?for=1s")).await;
    assert_eq!(status, 200);
    assert!(body["health"]["retryInMs"].as_u64().unwrap() <= 1000);
    suspended(&weir.get("/shop/1.0/a").await, "MAINTNENCE");
    weir.until("the end of the drain", || async { weir.get("/shop/1.0/a").await.status == 200 })
        .await;
    assert_eq!(weir.state().await, "ACTIVE");
    for (path, status) in [
        (format!("/endpoints/{id}/drain?for=ten"), 400),
        (format!("/endpoints/{id}/other"), 404),
        ("/endpoints/none/drain".to_owned(), 404),
    ] {
        assert_eq!(weir.admin(Method::POST, &path).await, (status, Value::Null), "{path}");
    }
}
