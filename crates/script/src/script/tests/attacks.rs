//! Scripts that mean harm: each ends within its limits, in a new engine and in one that is kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::Engines;

/// What a script may use here: little, so that it ends soon.
fn limits() -> ScriptLimits {
    ScriptLimits {
        time: Duration::from_millis(30),
        memory: 4 * 1024 * 1024,
        output: 1024 * 1024,
        ..ScriptLimits::default()
    }
}

/// Runs a script in a new engine and in one that is kept; it may end as it likes, soon.
#[track_caller]
fn check(text: &str) -> Vec<Option<ErrorKind>> {
    let script = Script::compile(text, "s", None);
    let script = script.unwrap_or_else(|error| panic!("{text}: {error}"));
    let script = Arc::new(script.ignoring_result());
    let run = move || {
        let mut engines = Engines::default();
        let mut run = || {
            let start = Instant::now();
            let outcome = engines.run(&script, &mut state(), &limits());
            (outcome.err().map(|error| error.kind), start.elapsed())
        };
        [run(), run()]
    };
    let thread = std::thread::Builder::new().stack_size(4 * ScriptLimits::default().stack);
    let ended = thread.spawn(run).expect("a thread").join().expect("no panic");
    for (kind, time) in ended {
        // Much more than the limit: others may be at work on the same machine.
        assert!(time < Duration::from_secs(5), "{text} took {time:?}: {kind:?}");
    }
    ended.into_iter().map(|(kind, _)| kind).collect()
}

/// What never ends is stopped.
#[test]
fn endless_scripts_are_stopped() {
    for text in [
        "for (;;) {}",
        "while (true) { try { while (true) {} } catch (e) {} }",
        "(function again() { try { while (true) {} } finally { again() } })()",
        "for (;;) try { throw 1 } catch (e) { continue } finally { continue }",
        "label: for (;;) { for (;;) { continue label } }",
        "var a = [1]; for (const x of a) a.push(x)",
        "function* g() { while (true) yield 1 } for (const x of g()) {}",
        "function* g() { try { while (true) yield 1 } finally { while (true) {} } } for (const x of g()) break",
        "(async function f() { while (true) await 1 })()",
        "(async function f() { for await (const x of (async function* () { while (true) yield 1 })()) {} })()",
        "(function next() { Promise.resolve().then(next) })(); for (;;) {}",
        "Promise.resolve({then(done) { while (true) {} }})",
        "[1, 2].sort(function () { while (true) {} })",
        "'a'.replace(/a/, function () { while (true) {} })",
        "JSON.parse('[1]', function () { while (true) {} })",
        "JSON.stringify({get a() { while (true) {} }})",
        "JSON.stringify({toJSON() { while (true) {} }})",
        "[].concat({get length() { while (true) {} }, [Symbol.isConcatSpreadable]: true})",
        "new Proxy({}, {get() { while (true) {} }}).x",
        "({}).x in new Proxy({}, {has() { while (true) {} }})",
        "Object.keys(new Proxy({}, {ownKeys() { while (true) {} }}))",
        "new (new Proxy(function () {}, {construct() { while (true) {} }}))()",
        "mc.setProperty({toString() { while (true) {} }}, 1)",
        "mc.setProperty('a', {toString() { while (true) {} }, toJSON() { while (true) {} }})",
        "mc.setProperty('a', {get toXMLString() { while (true) {} }})",
        "mc.setPayloadXML({toString() { while (true) {} }})",
        "mc.getProperty('a', {toString() { while (true) {} }})",
        "print({valueOf() { while (true) {} }, toString() { while (true) {} }})",
        "<a>{ {toString() { while (true) {} }} }</a>",
        "throw {get message() { while (true) {} }, toString() { while (true) {} }}",
        "var e = new Error('x'); Object.defineProperty(e, 'stack', {get() { while (true) {} }}); throw e",
        "class A { static x = (() => { while (true) {} })() }",
        "`${{toString() { while (true) {} }}}`",
        "+{valueOf() { while (true) {} }}",
        "var m = new Map([[1, 1]]); m.forEach((v, k) => { m.delete(k); m.set(k + 1, 1) })",
        "/(a+)+$/.test('a'.repeat(50) + 'b')",
        "/^(([a-z])+.)+[A-Z]([a-z])+$/.test('a'.repeat(100))",
        "'x'.repeat(30000).replace(/(x+x+)+y/, '')",
        "/(?=(a+))a*b\\1/.test('a'.repeat(100000))",
        "'a'.repeat(100).match(/(?:a?){100}a{100}b/)",
        "for (var i = 0n; ; i++) i ** 3n",
    ] {
        for kind in check(text) {
            // Of promises only so many continuations are run.
            let is_left = kind.is_none() && (text.contains("async") || text.contains("Promise"));
            assert!(
                is_left || matches!(kind, Some(ErrorKind::Timeout | ErrorKind::Memory)),
                "{text}: {kind:?}"
            );
        }
    }
}

