//! What is sent again after which failure: no request whose method is unsafe reaches two backends
//! unless the policy says that it may.

use compiler::plan::RetryPolicy;
use gateway::config::upstream::ClientChoice;
use serde_json::{Value, json};
use testkit::{Project, RawBackend, RefusedPort, Step};

use super::{api, at, failover, failover_config, hasty, merged, named, state, steady};
use crate::gateway::{Weir, client, code};

const BODY: &str = "hello";
const METHODS: [&str; 6] = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"];

/// How far a backend lets a request come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// There is no connection.
    Refused,
    /// The connection is closed as soon as it is there.
    Accepted,
    /// It is closed once the head was read.
    Head,
    /// It is closed once all was read.
    Whole,
    /// There is no answer in time.
    Silent,
    /// It is reset within the head of the answer.
    Half,
    /// What comes is no HTTP.
    Garbage,
}

const POINTS: [Point; 7] = [
    Point::Refused,
    Point::Accepted,
    Point::Head,
    Point::Whole,
    Point::Silent,
    Point::Half,
    Point::Garbage,
];

/// A backend that fails.
enum Failing {
    Refused(RefusedPort),
    Raw(RawBackend),
}

impl Failing {
    async fn at(point: Point, body: usize) -> Self {
        let read = [Step::ReadHead, Step::ReadBytes(body)];
        let and = |step: &[Step]| [&read[..], step].concat();
        let steps = match point {
            Point::Refused => return Self::Refused(RefusedPort::new()),
            Point::Accepted => vec![Step::Close],
            Point::Head => vec![Step::ReadHead, Step::Close],
            Point::Whole => and(&[Step::Close]),
            Point::Silent => and(&[Step::Never]),
            Point::Half => and(&[Step::write("HTTP/1.1 200 OK\r\nContent-Le"), Step::Reset]),
            Point::Garbage => and(&[Step::write("220 mail.example ESMTP\r\n"), Step::Close]),
        };
        Self::Raw(RawBackend::play(steps).await)
    }

    fn url(&self) -> String {
        match self {
            Self::Refused(port) => port.url(),
            Self::Raw(backend) => backend.url(),
        }
    }

    /// It as a member that has as much time as it needs to fail.
    fn member(&self, point: Point) -> Value {
        if point == Point::Silent { hasty(&self.url()) } else { steady(&self.url()) }
    }

    /// The requests with this method that have arrived.
    fn requests(&self, method: &str) -> usize {
        let Self::Raw(backend) = self else { return 0 };
        let start = format!("{method} ");
        backend.received().iter().filter(|bytes| bytes.starts_with(start.as_bytes())).count()
    }
}

fn body_of(method: &str) -> &'static str {
    if matches!(method, "GET" | "HEAD") { "" } else { BODY }
}

/// What the documentation says of policies (docs/endpoint-groups.md).
fn is_repeated(policy: &str, method: &str, is_unsent: bool) -> bool {
    match policy {
        "never" => false,
        _ if is_unsent => true,
        "unsent" => false,
        "safe" => matches!(method, "GET" | "HEAD"),
        "idempotent" => matches!(method, "GET" | "HEAD" | "PUT" | "DELETE"),
        _ => true,
    }
}

/// Every method at every point of failure, under one policy.
async fn every_case(policy: &str, retries: Value, gateway: RetryPolicy) {
    let second = named("b").await;
    let (mut failing, mut projects) = (Vec::new(), Vec::new());
    for point in POINTS {
        for length in [0, BODY.len()] {
            let first = Failing::at(point, length).await;
            let members = [first.member(point), at(&second.url())];
            let retries = merged(json!({ "budget": false }), retries.clone());
            let settings = json!({ "retries": retries });
            let name = format!("{point:?}{length}");
            projects.push(api(&name, failover_config(&members, settings)));
            failing.push((point, length, name.to_lowercase(), first));
        }
    }
    let projects: Vec<&Project> = projects.iter().collect();
    let weir = Weir::with(&projects, |config| config.upstream.retry_policy = gateway);
    for (point, length, name, first) in &failing {
        for method in METHODS.iter().filter(|method| body_of(method).len() == *length) {
            let target = format!("/{name}/1.0/a");
            let answer = weir.call(method, &target, &[], body_of(method).as_bytes()).await;
            let case = format!("{policy} {method} {point:?}");
            if *point == Point::Accepted && client() == ClientChoice::Library {
                // It may see the end of the connection before it sends anything.
                let (one, two) = (first.requests(method), second.take().len());
                let may_be_at_both = is_repeated(policy, method, false);
                assert!(two <= 1 && (may_be_at_both || one + two <= 1), "{case}: {one} {two}");
                continue;
            }
            let is_unsent = *point == Point::Refused;
            let is_repeated = is_repeated(policy, method, is_unsent);
            assert_eq!(answer.status, if is_repeated { 200 } else { 500 }, "{case}");
            // The bytes may be read a little after the answer.
            let arrived = usize::from(!is_unsent);
            weir.until(&case, || async { first.requests(method) == arrived }).await;
            let requests = second.take();
            assert_eq!(requests.len(), usize::from(is_repeated), "{case}");
            for request in requests {
                let got = (request.method.as_str(), request.text());
                assert_eq!(got, (*method, body_of(method).to_owned()), "{case}");
            }
        }
    }
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
}

#[tokio::test]
async fn never() {
    every_case("never", json!({ "policy": "never" }), RetryPolicy::default()).await;
}

