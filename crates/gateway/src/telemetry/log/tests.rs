#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const WITHIN: Duration = Duration::from_secs(10);

/// A sink that can be read while it is written.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(lock(&self.0).clone()).unwrap()
    }
}

/// A sink that says when it is called, and then waits for leave.
struct Stuck {
    called: mpsc::Sender<()>,
    leave: Receiver<()>,
    sink: Sink,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.called.send(()).ok();
        self.leave.recv().ok();
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("gone"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn record() -> AccessRecord<'static> {
    AccessRecord {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_468_805_042),
        request_id: "r-1",
        trace_id: TraceId([0xab; 16]),
        client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 17)),
        method: "POST",
        host: "api.example.com",
        path: "/pizzashack/1.0.0/order?apikey=secret",
        protocol: "HTTP/1.1",
        status: 500,
        request_bytes: 12,
        response_bytes: 345,
        duration: Duration::from_micros(1_234),
        api: Some("PizzaShackAPI"),
        version: Some("1.0.0"),
        operation: Some("/order"),
        soap_operation: None,
        endpoint: Some("Pizza main"),
        upstream: Some("pizza.example:443"),
        attempts: 1,
        upstream_time: Some(Duration::from_micros(987)),
        fault: Some((101_503, FaultCode::ConnectFailed)),
        key_type: Some("production"),
        client_id: Some("abc"),
        aborted: false,
        past: &[],
        stopped: None,
        user_agent: Some(b"curl/8"),
    }
}

fn start(sink: impl Write + Send + 'static, format: Format) -> AccessLog {
    AccessLog::start(Box::new(sink), format, 2).unwrap()
}

fn written(format: Format, record: &AccessRecord<'_>) -> String {
    let sink = Sink::default();
    let log = start(sink.clone(), format);
    log.write(0, record);
    assert!(log.shutdown(WITHIN));
    sink.text()
}

