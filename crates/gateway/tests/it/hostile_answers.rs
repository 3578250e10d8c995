//! Answers that two readers could read differently: each is a fault, or visibly broken, and none
//! ever reaches the request behind it.

mod cases;

use std::time::Duration;

use gateway::config::upstream::ClientChoice;
use serde_json::json;
use testkit::{Client, H2Client, RawBackend, Step};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::gateway::{self as rig, Weir, shop_with};

/// What the hostile connection would answer to another request.
const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
const NEXT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext";
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer, and what must come of it.
struct Case {
    name: String,
    method: &'static str,
    answer: Vec<u8>,
    end: End,
    want: Want,
}

/// What the backend does behind its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It waits for another request, which it answers like any other backend.
    Good,
    /// It waits for another request, which must not come.
    Kept,
    Closed,
    Reset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// A fault: this is not HTTP.
    Violation,
    /// A fault: the backend has not answered.
    NoAnswer,
    /// A fault, or an answer that nobody can take for whole.
    Broken,
    /// An answer with this status and body.
    Whole(u16, &'static str),
    /// That, or a fault.
    WholeOrFault(u16, &'static str),
}

fn steady(backend: &RawBackend) -> Weir {
    Weir::start(&shop_with(&backend.url(), json!({ "suspendDuration": "0" })))
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> Result<T, String> {
    let waited = tokio::time::timeout(PATIENCE, future).await;
    waited.map_err(|_late| format!("waited in vain for {what}"))
}

impl Case {
    /// A backend that gives this answer on its first connection, and a good one on all others.
    async fn backend(&self) -> RawBackend {
        let mut hostile = vec![Step::ReadHead, Step::Write(self.answer.clone())];
        let turn = [Step::ReadHead, Step::write(NEXT)];
        let good: Vec<Step> = turn.iter().cycle().take(20).cloned().collect();
        hostile.extend(match self.end {
            End::Good => good.clone(),
            End::Kept => vec![Step::ReadHead, Step::write(EVIL), Step::Never],
            End::Closed => vec![Step::Close],
            // The reset must not overtake the bytes.
            End::Reset => vec![Step::Sleep(Duration::from_millis(20)), Step::Reset],
        });
        RawBackend::script(vec![hostile, good]).await
    }

    /// The first thing that is wrong.
    async fn check(&self) -> Result<(), String> {
        for is_http2 in [false, true] {
            let backend = self.backend().await;
            let weir = steady(&backend);
            let checked =
                if is_http2 { self.over_http2(&weir).await } else { self.over_http1(&weir).await };
            let version = if is_http2 { "2" } else { "1.1" };
            let named = |text| format!("{} (HTTP/{version}): {text}", self.name);
            checked.map_err(named)?;
            self.next(&weir).await.map_err(named)?;
        }
        Ok(())
    }

    async fn over_http1(&self, weir: &Weir) -> Result<(), String> {
        let mut client = weir.client().await;
        let request = format!("{} /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n", self.method);
        client.send(request).await.unwrap();
        if self.want == Want::Broken {
            return self.broken(&mut client, weir).await;
        }
        let answer = within("an answer", client.response_to(self.method)).await?;
        let answer = answer.map_err(|error| format!("no answer: {error}"))?;
        let code =
            answer.header("content-type").is_some_and(|it| it.starts_with("application/json"));
        let code = code.then(|| answer.json()["code"].as_str().unwrap_or_default().to_owned());
        self.judge(answer.status, &answer.text(), code.as_deref())?;
        for name in ["content-length", "transfer-encoding", "connection"] {
            if answer.trailer(name).is_some() {
                return Err(format!("{name} among the trailers"));
            }
        }
        if code.is_some() || matches!(self.end, End::Closed | End::Reset) {
            return Ok(());
        }
        // The client's connection has nothing of the backend's left on it.
        let next = within("the next answer", client.get("/shop/1.0/b")).await?;
        let next = next.map_err(|error| format!("no next answer: {error}"))?;
        if next.text() == "next" { Ok(()) } else { Err(format!("{next:?} to the next request")) }
    }

    fn judge(&self, status: u16, body: &str, code: Option<&str>) -> Result<(), String> {
        let is_whole = |wanted: (u16, &str)| code.is_none() && (status, body) == wanted;
        let is_violation = matches!(code, Some("101506" | "101509" | "101510"));
        let holds = match self.want {
            Want::Violation => is_violation,
            Want::NoAnswer => code == Some("101508"),
            Want::Broken => matches!(code, Some("101508" | "101509" | "101510")),
            Want::Whole(status, body) => is_whole((status, body)),
            Want::WholeOrFault(status, body) => is_violation || is_whole((status, body)),
        };
        if holds { Ok(()) } else { Err(format!("{status} {body:?} instead of {:?}", self.want)) }
    }

    /// A fault, or fewer bytes than the head promises; and the access log knows.
    async fn broken(&self, client: &mut Client, weir: &Weir) -> Result<(), String> {
        let head = within("a head", client.head()).await?;
        // Nothing at all is no whole answer either.
        let Ok(head) = head else { return Ok(()) };
        let of = |name: &str| head.headers.iter().find(|it| it.0.eq_ignore_ascii_case(name));
        if head.status == 500 {
            return Ok(());
        }
        let rest = within("the end of the connection", client.rest()).await?;
        let is_whole = match (of("content-length"), of("transfer-encoding")) {
            (Some((_, length)), _) => rest.len() >= length.parse().unwrap_or(0),
            (None, Some(_)) => rest == b"0\r\n\r\n" || rest.ends_with(b"\r\n0\r\n\r\n"),
            (None, None) => true,
        };
        if is_whole {
            return Err(format!("{:?} as if whole", String::from_utf8_lossy(&rest)));
        }
        let record = weir.record().await;
        if record["aborted"] == true { Ok(()) } else { Err(format!("not aborted: {record}")) }
    }

    async fn over_http2(&self, weir: &Weir) -> Result<(), String> {
        let mut client: H2Client = weir.h2().await;
        let request = http::Request::builder().method(self.method).uri(weir.url("/shop/1.0/a"));
        let request = request.body(testkit::ReplyBody::full(bytes::Bytes::new())).unwrap();
        let answer = match within("an answer", client.call(request)).await? {
            Ok(answer) => answer,
            Err(_reset) if self.want == Want::Broken => return Ok(()),
            Err(error) => return Err(format!("no answer: {error}")),
        };
        let code =
            answer.header("content-type").is_some_and(|it| it.starts_with("application/json"));
        let code = code.then(|| answer.json()["code"].as_str().unwrap_or_default().to_owned());
        self.judge(answer.status, &answer.text(), code.as_deref())
    }

    /// Another client's request goes over another connection and gets its own answer.
    async fn next(&self, weir: &Weir) -> Result<(), String> {
        for _ in 0..2 {
            let next = within("another client's answer", weir.get("/shop/1.0/c")).await?;
            if (next.status, &*next.text()) != (200, "next") {
                return Err(format!("{} {:?} to another client", next.status, next.text()));
            }
        }
        within("nothing in flight", weir.quiet()).await?;
        if weir.metric("gateway_panics_total").await > 0.0 {
            return Err("the gateway panicked".to_owned());
        }
        Ok(())
    }
}

async fn check(cases: Vec<Case>) {
    // The library lets through what two could read differently; that is why it is not used.
    if rig::client() == ClientChoice::Library {
        return;
    }
    let mut problems = Vec::new();
    for case in &cases {
        problems.extend(case.check().await.err());
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[tokio::test]
async fn heads_leave_no_choice() {
    check(cases::heads()).await;
}

#[tokio::test]
async fn lengths_of_answers_leave_no_choice() {
    check(cases::lengths()).await;
}

#[tokio::test]
async fn bodies_leave_no_choice() {
    check(cases::bodies()).await;
}

#[tokio::test]
async fn what_comes_behind_an_answer_is_dropped() {
    check(cases::behind()).await;
}

/// Bytes that come on a kept connection while nobody has asked for anything.
#[tokio::test]
async fn an_answer_to_nobody_is_given_to_nobody() {
    for answer in [EVIL, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", "\r\n", "x"] {
        let go = std::sync::Arc::new(Notify::new());
        let first = vec![
            Step::ReadHead,
            Step::write(NEXT),
            Step::Wait(std::sync::Arc::clone(&go)),
            Step::write(answer),
            Step::ReadHead,
            Step::write(EVIL),
            Step::Never,
        ];
        let others = vec![Step::ReadHead, Step::write(NEXT), Step::Never];
        let backend = RawBackend::script(vec![first, others]).await;
        let weir = steady(&backend);
        for method in ["GET", "POST"] {
            assert_eq!(weir.call(method, "/shop/1.0/a", &[], b"").await.text(), "next");
            go.notify_one();
            // Long enough for the bytes to arrive, as between two requests of a client.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(backend.connections(), 2, "{answer:?}");
    }
}

/// The answer comes before the request is whole: what is left of the request must not become
/// another one on that connection.
#[tokio::test]
async fn a_connection_is_not_kept_under_half_a_request() {
    let early =
        vec![Step::ReadHead, Step::write(NEXT), Step::ReadHead, Step::write(EVIL), Step::Never];
    let others = vec![Step::ReadHead, Step::write(NEXT), Step::Never];
    for fields in ["Content-Length: 1000000", "Transfer-Encoding: chunked"] {
        let backend = RawBackend::script(vec![early.clone(), others.clone()]).await;
        let weir = steady(&backend);
        let mut client = weir.client().await;
        let head = format!("POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n");
        client.send(head + "5\r\nfirst\r\n").await.unwrap();
        assert_eq!(client.response().await.unwrap().text(), "next", "{fields}");
        // What the client still sends is no request either.
        drop(client.send("GET /shop/1.0/smuggled HTTP/1.1\r\nHost: x\r\n\r\n").await);
        assert_eq!(client.rest().await, b"", "{fields}");
        assert_eq!(weir.get("/shop/1.0/b").await.text(), "next", "{fields}");
        weir.quiet().await;
        assert_eq!(backend.connections(), 2, "{fields}");
        assert!(!backend.text(0).contains("/b "), "{}", backend.text(0));
    }
}

/// HTTP/1.0 has no chunks: where the end of the connection is the end of the body, only a reset
/// tells that there should have been more.
#[tokio::test]
async fn an_old_client_is_told_by_a_reset() {
    for answer in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nXX",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let backend = RawBackend::bytes(answer).await;
        let weir = steady(&backend);
        let mut client = TcpStream::connect(weir.address()).await.unwrap();
        client.write_all(b"GET /shop/1.0/a HTTP/1.0\r\n\r\n").await.unwrap();
        let mut text = Vec::new();
        let read = testkit::bounded("the end", client.read_to_end(&mut text)).await;
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains(" 500 ") || read.is_err(), "{answer:?} became {text:?} {read:?}");
        weir.quiet().await;
    }
}
