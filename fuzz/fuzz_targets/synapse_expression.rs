//! Any text is read as a `${…}` expression and as a text that holds some, and evaluated: no panic,
//! and no more steps than the budget has.

#![no_main]

use std::borrow::Cow;
use std::sync::LazyLock;

use expression::Budget;
use expression::synapse::{Expression, Scope, Template};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static PAYLOAD: LazyLock<Value> = LazyLock::new(|| {
    json!({ "a": { "b": [1, 2.5, "x"], "c": null }, "items": [{ "n": 1 }, { "n": 2 }], "t": true })
});

struct Message;

impl Scope for Message {
    fn payload(&self) -> Option<Cow<'_, Value>> {
        Some(Cow::Borrowed(&PAYLOAD))
    }

    fn variable(&self, name: &str) -> Option<Cow<'_, Value>> {
        PAYLOAD.get(name).map(Cow::Borrowed)
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        (name.len() < 4).then(|| Cow::Owned(name.to_owned()))
    }

    fn property(&self, _scope: &str, name: &str) -> Option<Cow<'_, Value>> {
        PAYLOAD.get(name).map(Cow::Borrowed)
    }

    fn query_parameter(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn path_parameter(&self, _name: &str) -> Option<String> {
        None
    }

    fn function_parameter(&self, _name: &str) -> Option<Cow<'_, Value>> {
        None
    }

    fn configuration(&self, _name: &str) -> Option<String> {
        None
    }

    fn registry(&self, _path: &str) -> Option<String> {
        None
    }

    fn secret(&self, _alias: &str) -> Option<String> {
        None
    }

    fn xpath(&self, path: &str) -> Result<String, String> {
        Ok(path.to_owned())
    }

    fn now_ms(&self) -> i64 {
        1_700_000_000_000
    }
}

fuzz_target!(|text: &str| {
    match Expression::compile(text) {
        Ok(expression) => {
            let first = expression.text(&Message, &mut Budget::new(100_000)).ok();
            let second = expression.text(&Message, &mut Budget::new(100_000)).ok();
            assert_eq!(first, second);
        }
        Err(error) => assert!(error.offset <= text.len()),
    }
    if let Ok(template) = Template::compile(text) {
        let _made = template.text(&Message, &mut Budget::new(100_000));
    }
});
