use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::host::{Category, Host};
use crate::limits::Limits;
use crate::machine::{Advance, End, Machine, Wants};
use crate::parse::{Context, parse};
use crate::testing::Ask;
use crate::{Library, MediationFault};
use model::policy::Flow;

/// A gateway that keeps answers, and whose time and callers a test sets.
#[derive(Default)]
struct Keeper {
    kept: RefCell<BTreeMap<Vec<u8>, Arc<Cached>>>,
    now: i64,
    caller: Option<&'static str>,
}

impl Host for Keeper {
    fn property(&self, _name: &str) -> Option<Value> {
        None
    }

    fn axis2(&self, _name: &str) -> Option<Value> {
        None
    }

    fn secret(&self, _alias: &str) -> Option<String> {
        None
    }

    fn hmac(&self, _algorithm: &str, _key: &str, _text: &str) -> Option<String> {
        None
    }

    fn now_ms(&self) -> i64 {
        self.now
    }

    fn claim(&self, _name: &str) -> Option<std::borrow::Cow<'_, serde_json::Value>> {
        None
    }

    fn client_address(&self) -> Option<std::net::IpAddr> {
        None
    }

    fn bucket(&self) -> u8 {
        0
    }

    fn random(&self) -> u64 {
        0
    }

    fn log(&self, _category: Category, _text: &str) {}

    fn caller(&self) -> Option<String> {
        self.caller.map(str::to_owned)
    }

    fn cached(&self, key: &[u8]) -> Option<Arc<Cached>> {
        self.kept.borrow().get(key).cloned()
    }

    fn keep(&self, key: Vec<u8>, answer: Arc<Cached>, _most: usize) {
        self.kept.borrow_mut().insert(key, answer);
    }
}

fn run(text: &str, flow: Flow, message: &mut Message, body: &str, host: &Keeper) -> End {
    let context = Context {
        file: "",
        origin: "test",
        flow,
        known_sequences: &|_| false,
        is_dynamic_endpoint: true,
        line_offset: 0,
    };
    let mut found = Vec::new();
    let sequence = parse(text, &context, &mut found).unwrap_or_else(|| panic!("{text}: {found:?}"));
    let mut machine = Machine::new(Arc::new(sequence), Arc::new(Library::default()));
    loop {
        let advance: Result<Advance, MediationFault> =
            machine.advance(message, host, &Limits::default());
        match advance.expect("no fault") {
            Advance::Ends(end) => return end,
            Advance::Wants(Wants::Body) => message.payload.load(Bytes::from(body.to_owned())),
            Advance::Wants(other) => panic!("{other:?}"),
        }
    }
}

