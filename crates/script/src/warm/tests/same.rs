//! What a script does is the same in both.

use super::*;
use crate::Change;
use crate::script::tests::state;

/// Scripts over the language, each of which prints what it finds.
const LANGUAGE: &str = include_str!("language.js");

/// What a run comes to: how it ends, what it prints and what it changes.
type Seen = (Result<Outcome, ScriptError>, Vec<String>, Vec<Change>);

fn seen(run: impl FnOnce(&mut MessageState) -> Result<Outcome, ScriptError>) -> Seen {
    let mut state = state();
    let outcome = run(&mut state);
    (outcome, printed(&state.lines), state.changes)
}

/// Runs it in a new engine, and three times in one that is kept.
#[track_caller]
fn check(text: &str) {
    let script = script(text);
    let limits = ScriptLimits::default();
    let cold = seen(|state| script.run(state, &limits));
    let mut warm = Warm::new(&script, &limits);
    for _ in 0..3 {
        let engine = warm.take().unwrap_or_else(|| panic!("no engine for {text}"));
        let found = seen(|state| {
            let (outcome, kept) = engine.run(&script, state, &limits);
            warm = kept;
            outcome
        });
        assert_eq!(found, cold, "{text}");
    }
}

#[test]
fn the_language_is_the_same() {
    let scripts = LANGUAGE.split("\n//\n").collect::<Vec<_>>();
    assert!(scripts.len() > 40, "{}", scripts.len());
    scripts.into_iter().for_each(check);
}

#[test]
fn methods_are_the_same() {
    for text in crate::script::tests::methods::texts() {
        check(&text);
    }
}
