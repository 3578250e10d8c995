//! Which scripts have an engine that is kept.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::time::Duration;

use super::*;
use crate::ErrorKind;

fn script(text: &str) -> Arc<Script> {
    Arc::new(Script::compile(text, "s", None).unwrap().ignoring_result())
}

fn run(engines: &mut Engines, script: &Arc<Script>) -> Result<String, ScriptError> {
    let mut state = MessageState::default();
    engines.run(script, &mut state, &ScriptLimits::default())?;
    Ok(state.lines.into_iter().map(|line| line.text).collect())
}

#[test]
fn the_second_run_makes_an_engine() {
    let (mut engines, script) = (Engines::default(), script("n = typeof n; print(n)"));
    for kept in [0, 1, 1, 1] {
        assert_eq!(run(&mut engines, &script).unwrap(), "undefined");
        assert_eq!(engines.kept(), kept);
    }
    assert!(engines.bytes() > 10_000);
}

/// One and the same text twice is two scripts.
#[test]
fn no_two_scripts_share_an_engine() {
    let mut engines = Engines::default();
    let scripts = [script("print(1)"), script("print(1)")];
    for _ in 0..2 {
        for script in &scripts {
            run(&mut engines, script).unwrap();
        }
    }
    assert_eq!(engines.kept(), 2);
}

#[test]
fn those_that_are_gone_make_room() {
    let mut engines = Engines::default();
    let scripts: Vec<_> = (0..MOST + 2).map(|_| script("")).collect();
    for script in scripts.iter().chain(&scripts) {
        run(&mut engines, script).unwrap();
    }
    assert_eq!(engines.kept(), MOST, "those that came late have none");
    for _ in 0..=STALE {
        run(&mut engines, &scripts[0]).unwrap();
    }
    run(&mut engines, &scripts[MOST]).unwrap();
    run(&mut engines, &scripts[MOST]).unwrap();
    assert_eq!(engines.kept(), MOST, "one that was not asked for has gone");
    drop(scripts);
    let last = script("");
    run(&mut engines, &last).unwrap();
    assert_eq!(engines.kept(), 0);
}

/// A run that was broken off takes its engine with it; the next one makes another.
#[test]
fn an_engine_ends_with_a_run_that_was_broken_off() {
    let mut engines = Engines::default();
    let limits = ScriptLimits { time: Duration::from_millis(50), ..ScriptLimits::default() };
    let script = script("if (mc.getTo() == 'x') while (true) {} print('through')");
    for (to, kept) in [("", 0), ("", 1), ("x", 0), ("", 1)] {
        let mut state = MessageState::default();
        state.addressing.insert(crate::Addressing::To, to.to_owned());
        let outcome = engines.run(&script, &mut state, &limits);
        assert_eq!(outcome.is_err(), to == "x", "{outcome:?}");
        if let Err(error) = outcome {
            assert_eq!(error.kind, ErrorKind::Timeout);
        }
        assert_eq!(engines.kept(), kept);
    }
}

#[test]
fn scripts_whose_value_matters_have_new_engines() {
    let mut engines = Engines::default();
    let limits = ScriptLimits::default();
    let script = Arc::new(Script::compile("false", "s", None).unwrap());
    let function = "function mediate(mc) { return mc.getTo() === 'x'; }";
    let function = Arc::new(Script::compile(function, "s", Some("mediate")).unwrap());
    for _ in 0..3 {
        let outcome = engines.run(&script, &mut MessageState::default(), &limits).unwrap();
        assert!(!outcome.continues);
        let outcome = engines.run(&function, &mut MessageState::default(), &limits).unwrap();
        assert!(!outcome.continues);
    }
    assert_eq!(engines.kept(), 1);
    assert!(
        Script::compile("false", "s", None)
            .unwrap()
            .ignoring_result()
            .run(&mut MessageState::default(), &limits)
            .unwrap()
            .continues
    );
}

/// What may touch what is built in has new engines, and may do so.
#[test]
fn words_that_touch_the_language_are_found() {
    for text in [
        "String.prototype.shout = function () { return 1; }",
        "Array.prototype['last'] = 1",
        "var P = Array.prototype; P.x = 1",
        "Object.assign(String.prototype, {a: 1})",
        "[].constructor.prototype.x = 1",
        "JSON.stringify = null",
        "JSON = 1",
        "Math . floor += 1",
        "Math['x'] = 1",
        "Math/**/.x = 1",
        "var JSON = JSON || {}",
        "function print() {}",
        "var mc = 1",
        "mc.getTo = 1",
        "delete Math.max",
        "undefined++",
        "o.__proto__ = {}",
        "Object.defineProperty(o, 'a', {})",
        "globalThis.x = 1",
        "eval('1')",
        "\\u0065val('1')",
        "new Function('return 1')",
        "print(this.x)",
        "with (mc) {}",
        "import('x')",
        "`${Math.x = 1}`",
        "x = <a>{print = 1}</a>",
    ] {
        assert!(!script(text).may_be_kept(), "{text}");
    }
    for text in [
        "var a = Array.prototype.slice.call(x, 1)",
        "Own.prototype.x = function () {}",
        "if (JSON == 1 || Math.max(1) >= 2 || Math.PI === x) {}",
        "x.print = 1; x.constructor.name; x.JSON = 1",
        "var s = '__proto__'; // eval",
        "(JSON) => 1; mc.setProperty('a', 'b'); x = mc.getTo() == 1",
        "var json = JSON.parse(x), math = Math.abs(-1)",
        "print(/Function/.test('eval'), `globalThis`)",
    ] {
        assert!(script(text).may_be_kept(), "{text}");
    }
}
