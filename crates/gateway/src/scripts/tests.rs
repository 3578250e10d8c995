//! Threads for scripts.

use std::sync::Arc;

use http::{HeaderMap, Method, Uri};
use mediation::parse::{Context, parse};
use mediation::{Advance, Library, Limits, Machine, Message, Wants};
use model::policy::Flow;

use super::*;

/// A gateway that knows nothing.
struct Nothing;

impl mediation::Host for Nothing {
    fn property(&self, _name: &str) -> Option<mediation::Value> {
        None
    }

    fn axis2(&self, _name: &str) -> Option<mediation::Value> {
        None
    }

    fn secret(&self, _alias: &str) -> Option<String> {
        None
    }

    fn hmac(&self, _algorithm: &str, _key: &str, _text: &str) -> Option<String> {
        None
    }

    fn now_ms(&self) -> i64 {
        0
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

    fn log(&self, _category: mediation::host::Category, _text: &str) {}
}

/// A script, as a flow hands it out.
fn script(text: &str) -> Box<ScriptRun> {
    let known_sequences = |_: &str| false;
    let context = Context {
        file: "a",
        origin: "a",
        flow: Flow::Request,
        known_sequences: &known_sequences,
        is_dynamic_endpoint: true,
        line_offset: 0,
    };
    let text = format!("<script language=\"js\"><![CDATA[{text}]]></script>");
    let mut found = Vec::new();
    let sequence = parse(&text, &context, &mut found).expect("it is sound");
    let mut machine = Machine::new(Arc::new(sequence), Arc::new(Library::default()));
    let uri = Uri::from_static("/a");
    let mut message = Message::request(Method::GET, uri, 0, HeaderMap::new());
    match machine.advance(&mut message, &Nothing, &Limits::default()) {
        Ok(Advance::Wants(Wants::Script(run))) => run,
        other => panic!("{other:?}"),
    }
}

fn config(threads: usize, queue: usize, milliseconds: u64) -> ScriptsConfig {
    let time = Duration::from_millis(milliseconds);
    ScriptsConfig { threads, queue, limits: ScriptLimits { time, ..ScriptLimits::default() } }
}

#[tokio::test]
async fn scripts_run_one_after_the_other() {
    let scripts = Scripts::default();
    for _ in 0..20 {
        assert!(scripts.run(script("mc.setTo('x')"), &config(2, 8, 10_000)).await.is_ok());
    }
    assert!(scripts.inner.lock().alive() <= 2);
}

/// One that does not end is stopped; those behind it wait no longer than they may.
#[tokio::test]
async fn those_that_wait_are_refused_in_time() {
    let scripts = Scripts::default();
    let config = config(1, 1, 300);
    let endless = || scripts.run(script("while (true) {}"), &config);
    let (first, second, third) = tokio::join!(endless(), endless(), endless());
    assert!(first.is_ok(), "it is stopped by its engine: {first:?}");
    assert!(matches!(second, Ok(_) | Err(NotRun::Waited)), "{second:?}");
    assert!(matches!(third, Err(NotRun::Queue)), "{third:?}");
}

/// A thread that a built-in function holds is replaced, and serves again when it comes back.
#[tokio::test]
async fn lost_threads_are_replaced() {
    let scripts = Scripts::default();
    let short = config(1, 8, 50);
    // One call, in which nobody asks for the time: seconds, where it has a tenth of one.
    let slow = "new Array(2 ** 25).join('')";
    let start = Instant::now();
    let ended = scripts.run(script(slow), &short).await;
    assert!(matches!(ended, Err(NotRun::Late)), "{ended:?} after {:?}", start.elapsed());
    assert_eq!(scripts.lost(), 1);
    assert!(scripts.run(script("1"), &config(1, 8, 10_000)).await.is_ok());
    while scripts.lost() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(scripts.inner.lock().alive() <= 1);
}

/// What is lost is bounded.
#[test]
fn not_everything_may_be_lost() {
    let scripts = Scripts::default();
    scripts.inner.lock().lost = 2;
    let begun = Arc::default();
    let (ended, _has_ended) = oneshot::channel();
    let config = config(1, 8, 50);
    let job = Job { run: script("1"), limits: config.limits.clone(), threads: 1, begun, ended };
    assert_eq!(scripts.submit(job, &config), Err(NotRun::Lost));
}
