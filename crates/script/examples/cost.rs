//! What a run of a mock script costs: `cargo run --release -p script --example cost`.

#![allow(clippy::print_stdout, reason = "a measurement for people")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use script::{Engines, MessageState, PropertyValue, Script, ScriptLimits};

const MOCK: &str = r"var code = mc.getProperty('query.param.responseCode');
var wanted = mc.getProperty('query.param.kind') || 'cat';
if (code == null) { code = '200'; }
var result = { total: 10, kind: wanted, items: [] };
for (var i = 0; i < 10; i++) {
  var item = {
    id: i + 1,
    name: wanted + '-' + i,
    price: i * 1.5,
    tags: ['a', 'b'],
    available: i % 2 == 0
  };
  result.items.push(item);
}
if (code == '404') {
  result = { code: 404, description: 'Not Found' };
}
mc.setProperty('CONTENT_TYPE', 'application/json');
mc.setProperty('HTTP_SC', code);
mc.setProperty('X-Total', String(result.total), 'transport');
mc.setPayloadJSON(result);";

fn main() -> Result<(), Box<dyn Error>> {
    let limits = ScriptLimits::default();
    for (name, text) in [("mock", MOCK), ("nothing", ""), ("answer", "mc.setPayloadJSON('{}')")] {
        let script = Arc::new(Script::compile(text, "mock", None)?.ignoring_result());
        let cold = per_run(200, || assert!(script.run(&mut state(), &limits).is_ok()));
        let mut engines = Engines::default();
        let first = Instant::now();
        for _ in 0..2 {
            engines.run(&script, &mut state(), &limits)?;
        }
        let first = first.elapsed();
        let warm = per_run(20_000, || assert!(engines.run(&script, &mut state(), &limits).is_ok()));
        let made = per_run(20_000, || drop(state()));
        println!(
            "{name}: cold {cold:?}, first two {first:?}, warm {warm:?} (state {made:?}), \
             {} engines of {} bytes",
            engines.kept(),
            engines.bytes()
        );
    }
    Ok(())
}

fn per_run(times: u32, mut run: impl FnMut()) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        (0..times).for_each(|_| run());
        best = best.min(start.elapsed() / times);
    }
    best
}

/// What the gateway shows of a request.
fn state() -> MessageState {
    let mut state = MessageState { is_get: true, ..MessageState::default() };
    let mut set = |scope: &str, name: &str, value: &str| {
        let properties = state.properties.entry(scope.to_owned()).or_default();
        properties.insert(name.to_owned(), PropertyValue::Text(value.to_owned()));
    };
    set("default", "query.param.kind", "dog");
    set("default", "AcceptHeader", "application/json");
    for name in ["host", "accept", "user-agent", "authorization", "x-request-id"] {
        set("transport", name, "value of some length");
    }
    state
}