/// Asks once: what was answered, and whether the upstream was.
fn ask(
    step: &str,
    ask: &Ask,
    answer: (u16, &[(&str, &str)], &str),
    host: &Keeper,
) -> (String, bool) {
    let mut message = ask.message();
    let request = String::from_utf8_lossy(&ask.body).into_owned();
    match run(step, Flow::Request, &mut message, &request, host) {
        End::Respond => {}
        End::Continue => {
            let (status, headers, body) = answer;
            let mut all = HeaderMap::new();
            all.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            for (name, value) in headers {
                let name = HeaderName::try_from(*name).expect("a name");
                let value = HeaderValue::try_from(*value).expect("a value");
                if value.is_empty() {
                    all.remove(name)
                } else {
                    all.insert(name, value)
                };
            }
            let payload = Payload::unread(Media::of(message::content_type(&all)));
            message.answer(StatusCode::from_u16(status).expect("a status"), all, payload);
            run(r#"<cache collector="true"/>"#, Flow::Response, &mut message, body, host);
            return (body.to_owned(), true);
        }
        other => panic!("{other:?}"),
    }
    let bytes = message.write_body(&Limits::default()).expect("a body");
    (String::from_utf8_lossy(&bytes).into_owned(), false)
}

/// Whether the second one is answered from the cache after the first.
#[track_caller]
fn check(
    step: &str,
    first: &Ask,
    second: &Ask,
    answer: (u16, &[(&str, &str)], &str),
    is_hit: bool,
) {
    let host = Keeper::default();
    assert!(ask(step, first, answer, &host).1, "nothing is there at first");
    let (body, is_asked) = ask(step, second, (200, &[], "new"), &host);
    assert_eq!(!is_asked, is_hit, "{step}");
    assert_eq!(body, if is_hit { answer.2 } else { "new" }, "{step}");
}

const STEP: &str = r#"<cache timeout="60"/>"#;
const OK: (u16, &[(&str, &str)], &str) = (200, &[("content-type", "application/json")], "{}");

#[test]
fn the_same_question_has_the_same_answer() {
    let get = Ask::default();
    check(STEP, &get, &get, OK, true);
    check(STEP, &get, &get.clone().with(&[("traceparent", "00-1-2-00")]), OK, true);
    check(STEP, &get, &get.clone().with(&[("X-Other", "1")]), OK, false);
    check(STEP, &get, &Ask { target: "/shop/1.0/orders/8", ..Ask::default() }, OK, false);
    check(STEP, &get, &Ask { method: "HEAD", ..Ask::default() }, OK, false);
    let post = Ask::json("{}");
    check(STEP, &post, &post, OK, false);
    let both = r#"<cache><protocol type="HTTP"><methods>GET, POST</methods></protocol></cache>"#;
    check(both, &post, &post, OK, true);
    check(both, &post, &Ask::json("[]"), OK, false);
}

#[test]
fn headers_count_as_the_step_says() {
    let protocol =
        |inner: &str| format!(r#"<cache><protocol type="HTTP">{inner}</protocol></cache>"#);
    let (one, other) = (Ask::default().with(&[("X-A", "1")]), Ask::default().with(&[("X-A", "2")]));
    let without = protocol("<headersToExcludeInHash>X-A, X-B</headersToExcludeInHash>");
    check(&without, &one, &other, OK, true);
    let none = protocol("<headersToExcludeInHash>*</headersToExcludeInHash>");
    check(&none, &one, &other, OK, true);
    check(&none, &one, &one, (200, &[("vary", "X-A")], "{}"), false);
    check(STEP, &one, &one, (200, &[("vary", "X-A, Accept-Encoding")], "{}"), true);
    let only = protocol("<headersToIncludeInHash>X-A</headersToIncludeInHash>");
    check(&only, &one, &other, OK, false);
    check(&only, &one, &one.clone().with(&[("X-C", "1")]), OK, true);
    for name in ["Authorization", "Cookie", "Accept-Encoding"] {
        let shown = one.clone().with(&[(name, "somebody")]);
        check(&none, &shown, &one, OK, false);
        check(&none, &shown, &shown, OK, true);
    }
}

#[test]
fn nobody_gets_what_was_for_somebody_else() {
    let step = r#"<cache><protocol type="HTTP"><headersToExcludeInHash>*</headersToExcludeInHash></protocol></cache>"#;
    let mut host = Keeper { caller: Some("ann"), ..Keeper::default() };
    let get = Ask::default();
    assert!(ask(step, &get, (200, &[], "ann's"), &host).1);
    host.caller = Some("bob");
    assert_eq!(ask(step, &get, (200, &[], "bob's"), &host), ("bob's".to_owned(), true));
    host.caller = None;
    assert_eq!(ask(step, &get, (200, &[], "all's"), &host), ("all's".to_owned(), true));
    host.caller = Some("ann");
    assert_eq!(ask(step, &get, (200, &[], "new"), &host), ("ann's".to_owned(), false));
}

#[test]
fn only_what_may_be_kept_is() {
    let get = Ask::default();
    for (answer, is_hit) in [
        ((200, [("a", "b")], "x"), true),
        ((204, [("a", "b")], ""), true),
        ((206, [("a", "b")], "x"), false),
        ((404, [("a", "b")], "x"), false),
        ((500, [("a", "b")], "x"), false),
        ((200, [("set-cookie", "a=b")], "x"), false),
        ((200, [("cache-control", "max-age=1, no-store")], "x"), false),
        ((200, [("cache-control", "private=\"a\"")], "x"), false),
        ((200, [("vary", "*")], "x"), false),
        ((200, [("content-length", "")], "x"), false),
    ] {
        let (status, headers, body) = answer;
        check(STEP, &get, &get, (status, &headers, body), is_hit);
    }
    let codes =
        r#"<cache><protocol type="HTTP"><responseCodes>4[0-9]4</responseCodes></protocol></cache>"#;
    check(codes, &get, &get, (404, &[], "x"), true);
    check(codes, &get, &get, (200, &[], "x"), false);
    check(r#"<cache maxMessageSize="2"/>"#, &get, &get, (200, &[], "123"), false);
    check(r#"<cache maxMessageSize="3"/>"#, &get, &get, (200, &[], "123"), true);
    check(STEP, &get.clone().with(&[("Range", "bytes=0-1")]), &get, OK, false);
}

#[test]
fn answers_grow_old() {
    let step = r#"<cache timeout="10"><onCacheHit><header name="X-Hit" scope="transport" value="1"/></onCacheHit><protocol type="HTTP"><includeAgeHeader>true</includeAgeHeader></protocol></cache>"#;
    let mut host = Keeper { now: 1000, ..Keeper::default() };
    let get = Ask::default();
    assert!(ask(step, &get, OK, &host).1);
    host.now = 8999;
    let mut message = get.message();
    assert!(matches!(run(step, Flow::Request, &mut message, "", &host), End::Respond));
    assert_eq!(message.headers.get("age").and_then(|it| it.to_str().ok()), Some("7"));
    assert_eq!(message.headers.get("x-hit").and_then(|it| it.to_str().ok()), Some("1"));
    assert_eq!(
        message.headers.get("content-type").and_then(|it| it.to_str().ok()),
        Some("application/json")
    );
    host.now = 11_000;
    assert!(ask(step, &get, OK, &host).1);
    host.now = 5000;
    assert!(ask(step, &get, OK, &host).1, "what comes from the future is not believed");
}
