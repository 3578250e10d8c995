//! What is made of answers, from backends that say what a test wants.

use testkit::{Backend, RawBackend, RefusedPort, Reply, Step};

use super::*;

/// What both clients make of these bytes, sent on a connection that is closed then.
async fn of_bytes(answer: &str, probe: &HttpProbe) -> Verdict {
    let mut verdicts = Vec::new();
    for choice in CLIENTS {
        let backend = RawBackend::bytes(answer).await;
        let target = clear(backend.address());
        verdicts.push(ask(&asker(choice), Probe::Http(probe.clone()), target).await);
    }
    let last = verdicts.pop().unwrap();
    assert_eq!(verdicts.pop().unwrap().is_ok(), last.is_ok(), "{last:?}");
    last
}

#[tokio::test]
async fn a_status_is_good_where_it_is_listed() {
    let mut probe = http("/health");
    probe.statuses = StatusSet::from_ranges(vec![200..=204, 404..=404]);
    for (status, verdict) in [
        ("200 OK", good("answered 200")),
        ("204 No Content", good("answered 204")),
        ("404 Not Found", good("answered 404")),
        ("206 Partial Content", bad("answered 206")),
        ("301 Moved", bad("answered 301")),
        ("503 Service Unavailable", bad("answered 503")),
    ] {
        let length = if status.starts_with("204") { "" } else { "Content-Length: 0\r\n" };
        let answer = format!("HTTP/1.1 {status}\r\n{length}\r\n");
        assert_eq!(of_bytes(&answer, &probe).await, verdict);
    }
}

#[tokio::test]
async fn a_text_is_looked_for_in_the_body() {
    let found = good("answered 200 with the text");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\n: U\r\n1\r\nP\r\n1\r\n!\r\n0\r\n\r\n";
    for (text, verdict) in [
        ("UP!", found.clone()),
        (": UP!", found.clone()),
        ("", found.clone()),
        ("DOWN", bad("the body does not hold `DOWN`")),
        (": UP!?", bad("the body does not hold `: UP!?`")),
    ] {
        assert_eq!(of_bytes(chunked, &with_text("/", text)).await, verdict, "{text}");
    }
    let other = "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nUP";
    assert_eq!(of_bytes(other, &with_text("/", "UP")).await, bad("answered 503"));
}

