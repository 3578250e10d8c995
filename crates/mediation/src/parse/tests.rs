//! Texts and what is made of them.

mod problems;
mod shipped;
mod steps;

use model::diagnostic::Diagnostic;
use model::policy::Flow;

use super::*;

/// The sequences that are there.
fn known(key: &str) -> bool {
    matches!(key, "fault" | "audit" | "log_in")
}

fn context(flow: Flow, is_dynamic_endpoint: bool) -> Context<'static> {
    Context {
        file: "Policies/a.j2",
        origin: "policy a v1",
        flow,
        known_sequences: &known,
        is_dynamic_endpoint,
        line_offset: 0,
    }
}

/// Reads a policy of the request flow.
fn read(text: &str) -> (Option<Sequence>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let sequence = parse(text, &context(Flow::Request, true), &mut found);
    (sequence, found)
}

/// Code, place and message of each problem.
fn shown(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|it| format!("{} {} {}", it.code, it.place, it.message)).collect()
}

/// Checks the outline of a policy that must be free of errors and warnings.
#[track_caller]
fn check(text: &str, outline: &str) {
    let (sequence, found) = read(text);
    assert_eq!(shown(&found), Vec::<String>::new(), "of {text}");
    let printed = sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
    assert_eq!(printed.trim_end(), outline, "of {text}");
}

/// Checks that there is one problem, of this code at this line and column, with this in its text.
#[track_caller]
fn check_one(text: &str, found: &[Diagnostic], code: &str, (line, column): (u32, u32), part: &str) {
    let place = model::diagnostic::Place::line("Policies/a.j2", line, column);
    let [one] = found else {
        panic!("one problem of {text} was expected: {:?}", shown(found));
    };
    assert_eq!((one.code, &one.place), (code, &place), "of {text}: {}", one.message);
    let all = format!("{} {}", one.message, one.help);
    assert!(all.contains(part), "`{part}` is not in `{all}`");
}
