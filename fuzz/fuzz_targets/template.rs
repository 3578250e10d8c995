//! Any text is read as an endpoint address and as the template of an operation: no panic, an
//! expansion that holds no character a URL cannot have, captures that lie in the path.

#![no_main]

use std::borrow::Cow;

use compiler::address::join;
use compiler::pattern::{Pattern, decoded};
use compiler::template::UrlTemplate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, other) = input;
    expand(text, other);
    matched(text, other);
    let mut joined = String::new();
    join(text, other, &mut joined);
    assert!(joined.ends_with(other));
});

/// Reads an address and puts the same value in for every variable.
fn expand(text: &str, value: &str) {
    let Ok(template) = UrlTemplate::parse(text) else { return };
    assert_eq!(template.as_str(), text);
    let expanded = template.expand(|_| Some(Cow::Borrowed(value)));
    assert!(expanded.bytes().all(|byte| byte.is_ascii_graphic()));
    if template.is_static() {
        assert_eq!(expanded, template.expand(|_| None));
    }
}

/// Reads a template and matches it with a path.
fn matched(text: &str, path: &str) {
    let Ok(pattern) = Pattern::parse(text) else { return };
    let Some(captures) = pattern.matches(path) else { return };
    assert_eq!(captures.len(), pattern.variables().len());
    for index in 0..captures.len() {
        let raw = captures.text(index, path).expect("a capture is a part of the path");
        assert!(!raw.is_empty());
        assert!(decoded(raw).len() <= raw.len());
    }
}