/// What takes too much is refused; the script may catch it, and gets no more.
#[test]
fn what_is_too_much_is_refused() {
    for text in [
        "'a'.repeat(2 ** 28)",
        "'a'.repeat(2 ** 30)",
        "'a'.padEnd(2 ** 28, 'bc')",
        "'a'.padStart(2 ** 29)",
        "new Array(2 ** 14).join('x'.repeat(1000))",
        "new Array(2 ** 25).fill(1)",
        "var a = []; a.length = 2 ** 32 - 1; a.fill(0)",
        "new Uint8Array(2 ** 31 - 1)",
        "new Float64Array(2 ** 28)",
        "new ArrayBuffer(2 ** 40)",
        "new ArrayBuffer(1, {maxByteLength: 2 ** 40}).resize(2 ** 39)",
        "new SharedArrayBuffer(2 ** 30)",
        "2n ** (2n ** 40n)",
        "var s = 'x'; for (;;) s += s",
        "var s = 'x'; for (;;) s = `${s}${s}`",
        "var s = 'x'; for (;;) s = s.concat(s, 'y')",
        "var s = 'xy'; for (;;) s = s.replace(/x/g, s)",
        "var s = 'x'; for (;;) s = JSON.stringify([s, s])",
        "var a = [1]; for (;;) a = a.concat(a)",
        "var a = [1]; for (;;) a.push(...a)",
        "var o = {}; for (;;) o = {o: o, p: [o]}",
        "var m = new Map(); for (;;) m.set({}, {})",
        "for (var i = 0, k = {}; ; i++) k[Symbol(i)] = i",
        "for (var i = 0; ; i++) Symbol.for('s' + i + 'x'.repeat(1000)), mc['x' + i] = i",
        "function f() { f() } f()",
        "function f() { return f.apply(null, arguments) } f()",
        "var f = () => f(); f()",
        "class A extends Object { constructor() { super(); new A() } } new A()",
        "var o = {toString() { return '' + o }}; '' + o",
        "var p = new Proxy({}, {get(t, k, r) { return r[k] }}); p.x",
        "var f = function () {}; for (var i = 0; i < 1e6; i++) f = f.bind(null); f()",
        "var p = {}; for (var i = 0; i < 1e6; i++) p = new Proxy(p, {}); p.x",
        "var o = {}; for (var i = 0; i < 1e6; i++) o = Object.create(o); o.x; '' + o",
        "JSON.parse('['.repeat(1e6))",
        "JSON.parse('[' .repeat(1e5) + ']'.repeat(1e5))",
        "JSON.parse('{\"a\":'.repeat(1e5) + '1' + '}'.repeat(1e5))",
        "mc.setPayloadJSON('['.repeat(3e5))",
        "mc.setPayloadJSON({a: 'x'.repeat(3e6)})",
        "var a = []; a.push(a); JSON.stringify(a)",
        "var a = {}; a.a = {b: a}; mc.setPayloadJSON(a)",
        "var a = []; for (var i = 0; i < 1e5; i++) a = [a]; mc.setProperty('a', a)",
        "new RegExp('('.repeat(1e5))",
        "new RegExp('('.repeat(1e4) + ')'.repeat(1e4))",
        "new Function('{'.repeat(1e6))",
        "new Function('return ' + '('.repeat(1e5) + ')'.repeat(1e5))",
        "(0, eval)('['.repeat(1e6))",
        "(0, eval)('a'.repeat(3e6) + ' = 1')",
        "new XML('<a>'.repeat(1e5))",
        "new XML('<a>' .repeat(1e5) + '</a>'.repeat(1e5))",
        "mc.setPayloadXML('<a b=\"' + 'x'.repeat(2e6) + '\"/>')",
        "for (;;) new XML('<a><b/><b/></a>').b.toXMLString()",
        "for (;;) print('x')",
        "for (var i = 0; ; i++) mc.setVariable('v' + i, 'x'.repeat(100))",
        "for (;;) mc.addHeader(true, '<a/>')",
        "for (;;) mc.getServiceLog().warn({})",
        "throw 'x'.repeat(6e6)",
        "throw new Error('x'.repeat(6e6))",
        "nothing",
        "null.x",
        "throw null",
        "throw new Proxy(new Error('x'), {get() { throw 1 }})",
        "throw {toString() { throw 1 }}",
        "throw Object.create(null)",
        "throw Symbol('x')",
        "mc.setTo(Symbol('x'))",
        "mc.setTo(Object.create(null))",
        "mc.setProperty('a', new Proxy({}, {get() { throw 1 }}))",
        "mc.setProperty.call()",
        "new mc.getTo()",
        "mc.getTo.apply(null, {length: 1e9})",
        "mc.setPayloadJSON(1n)",
        "new (XML.bind())('<')",
    ] {
        for kind in check(text) {
            let is_refused = text.contains("mc.getTo()") || kind.is_some();
            assert!(is_refused, "{text} ends");
        }
    }
}

