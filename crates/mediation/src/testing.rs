//! What tests run policies on: a gateway that is none, requests, and what became of them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use model::fault::FaultCode;
use model::policy::Flow;
use serde_json::Value as Json;

use crate::host::{Category, Note};
use crate::machine::Outgoing;
use crate::parse::{Context, parse};
use crate::payload::Media;
use crate::property::Value;
use crate::{
    Advance, Direction, End, Host, Library, Limits, Machine, MediationFault, Message, Payload,
    Sequence, Wants,
};

/// Milliseconds since 1970 of the only moment that there is: 2024-05-06T07:08:09.010Z.
pub(crate) const NOW: i64 = 1_714_979_289_010;

/// A gateway that knows what the test says.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) known: BTreeMap<&'static str, Value>,
    pub(crate) claims: Json,
    pub(crate) bucket: u8,
    pub(crate) lines: RefCell<Vec<(Category, String)>>,
    pub(crate) notes: RefCell<Vec<Note>>,
}

impl Default for Gateway {
    fn default() -> Self {
        let text = |text: &str| Value::text_of(text);
        Self {
            known: BTreeMap::from([
                ("AM_KEY_TYPE", text("SANDBOX")),
                ("api.ut.userName", text("ann")),
                ("api.ut.application.name", text("shop app")),
                ("api.ut.consumerKey", text("key1")),
                ("uri.var.id", text("a/b c")),
                ("API_ELECTED_RESOURCE", text("/orders/{id}")),
                ("JWT_CLAIMS", text(r#"{"sub":"ann"}"#)),
                ("FLAG_OFF", Value::Boolean(false)),
            ]),
            claims: serde_json::json!({"aut": "APPLICATION", "roles": ["a", "b"], "level": 3}),
            bucket: 42,
            lines: RefCell::default(),
            notes: RefCell::default(),
        }
    }
}

impl Host for Gateway {
    fn notes(&self) -> Option<&RefCell<Vec<Note>>> {
        Some(&self.notes)
    }

    fn property(&self, name: &str) -> Option<Value> {
        self.known.get(name).cloned()
    }

    fn axis2(&self, name: &str) -> Option<Value> {
        (name == "REMOTE_ADDR").then(|| Value::text_of("192.0.2.7"))
    }

    fn secret(&self, alias: &str) -> Option<String> {
        (alias == "backend").then(|| "s3cret".to_owned())
    }

    fn hmac(&self, algorithm: &str, key: &str, text: &str) -> Option<String> {
        (algorithm == "HmacSHA1").then(|| format!("hmac of {text} by {key}"))
    }

    fn now_ms(&self) -> i64 {
        NOW
    }

    fn claim(&self, name: &str) -> Option<Cow<'_, Json>> {
        self.claims.get(name).map(Cow::Borrowed)
    }

    fn client_address(&self) -> Option<IpAddr> {
        Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)))
    }

    fn bucket(&self) -> u8 {
        self.bucket
    }

    fn random(&self) -> u64 {
        u64::MAX / 2
    }

    fn log(&self, category: Category, text: &str) {
        self.lines.borrow_mut().push((category, text.to_owned()));
    }
}

/// A message to run a policy on; what a test does not say is as in [`Ask::default`].
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) target: &'static str,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Vec<u8>,
    /// The status of the answer that it is; a request without one.
    pub(crate) status: Option<u16>,
    pub(crate) limits: Limits,
    /// Sequences that may be called.
    pub(crate) sequences: Vec<(&'static str, String)>,
    /// The answer to calls.
    pub(crate) answer: &'static str,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            method: "GET",
            target: "/shop/1.0/orders/7?region=eu&Tier=gold%20x",
            headers: vec![("X-Region", "eu"), ("Accept", "application/json")],
            body: Vec::new(),
            status: None,
            limits: Limits::default(),
            sequences: Vec::new(),
            answer: r#"{"called":true}"#,
        }
    }
}

impl Ask {
    /// A POST of a body.
    pub(crate) fn post(content_type: &'static str, body: &str) -> Self {
        let headers = vec![("Content-Type", content_type), ("X-Region", "eu")];
        Self { method: "POST", headers, body: body.as_bytes().to_vec(), ..Self::default() }
    }

    /// A POST of JSON.
    pub(crate) fn json(body: &str) -> Self {
        Self::post("application/json", body)
    }

    /// A POST of XML.
    pub(crate) fn xml(body: &str) -> Self {
        Self::post("application/xml", body)
    }

    /// With other headers.
    pub(crate) fn with(self, headers: &[(&'static str, &'static str)]) -> Self {
        Self { headers: [&self.headers, headers].concat(), ..self }
    }

    /// An answer instead of a request.
    pub(crate) fn answered(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// The message, with its body still on its way.
    pub(crate) fn message(&self) -> Message {
        let method = Method::from_bytes(self.method.as_bytes()).expect("a method");
        let uri = self.target.parse().expect("a target");
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(*name).expect("a name");
            headers.append(name, HeaderValue::from_static(value));
        }
        let mut message = Message::request(method, uri, "/shop/1.0".len(), headers);
        message.id = HeaderValue::from_static("urn:uuid:1");
        if let Some(status) = self.status {
            message.direction = Direction::Response;
            message.status = StatusCode::from_u16(status).ok();
        }
        message
    }
}

