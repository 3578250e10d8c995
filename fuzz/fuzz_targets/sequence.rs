//! Any text is read as a policy: no panic; what is accepted prints the same when it is read again,
//! and what is not accepted has an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mediation::parse::{Context, is_well_formed, parse, parse_file};
use model::diagnostic::{Diagnostic, Severity};
use model::policy::Flow;

fuzz_target!(|input: (u8, &str)| {
    let (flow, text) = input;
    let context = Context {
        file: "Policies/a.j2",
        origin: "policy a v1",
        flow: Flow::ALL[usize::from(flow) % 3],
        known_sequences: &|key| key == "fault",
        is_dynamic_endpoint: flow & 4 == 0,
        line_offset: 0,
    };
    let _is_sound = is_well_formed(text);
    let mut found = Vec::new();
    let read = parse(text, &context, &mut found);
    assert_eq!(read.is_none(), has_error(&found));
    let again = parse(text, &context, &mut Vec::new());
    assert_eq!(read.map(|it| it.to_string()), again.map(|it| it.to_string()));
    let mut found = Vec::new();
    assert_eq!(parse_file(text, &context, &mut found).is_none(), has_error(&found));
});

fn has_error(found: &[Diagnostic]) -> bool {
    found.iter().any(|one| one.severity == Severity::Error)
}