fn written_json(record: &AccessRecord<'_>) -> Value {
    let text = written(Format::Json, record);
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_record_is_one_json_object_without_the_query() {
    let expected = json!({
        "time": "2026-11-23T21:20:05.042Z", "request_id": "r-1",
        "trace_id": "abababababababababababababababab", "client": "192.0.2.17",
        "method": "POST", "host": "api.example.com", "path": "/pizzashack/1.0.0/order",
        "protocol": "HTTP/1.1", "status": 500, "request_bytes": 12, "response_bytes": 345,
        "duration_us": 1234, "api": "PizzaShackAPI", "version": "1.0.0", "operation": "/order",
        "endpoint": "Pizza main", "upstream": "pizza.example:443", "attempts": 1,
        "upstream_us": 987, "fault_code": 101_503, "fault": "ConnectFailed",
        "key_type": "production", "client_id": "abc", "user_agent": "curl/8",
    });
    assert_eq!(written_json(&record()), expected);
}

#[test]
fn what_is_not_known_is_left_out() {
    let record = AccessRecord {
        api: None,
        version: None,
        operation: None,
        soap_operation: None,
        endpoint: None,
        upstream: None,
        upstream_time: None,
        fault: None,
        key_type: None,
        client_id: None,
        user_agent: None,
        aborted: true,
        client: IpAddr::V6(Ipv6Addr::LOCALHOST),
        ..record()
    };
    let found = written_json(&record);
    assert_eq!(found.get("api"), None);
    assert_eq!(found.get("fault"), None);
    assert_eq!(found["aborted"], true);
    assert_eq!(found["client"], "::1");
}

#[test]
fn a_line_for_people() {
    let line = written(Format::Text, &record());
    assert_eq!(
        line,
        "2026-11-23T21:20:05.042Z 500 POST api.example.com/pizzashack/1.0.0/order HTTP/1.1 \
         ms=1.234 client=192.0.2.17 in=12 out=345 api=PizzaShackAPI version=1.0.0 \
         operation=/order endpoint=\"Pizza main\" upstream=pizza.example:443 attempts=1 \
         upstream_ms=0.987 fault_code=101503 fault=ConnectFailed key_type=production \
         client_id=abc agent=\"curl/8\" id=r-1 trace=abababababababababababababababab\n"
    );
}

#[test]
fn what_strangers_send_stays_in_its_place() {
    let record = AccessRecord {
        path: "/a\n\u{1b}[31m\"\\",
        user_agent: Some(b"\xff\"} \r\n x"),
        ..record()
    };
    let found = written_json(&record);
    assert_eq!(found["path"], "/a\n\u{1b}[31m\"\\");
    assert_eq!(found["user_agent"], "\u{fffd}\"} \r\n x");
    let line = written(Format::Text, &record);
    assert_eq!(line.matches('\n').count(), 1);
    assert!(!line.contains(['\u{1b}', '\r']), "{line}");
}

#[test]
fn what_is_long_is_cut_between_characters() {
    let path = "/ä".repeat(2000);
    let agent = "x".repeat(300);
    let record = AccessRecord { path: &path, user_agent: Some(agent.as_bytes()), ..record() };
    let found = written_json(&record);
    let length = found["path"].as_str().unwrap().len();
    assert!((2045..=2048).contains(&length), "{length}");
    assert_eq!(found["user_agent"].as_str().unwrap().len(), 256);
}

#[test]
fn a_full_buffer_is_written_without_a_flush_and_a_flush_writes_the_rest() {
    let (called, calls) = mpsc::channel();
    let (leave, leaves) = mpsc::channel();
    let sink = Sink::default();
    let log = start(Stuck { called, leave: leaves, sink: sink.clone() }, Format::Json);
    let mut sent = 0;
    while sent * written(Format::Json, &record()).len() < FULL {
        log.write(0, &record());
        sent += 1;
    }
    calls.recv_timeout(WITHIN).unwrap();
    log.write(0, &record());
    log.flush(0);
    log.flush(1);
    drop(leave);
    calls.recv_timeout(WITHIN).unwrap();
    assert!(log.shutdown(WITHIN));
    assert_eq!(sink.text().lines().count(), sent + 1);
}

#[test]
fn a_sink_that_is_stuck_costs_records_and_not_time() {
    let (called, calls) = mpsc::channel();
    let (leave, leaves) = mpsc::channel();
    let sink = Sink::default();
    let log = start(Stuck { called, leave: leaves, sink: sink.clone() }, Format::Json);
    log.write(0, &record());
    log.flush(0);
    calls.recv_timeout(WITHIN).unwrap();
    let mut sent = 1_u64;
    while log.dropped().load(Ordering::Relaxed) == 0 {
        log.write(1, &record());
        sent += 1;
    }
    assert!(!log.shutdown(Duration::ZERO), "the sink is still stuck");
    drop(leave);
    assert!(log.shutdown(WITHIN));
    let dropped = log.dropped().load(Ordering::Relaxed);
    assert_eq!(sink.text().lines().count() as u64 + dropped, sent);
}

#[test]
fn what_comes_after_the_end_or_cannot_be_written_is_counted() {
    let log = start(Broken, Format::Text);
    log.write(0, &record());
    assert!(log.shutdown(WITHIN));
    assert_eq!(log.dropped().load(Ordering::Relaxed), 1);
    log.write(0, &record());
    log.flush(0);
    assert_eq!(log.dropped().load(Ordering::Relaxed), 2);
}

proptest! {
    #[test]
    fn any_text_survives_json(path in "/[^?]{0,200}", agent in proptest::collection::vec(any::<u8>(), 0..64)) {
        let record = AccessRecord { path: &path, user_agent: Some(&agent), ..record() };
        let found = written_json(&record);
        prop_assert_eq!(found["path"].as_str().unwrap(), path.as_str());
        let agent = String::from_utf8_lossy(&agent);
        prop_assert_eq!(found["user_agent"].as_str().unwrap(), agent.as_ref());
    }
}