#[tokio::test]
async fn unsent() {
    every_case("unsent", json!({ "policy": "unsent" }), RetryPolicy::default()).await;
}

#[tokio::test]
async fn safe() {
    every_case("safe", json!({ "policy": "safe" }), RetryPolicy::Wso2).await;
}

#[tokio::test]
async fn idempotent() {
    every_case("idempotent", json!({ "policy": "idempotent" }), RetryPolicy::default()).await;
}

#[tokio::test]
async fn wso2() {
    every_case("wso2", json!({ "policy": "wso2" }), RetryPolicy::default()).await;
}

#[tokio::test]
async fn safe_is_the_default() {
    every_case("safe", json!({}), RetryPolicy::default()).await;
}

#[tokio::test]
async fn what_the_gateway_says_holds_for_groups_that_say_nothing() {
    every_case("wso2", json!({}), RetryPolicy::Wso2).await;
}

/// A connection that is reset as soon as it is there may have taken bytes or not; whichever it is,
/// nothing unsafe arrives twice, and what is safe is answered.
#[tokio::test]
async fn a_reset_before_anything_was_read() {
    let first = RawBackend::play(vec![Step::Reset]).await;
    let second = named("b").await;
    let weir = Weir::start(&failover(&[steady(&first.url()), at(&second.url())], json!({})));
    for round in 0..20 {
        assert_eq!(weir.get("/shop/1.0/a").await.text(), "b", "{round}");
        let answer = weir.call("POST", "/shop/1.0/a", &[], b"once").await;
        let requests = second.take();
        let posts = requests.iter().filter(|request| request.method == "POST").count();
        assert_eq!(posts, usize::from(answer.status == 200), "{round}");
        assert!(first.received().iter().all(Vec::is_empty));
    }
}

/// A connection that was kept ends under a request: the same rules hold.
#[tokio::test]
async fn a_kept_connection_that_ends_under_a_request() {
    for (policy, method, is_repeated) in [
        ("never", "POST", false),
        ("safe", "POST", false),
        ("safe", "PUT", false),
        ("idempotent", "PUT", true),
        ("wso2", "POST", true),
    ] {
        let hello = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na";
        let read = [Step::ReadHead, Step::ReadBytes(BODY.len())];
        let kept = [&[Step::ReadHead, Step::write(hello)], &read[..], &[Step::Close]].concat();
        let first = RawBackend::play(kept).await;
        let second = named("b").await;
        let settings = json!({ "retries": { "policy": policy } });
        let weir = Weir::start(&failover(&[at(&first.url()), at(&second.url())], settings));
        let mut client = weir.client().await;
        assert_eq!(client.get("/shop/1.0/a").await.unwrap().text(), "a");
        let answer = client.call(method, "/shop/1.0/a", &[], BODY.as_bytes()).await.unwrap();
        let case = format!("{policy} {method}");
        assert_eq!(answer.status, if is_repeated { 200 } else { 500 }, "{case}");
        assert_eq!(first.connections(), 1, "{case}");
        assert_eq!(first.text(0).matches(method).count(), 1, "{case}");
        assert_eq!(second.requests().len(), usize::from(is_repeated), "{case}");
        // A connection that had been kept says little of the member.
        assert_eq!(state(&weir, &[0]).await, "ACTIVE", "{case}");
    }
}

#[tokio::test]
async fn clients_say_that_a_request_may_be_repeated() {
    for (policy, is_repeated) in
        [("never", false), ("unsent", true), ("safe", true), ("idempotent", true), ("wso2", true)]
    {
        let first = Failing::at(Point::Whole, BODY.len()).await;
        let second = named("b").await;
        let retries = json!({ "policy": policy, "idempotencyKey": "Idempotency-Key" });
        let members = [steady(&first.url()), at(&second.url())];
        let weir = Weir::start(&failover(&members, json!({ "retries": retries })));
        for (key, is_repeated) in [("Idempotency-Key", is_repeated), ("X-Other", policy == "wso2")]
        {
            let headers = [(key, "k-1")];
            let answer = weir.call("POST", "/shop/1.0/a", &headers, BODY.as_bytes()).await;
            let case = format!("{policy} {key}");
            assert_eq!(answer.status, if is_repeated { 200 } else { 500 }, "{case}");
            let requests = second.take();
            assert_eq!(requests.len(), usize::from(is_repeated), "{case}");
            // The upstream needs the key to keep the request from being done twice.
            assert!(requests.iter().all(|request| request.header(key) == Some("k-1")), "{case}");
        }
    }
}

/// What an unsafe request that failed is answered with: the failure's own code, and why nobody
/// else was asked.
#[tokio::test]
async fn who_is_not_asked_is_told_why() {
    for (point, expected) in
        [(Point::Whole, "101508"), (Point::Silent, "101504"), (Point::Garbage, "101509")]
    {
        let first = Failing::at(point, BODY.len()).await;
        let second = named("b").await;
        let members = [first.member(point), at(&second.url())];
        let weir = Weir::start(&failover(&members, json!({})));
        let answer = weir.call("POST", "/shop/1.0/a", &[], BODY.as_bytes()).await;
        assert_eq!((answer.status, &*code(&answer)), (500, expected));
        let record = weir.record().await;
        assert_eq!((&record["no_failover"], &record["attempts"]), (&json!("policy"), &json!(1)));
    }
}