#[tokio::test]
async fn only_the_start_of_a_body_is_looked_at() {
    let body = format!("{}UP!{}", "x".repeat(probe::START - 2), "x".repeat(3_000_000));
    let backend = Backend::answer(200, &[], body).await;
    for choice in CLIENTS {
        let asker = asker(choice);
        for (text, is_good) in [("UP", true), ("UP!", false)] {
            let probe = Probe::Http(with_text("/", text));
            let verdict = ask(&asker, probe, clear(backend.address())).await;
            assert_eq!(verdict.is_ok(), is_good, "{text}: {verdict:?}");
        }
        let verdict = ask(&asker, Probe::Http(http("/")), clear(backend.address())).await;
        assert_eq!(verdict, good("answered 200"));
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_bad_where_its_body_counts() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    let verdict = of_bytes(half, &with_text("/", "whole")).await;
    assert!(verdict.clone().unwrap_err().starts_with("the body broke off: "), "{verdict:?}");
    // What was looked for is there already, or nothing is looked for.
    assert!(of_bytes(half, &with_text("/", "half")).await.is_ok());
    assert!(of_bytes(half, &http("/")).await.is_ok());
    assert!(of_bytes("SSH-2.0-OpenSSH\r\n", &http("/")).await.is_err());
    assert!(of_bytes("", &http("/")).await.is_err());
}

#[tokio::test]
async fn a_request_is_what_the_plan_says() {
    let backend = Backend::echo().await;
    let mut probe = http("/health?deep=1");
    probe.method = Method::POST;
    probe.headers.append("x-probe", HeaderValue::from_static("weir"));
    let asker = asker(ClientChoice::Own);
    ask(&asker, Probe::Http(probe.clone()), clear(backend.address())).await.unwrap();
    let seen = backend.last();
    assert_eq!((seen.method.as_str(), seen.header("x-probe")), ("POST", Some("weir")));
    assert_eq!(seen.header("host"), Some("shop.example"));
    assert_eq!(seen.header("user-agent"), Some("weir-health-check"));
    assert_eq!(seen.header("content-length"), Some("0"));
    probe.headers.append("user-agent", HeaderValue::from_static("mine"));
    ask(&asker, Probe::Http(probe), clear(backend.address())).await.unwrap();
    assert_eq!(backend.last().header("user-agent"), Some("mine"));
}

#[tokio::test]
async fn a_kept_connection_that_has_ended_says_nothing() {
    let (head, answer) = (Step::ReadHead, Step::write("HTTP/1.1 204 No Content\r\n\r\n"));
    // Ends as soon as it has read what comes on a connection that was kept.
    let first = vec![head.clone(), answer.clone(), head.clone(), Step::Close];
    for choice in CLIENTS {
        let backend = RawBackend::script(vec![first.clone(), vec![head.clone(), answer.clone()]]);
        let backend = backend.await;
        let asker = asker(choice);
        for _ in 0..2 {
            let probe = HttpProbe { method: Method::POST, ..http("/") };
            let verdict = ask(&asker, Probe::Http(probe), clear(backend.address())).await;
            assert_eq!(verdict, good("answered 204"), "{choice:?}");
        }
        assert_eq!(backend.connections(), 2, "{choice:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_bad() {
    let port = RefusedPort::new();
    let asker = asker(ClientChoice::Own);
    for probe in [Probe::Tcp, Probe::Http(http("/")), grpc("")] {
        let verdict = ask(&asker, probe, clear(port.address())).await;
        assert!(verdict.clone().unwrap_err().contains("refused"), "{verdict:?}");
    }
}

#[tokio::test]
async fn only_a_service_that_serves_is_good_by_grpc() {
    for (reply, verdict) in [
        (Reply::grpc(b"\x08\x01", 0), good("SERVING")),
        (Reply::grpc(b"\x12\x01x\x08\x01", 0), good("SERVING")),
        (Reply::grpc(b"", 0), bad("UNKNOWN")),
        (Reply::grpc(b"\x08\x02", 0), bad("NOT_SERVING")),
        (Reply::grpc(b"\x08\x03", 0), bad("SERVICE_UNKNOWN")),
        (Reply::grpc(b"\x08\x09", 0), bad("serving status 9")),
        (Reply::grpc(b"\x08", 0), bad("the answer is no HealthCheckResponse")),
        (Reply::new(200).header("grpc-status", "0"), bad("the answer is no HealthCheckResponse")),
        (Reply::grpc(b"\x08\x01", 14), bad("grpc status 14")),
        (
            Reply::new(200).header("grpc-status", "5").header("grpc-message", "no %22shop%22%0a"),
            bad("grpc status 5: no \"shop\" "),
        ),
        (Reply::new(503).header("grpc-status", "0"), bad("answered 503")),
        (Reply::new(200).body("hello"), bad("the answer has no grpc status")),
        (
            Reply::new(200).body("x".repeat(100_000)).trailers(&[("grpc-status", "0")]),
            bad("the answer is larger than 65536 bytes"),
        ),
    ] {
        let reply = Mutex::new(Some(reply));
        let answer = move |_| reply.lock().unwrap().take().unwrap();
        let backend = Backend::builder().http2_only().start(answer).await;
        let target = Target { http2: Http2::Always, ..clear(backend.address()) };
        assert_eq!(ask(&asker(ClientChoice::Own), grpc("a"), target).await, verdict);
        let seen = backend.last();
        assert_eq!(seen.target, "/grpc.health.v1.Health/Check");
        assert_eq!(seen.header("content-type"), Some("application/grpc"));
        assert_eq!(seen.header("te"), Some("trailers"));
        assert_eq!(seen.body[..], *b"\0\0\0\0\x03\x0a\x01a");
    }
}
