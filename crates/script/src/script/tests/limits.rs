//! Where scripts are stopped.

use std::time::{Duration, Instant};

use super::*;

/// Little time for what uses up time, so that tests are quick, and enough for all else.
fn limits(expected: ErrorKind) -> ScriptLimits {
    let seconds = if expected == ErrorKind::Timeout { 0.15 } else { 60.0 };
    let (memory, output) = (4 * 1024 * 1024, 100_000);
    let time = Duration::from_secs_f64(seconds);
    ScriptLimits { time, memory, output, ..ScriptLimits::default() }
}

/// Runs on a thread with the stack that the limits ask for.
fn kind_of(text: &str, expected: ErrorKind) -> ErrorKind {
    let script = compiled(text);
    let run = move || script.run(&mut state(), &limits(expected));
    let thread = std::thread::Builder::new().stack_size(4 * ScriptLimits::default().stack);
    let ended = thread.spawn(run).expect("a thread").join().expect("no panic");
    match ended {
        Ok(outcome) => panic!("{text} ends: {outcome:?}"),
        Err(error) => error.kind,
    }
}

#[test]
fn every_limit_holds() {
    let bomb = "var s = 'x'; while (s.length < 1000000) s += s; ";
    for (text, expected) in [
        ("while (true) {}", ErrorKind::Timeout),
        (
            "for (;;) { try { while (true) {} } catch (e) {} finally { continue; } }",
            ErrorKind::Timeout,
        ),
        ("/(a+)+$/.test('a'.repeat(40) + 'b')", ErrorKind::Timeout),
        ("var a = []; while (true) a.push(a.slice());", ErrorKind::Memory),
        ("var a = []; while (true) a.push(new Array(1000).fill(1));", ErrorKind::Memory),
        ("var o = {}; for (var i = 0; ; i++) o['k' + i] = {i: [i]};", ErrorKind::Memory),
        ("new ArrayBuffer(1 << 30)", ErrorKind::Memory),
        ("function f() { return f() + 1; } f()", ErrorKind::Stack),
        (
            "var a = []; for (var i = 0; i < 10000; i++) a = [a]; JSON.stringify(a)",
            ErrorKind::Stack,
        ),
        ("while (true) print('x'.repeat(1000))", ErrorKind::Output),
        ("while (true) mc.setProperty('a', 'x'.repeat(1000))", ErrorKind::Output),
        ("while (true) { try { mc.setVariable('a', 1) } catch (e) { break } }", ErrorKind::Output),
        (&format!("{bomb} mc.setPayloadJSON({{s: s}})"), ErrorKind::Output),
        (
            "Promise.resolve().then(function again() { return Promise.resolve().then(again) }); while (true) {}",
            ErrorKind::Timeout,
        ),
        ("var p = new Proxy({}, {get: function () { while (true) {} }}); p.x", ErrorKind::Timeout),
        ("throw {toString: function () { while (true) {} }}", ErrorKind::Timeout),
        ("mc.setTo({toString: function () { while (true) {} }})", ErrorKind::Timeout),
    ] {
        let start = Instant::now();
        assert_eq!(kind_of(text, expected), expected, "{text}");
        assert!(start.elapsed() < Duration::from_secs(20), "{text}: {:?}", start.elapsed());
    }
}

/// A built-in function that takes long is not stopped, and is still found out at its end.
#[test]
fn overruns_are_found_out() {
    let text = "var a = []; for (var i = 0; i < 100; i++) a.push('\\u0001'.repeat(5000)); \
                for (var n = 0; n < 20; n++) JSON.stringify(a);";
    assert!(matches!(kind_of(text, ErrorKind::Timeout), ErrorKind::Timeout | ErrorKind::Memory));
}

/// What was caught does not count, and the engine goes on.
#[test]
fn a_script_may_catch_what_it_can() {
    let text = "try { new ArrayBuffer(1 << 30) } catch (e) { print(e.message) }";
    assert_eq!(run(text).0, "out of memory");
    let text = "function f() { f() } try { f() } catch (e) { print(e.name) }";
    assert_eq!(run(text).0, "RangeError");
}