/// Wherever it is that memory comes to an end, the script ends there and not the process.
#[test]
fn memory_may_end_anywhere() {
    for text in [
        "for (var i = 0, k = {}; ; i++) k[Symbol(i)] = i",
        "for (var i = 0; ; i++) mc['x' + i] = i",
        "for (var i = 0, a = []; ; i++) a.push(() => a)",
        "for (var i = 0, m = new Map(); ; i++) m.set(m, [m]), m.set({}, m)",
    ] {
        let script = Arc::new(Script::compile(text, "s", None).expect("a script"));
        let run = move || {
            let mut engines = Engines::default();
            for memory in (3_000_000..4_500_000).step_by(50_000) {
                let limits = ScriptLimits { memory, time: Duration::from_secs(5), ..limits() };
                let ended = engines.run(&script, &mut state(), &limits);
                assert!(ended.is_err(), "{text} ends with {memory} bytes");
            }
        };
        let thread = std::thread::Builder::new().stack_size(4 * ScriptLimits::default().stack);
        thread.spawn(run).expect("a thread").join().expect("no panic");
    }
}

/// A loop around a built-in function over a large value: each call is short, the loop is not.
#[test]
fn loops_around_large_values_are_stopped() {
    for body in [
        "JSON.stringify(a)",
        "JSON.parse(j)",
        "s.split('')",
        "s.indexOf('y')",
        "s.replaceAll('x', 'y')",
        "s.toUpperCase()",
        "s.padEnd(100000, 'ab')",
        "encodeURIComponent(s)",
        "u.slice().sort()",
        "a.join()",
        "new XML('<a>' + s + '</a>')",
        "try { JSON.stringify(a) } catch (e) {}",
        "try { s.indexOf('y') } finally { continue }",
    ] {
        let text = format!(
            "var s = 'x'.repeat(10000), u = new Uint8Array(50000), a = ['\\u0001'.repeat(10000)], \
             j = JSON.stringify(a); for (;;) {{ {body} }}"
        );
        for kind in check(&text) {
            assert_eq!(kind, Some(ErrorKind::Timeout), "{body}");
        }
    }
}