/// What became of a message.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) end: Result<End, MediationFault>,
    pub(crate) message: Message,
    pub(crate) calls: Vec<Outgoing>,
    pub(crate) waits: Vec<Duration>,
    pub(crate) lines: Vec<(Category, String)>,
    /// Whether the body was asked for.
    pub(crate) is_read: bool,
    limits: Limits,
}

impl Outcome {
    /// The body as it goes out.
    #[track_caller]
    pub(crate) fn body(&mut self) -> String {
        let bytes = self.message.write_body(&self.limits).expect("a body that can be written");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A header; empty where it is not there.
    pub(crate) fn header(&self, name: &'static str) -> String {
        let name = HeaderName::from_static(name);
        self.message.header(&name).map(Cow::into_owned).unwrap_or_default()
    }

    /// A property of the default scope; `None` where it is not there.
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        self.message.property(name).map(|value| value.text().as_ref().to_owned())
    }

    /// The status as a number.
    pub(crate) fn status(&self) -> Option<u16> {
        self.message.status.map(|status| status.as_u16())
    }

    /// The fault that ended the flow.
    #[track_caller]
    pub(crate) fn fault(&self) -> FaultCode {
        match &self.end {
            Err(fault) => fault.code,
            Ok(end) => panic!("a fault was expected, and it ended with {end:?}"),
        }
    }

    /// What the flow logged.
    pub(crate) fn log(&self) -> String {
        self.lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Runs a policy, which must be free of errors.
#[track_caller]
pub(crate) fn check(policy: &str, ask: &Ask) -> Outcome {
    check_at(policy, ask, &Gateway::default())
}

/// As [`check`], at a gateway of one's own.
#[track_caller]
pub(crate) fn check_at(policy: &str, ask: &Ask, gateway: &Gateway) -> Outcome {
    let known = |key: &str| ask.sequences.iter().any(|(name, _)| *name == key);
    let flow = if ask.status.is_some() { Flow::Response } else { Flow::Request };
    let read = |text: &str| {
        let context = Context {
            file: "Policies/a.j2",
            origin: "policy a v1",
            flow,
            known_sequences: &known,
            is_dynamic_endpoint: true,
            line_offset: 0,
        };
        let mut found = Vec::new();
        let sequence = parse(text, &context, &mut found);
        let Some(sequence) = sequence else { panic!("of {text}: {found:?}") };
        Arc::new(sequence)
    };
    let library: Library =
        ask.sequences.iter().map(|(key, text)| (Arc::from(*key), read(text))).collect();
    check_steps(read(policy), library, ask, gateway)
}

/// As [`check_at`], with steps that are read already.
#[track_caller]
pub(crate) fn check_steps(
    steps: Arc<Sequence>,
    library: Library,
    ask: &Ask,
    gateway: &Gateway,
) -> Outcome {
    let mut machine = Machine::new(steps, Arc::new(library));
    let mut outcome = Outcome {
        end: Ok(End::Continue),
        message: ask.message(),
        calls: Vec::new(),
        waits: Vec::new(),
        lines: Vec::new(),
        is_read: false,
        limits: ask.limits.clone(),
    };
    run(&mut machine, ask, gateway, &mut outcome);
    if outcome.message.payload.is_unread() {
        outcome.message.payload.load(Bytes::from(ask.body.clone()));
    }
    outcome.lines = gateway.lines.borrow().clone();
    outcome
}

fn run(machine: &mut Machine, ask: &Ask, gateway: &Gateway, outcome: &mut Outcome) {
    loop {
        let message = &mut outcome.message;
        match machine.advance(message, gateway, &ask.limits) {
            Err(fault) => {
                outcome.end = Err(fault);
                return;
            }
            Ok(Advance::Ends(end)) => {
                outcome.end = Ok(end);
                return;
            }
            Ok(Advance::Wants(Wants::Body)) => {
                assert!(message.payload.is_unread(), "the body is asked for once");
                outcome.is_read = true;
                message.payload.load(Bytes::from(ask.body.clone()));
            }
            Ok(Advance::Wants(Wants::Script(mut script))) => {
                script.run(&mut ::script::Engines::default(), &::script::ScriptLimits::default());
                if let Err(fault) = machine.take_script(*script, message, gateway, &ask.limits) {
                    outcome.end = Err(fault);
                    return;
                }
            }
            Ok(Advance::Wants(Wants::Wait(time))) => outcome.waits.push(time),
            Ok(Advance::Wants(Wants::Ask(question))) => {
                if let Err(fault) = question.judge(StatusCode::OK, ask.answer.as_bytes()) {
                    outcome.end = Err(fault);
                    return;
                }
            }
            Ok(Advance::Wants(Wants::Call(outgoing))) => {
                outcome.calls.push(outgoing);
                let headers = HeaderMap::from_iter([(
                    http::header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                )]);
                let payload = Payload::whole(
                    Bytes::from_static(ask.answer.as_bytes()),
                    Media::of("application/json"),
                );
                message.take(StatusCode::CREATED, headers, payload);
            }
        }
    }
}
