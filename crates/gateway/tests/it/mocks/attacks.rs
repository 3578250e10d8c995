//! Scripts that mean harm: each is answered in its time, tells nothing of the inside, and leaves
//! the next call as it was.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Answer, Backend, Project};

use super::scripts;
use crate::gateway::{Weir, code, open};

/// How long a script may run here.
const TIME: Duration = Duration::from_millis(300);
/// How long an answer may take, with several of them at work on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// A script that does no harm, and sees whatever another one has left behind.
const FINE: &str = "mc.setProperty('CONTENT_TYPE', 'application/json');\n\
                    mc.setPayloadJSON({a: [1, 2].map(n => n + 1), b: JSON.stringify({}), c: ({}).left});";

/// A mock of one script at `/a`, and of the one above at `/fine`.
fn mock(script: &str) -> Project {
    scripts(&[("GET", "/a", script), ("GET", "/fine", FINE)])
}

fn serve(projects: &[&Project]) -> Weir {
    Weir::with(projects, |config| {
        config.scripts.threads = 4;
        config.scripts.limits.time = TIME;
    })
}

/// The answer to the script, which comes in its time; a call after it is served.
async fn attack(script: &str) -> Answer {
    let weir = serve(&[&mock(script)]);
    let start = Instant::now();
    let answer = weir.get("/pets/1.0/a").await;
    assert!(start.elapsed() < PATIENCE, "{script}: {:?}", start.elapsed());
    for inside in ["crates/", "panicked", ".rs:", "quickjs"] {
        assert!(!answer.text().contains(inside), "{script}: {}", answer.text());
    }
    let next = weir.get("/pets/1.0/fine").await;
    assert_eq!((next.status, next.text().as_str()), (200, r#"{"a":[2,3],"b":"{}"}"#), "{script}");
    answer
}

/// Each is WSO2's fault for a script that has failed.
async fn all_fail(attacks: &[&str]) {
    for script in attacks {
        let answer = attack(script).await;
        assert_eq!(answer.status, 500, "{script}: {}", answer.text());
        assert_eq!(code(&answer), "400908", "{script}: {}", answer.text());
        let fault = json!({
            "code": "400908",
            "type": "Status report",
            "message": "Runtime Error",
            "description": "Script failed",
        });
        assert_eq!(answer.json(), fault, "{script}");
    }
}

#[tokio::test]
async fn what_does_not_end_is_ended() {
    all_fail(&[
        "for (;;) {}",
        "for (;;) { try { while (true) {} } catch (e) {} finally { continue; } }",
        "function f() { try { f() } catch (e) { f() } finally { f() } } while (true) f();",
        "eval('while (true) {}')",
        "new Function('while (true) {}')()",
        "function* g() { while (true) yield 1 } for (var x of g()) ;",
        "[3, 2, 1].sort(function () { while (true) {} })",
        "/^(a+)+$/.test('a'.repeat(64) + '!')",
        "/^(([a-z])+.)+[A-Z]([a-z])+$/.test('a'.repeat(60))",
        "(function again() { Promise.resolve().then(again) })(); while (true) {}",
        "Promise.resolve().then(function () { while (true) {} })",
        "var p = new Proxy({}, {get: function (t, k, r) { return r[k + 'x'] }}); while (true) { try { p.x } catch (e) {} }",
        "mc.setPayloadJSON({get a() { while (true) {} }})",
        "mc.setPayloadJSON({toJSON: function () { while (true) {} }})",
        "var e = new Error(); Object.defineProperty(e, 'message', {get: function () { while (true) {} }}); throw e",
        "throw {toString: function () { while (true) {} }}",
    ])
    .await;
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    all_fail(&[
        "function f() { return f() + 1 } f()",
        "var p = new Proxy({}, {get: function (t, k, r) { return r[k] }}); p.x",
        "var a = []; while (true) a.push(new Array(1000).fill(1))",
        "var a = []; while (true) a = [a, a.slice(), new Array(1000)]",
        "var s = 'x'; while (true) s += s",
        "'x'.repeat(1 << 29)",
        "'x'.padEnd(1 << 29)",
        "'x'.repeat(1 << 20).replace(/x/g, 'y'.repeat(1 << 20))",
        "new Uint8Array(1 << 30)",
        "var a = []; while (true) a.push(new Uint8Array(1 << 20))",
        "new Array(1e9).fill(0)",
        "Array.from({length: 1e15})",
        "var m = new Map(); for (var i = 0; ; i++) m.set(i, {i: [i]})",
        "function* g() { while (true) yield [1] } [...g()]",
        "JSON.parse('['.repeat(1000000))",
        "var a = []; for (var i = 0; i < 100000; i++) a = [a]; JSON.stringify(a)",
        "var a = []; a.push(a); mc.setPayloadJSON(a)",
        "while (true) print('x'.repeat(1000))",
        "while (true) mc.getServiceLog().error('x'.repeat(1000))",
        "for (var i = 0; ; i++) mc.setProperty('p' + i, 'v'.repeat(100))",
        "for (var i = 0; ; i++) mc.setProperty('X-' + i, 'v'.repeat(100), 'transport')",
        "while (true) mc.setPayloadJSON({s: 'x'.repeat(1000000)})",
    ])
    .await;
}

#[tokio::test]
async fn what_is_thrown_stays_inside() {
    all_fail(&[
        "throw null",
        "throw undefined",
        "throw 0",
        "throw Symbol('secret')",
        "throw 'secret '.repeat(1000000)",
        "throw new Error('secret\\r\\nX-Secret: 1')",
        "throw {toString: function () { throw 'secret' }}",
        "throw {get message() { throw 'secret' }, toString: null, valueOf: null}",
        "throw Object.create(null)",
        "throw new Proxy(new Error('secret'), {get: function () { throw 'secret' }})",
        "throw (function nest(n) { return n ? [nest(n - 1)] : mc })(1000)",
        "var e = new Error('secret'); e.stack = {toString: function () { throw e }}; throw e",
        "null.secret",
        "mc.addHeader('secret')",
        "mc.setProperty({toString: function () { throw 'secret' }}, 'a')",
        "mc.setPayloadXML('<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>')",
    ])
    .await;
}

/// What a script does to the language ends with it, and so do promises that are never kept.
#[tokio::test]
async fn nothing_is_left_behind() {
    for script in [
        "Object.prototype.left = 1; Array.prototype.left = 1; Function.prototype.left = 1;",
        "Array.prototype.map = null; JSON.stringify = null; JSON = null; String.prototype.concat = null;",
        "Object.defineProperty(Object.prototype, 'a', {set: function () { throw 1 }, get: function () { throw 1 }});",
        "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(globalThis);",
        "for (var n of Object.getOwnPropertyNames(globalThis)) { try { delete globalThis[n] } catch (e) {} }",
        "mc.setPayloadJSON = mc.setProperty = function () { throw 1 }; mc = null; print = null;",
        "Object.prototype.toString = Object.prototype.valueOf = Object.prototype.toJSON = function () { throw 1 };",
        "Promise.prototype.then = null; Object.defineProperty(globalThis, 'mc', {value: 1});",
        "new Promise(function () {}); (async function () { await new Promise(function () {}) })();",
        "(function again() { Promise.resolve().then(again) })()",
        "new Proxy({}, {}).constructor.prototype.left = 1",
    ] {
        let answer = attack(script).await;
        assert!([200, 500, 501].contains(&answer.status), "{script}: {}", answer.status);
    }
}

/// There is nothing of the machine that a script could reach.
#[tokio::test]
async fn nothing_of_the_machine_is_there() {
    let script = "mc.setProperty('CONTENT_TYPE', 'application/json');\n\
        var names = ['require', 'process', 'std', 'os', 'Java', 'Packages', 'java', 'load', 'scriptArgs', 'fetch', 'setTimeout', 'WeakRef'];\n\
        mc.setPayloadJSON(names.filter(name => { try { return eval('typeof ' + name) !== 'undefined' } catch (e) { return true } }));";
    assert_eq!(attack(script).await.json(), json!([]));
    for script in ["import('fs')", "import('/etc/passwd').then(it => print(it))"] {
        let answer = attack(script).await;
        assert!(!answer.text().contains("root:"), "{script}: {}", answer.text());
    }
}

/// An answer has one frame, and it is the gateway's, whatever a script sets.
#[tokio::test]
async fn headers_of_a_script_do_not_frame_the_answer() {
    let set = |name: &str, value: &str| {
        let (name, value) = (json!(name), json!(value));
        format!(
            "mc.setProperty('CONTENT_TYPE', 'application/json'); mc.setPayloadJSON('[1]');\n\
             mc.setProperty({name}, {value}, 'transport');"
        )
    };
    for (name, value) in [
        ("Content-Length", "0"),
        ("content-length", "999"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "upgrade"),
        ("Keep-Alive", "timeout=0"),
        ("Upgrade", "h2c"),
        ("Trailer", "X-A"),
        ("TE", "trailers"),
        ("Proxy-Connection", "close"),
        ("X-A", "a\r\nX-Split: 1\r\n\r\n<html>"),
        ("X-A", "a\nX-Split: 1"),
        ("X-A", "a\0b"),
        ("X-A\r\nX-Split", "1"),
        ("X-A: 1\r\nX-Split", "1"),
        ("", "1"),
        ("X Split", "1"),
        (":status", "100"),
        ("X-A", "\u{2028}\u{1F600}"),
    ] {
        let script = set(name, value);
        let weir = serve(&[&mock(&script)]);
        let mut client = weir.client().await;
        let target = "/pets/1.0/a";
        let answer = client.get(target).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(answer.header("x-split"), None, "{name:?}: {value:?}");
        for forbidden in ["upgrade", "trailer", "te", "keep-alive", "proxy-connection"] {
            assert_eq!(answer.header(forbidden), None, "{name:?}: {value:?}");
        }
        if answer.status == 200 {
            assert_eq!(answer.text(), "[1]", "{name:?}: {value:?}");
        } else {
            assert_eq!((answer.status, code(&answer)), (500, "400908".to_owned()), "{name:?}");
        }
        // What follows on the connection is the next answer.
        let next = client.get("/pets/1.0/fine").await;
        let next = next.unwrap_or_else(|error| panic!("{name:?}: {value:?}: {error}"));
        assert_eq!(next.text(), r#"{"a":[2,3],"b":"{}"}"#, "{name:?}: {value:?}");
    }
}

/// A status that is none is not sent.
#[tokio::test]
async fn statuses_of_a_script_are_statuses() {
    for status in ["'abc'", "0", "99", "100", "101", "199", "-1", "1000", "1e9", "NaN", "{}", "''"]
    {
        let script = format!(
            "mc.setProperty('CONTENT_TYPE', 'application/json'); mc.setPayloadJSON('[1]');\n\
             mc.setProperty('HTTP_SC', {status});"
        );
        let answer = attack(&script).await;
        assert!((200..=599).contains(&answer.status), "{status}: {}", answer.status);
    }
    for status in [204, 205, 304] {
        let script = format!(
            "mc.setProperty('CONTENT_TYPE', 'application/json'); mc.setPayloadJSON('[1]');\n\
             mc.setProperty('HTTP_SC', {status});"
        );
        let weir = serve(&[&mock(&script)]);
        let mut client = weir.client().await;
        let answer = client.get("/pets/1.0/a").await.unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (status, ""));
        assert_eq!(client.get("/pets/1.0/fine").await.unwrap().status, 200, "{status}");
    }
}

/// Many small things are as bad as a large one.
#[tokio::test]
async fn headers_and_properties_by_the_hundred_thousand() {
    for set in [
        "mc.setProperty('X-' + i, 'v', 'transport')",
        "mc.setProperty('X-A', 'v' + i, 'transport')",
        "mc.setProperty('p' + i, 'v')",
        "mc.setVariable('p' + i, 'v')",
    ] {
        let script = format!(
            "mc.setProperty('CONTENT_TYPE', 'application/json'); mc.setPayloadJSON('[1]');\n\
             for (var i = 0; i < 100000; i++) {set};"
        );
        let answer = attack(&script).await;
        assert!([200, 500].contains(&answer.status), "{set}: {}", answer.status);
    }
    let script = "mc.setProperty('CONTENT_TYPE', 'application/json'); mc.setPayloadJSON('[1]');\n\
                  mc.setProperty('X-A', 'v'.repeat(1000000), 'transport');";
    let answer = attack(script).await;
    assert!([200, 500].contains(&answer.status), "{}", answer.status);
}

/// While several are at work, another API is served as if there was none.
#[tokio::test]
async fn another_api_is_served_meanwhile() {
    let backend = Backend::answer(200, &[], "hello").await;
    let other = open(Project::new("Shop", "1.0", "/shop").endpoint(&backend.url()), "/*");
    let attackers = scripts(&[
        ("GET", "/loop", "while (true) {}"),
        ("GET", "/memory", "var a = []; while (true) a.push(new Array(1000).fill(1))"),
        ("GET", "/pattern", "/^(a+)+$/.test('a'.repeat(64) + '!')"),
        ("GET", "/fine", FINE),
    ]);
    let weir = serve(&[&attackers, &other]);
    let attack = async |target: &str| {
        for _ in 0..3 {
            // Where all threads are taken, the caller is told so.
            let answer = weir.get(&format!("/pets/1.0{target}")).await;
            assert!([500, 503].contains(&answer.status), "{target}: {}", answer.status);
        }
    };
    let serving = async {
        for _ in 0..200 {
            let answer = weir.get("/shop/1.0/a").await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
        }
    };
    let start = Instant::now();
    tokio::join!(
        serving,
        attack("/loop"),
        attack("/loop"),
        attack("/memory"),
        attack("/pattern"),
        attack("/pattern"),
        attack("/loop"),
    );
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    assert_eq!(weir.get("/pets/1.0/fine").await.status, 200);
}
