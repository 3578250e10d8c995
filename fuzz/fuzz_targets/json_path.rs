//! Any text is read as a JSONPath, evaluated over a document, and used to change it: no panic, and
//! places that were found are there.

#![no_main]

use std::sync::LazyLock;

use expression::json_path::pointer;
use expression::{Budget, JsonPath};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "order": { "id": 7, "items": [{ "k": "a", "n": 1 }, { "k": "b", "n": 2.5, "on": true }] },
        "a b": [[1, 2], [3]], "members": { "x": null }, "": "", "text": "größer",
    })
});

fuzz_target!(|text: &str| {
    let path = match JsonPath::compile(text) {
        Ok(path) => path,
        Err(error) => return assert!(error.offset <= text.len()),
    };
    let budget = || Budget::new(100_000);
    let _found = path.evaluate(&DOCUMENT, &mut budget()).map(|found| found.text());
    let Ok(places) = path.locations(&DOCUMENT, &mut budget()) else { return };
    for place in &places {
        assert!(DOCUMENT.pointer(&pointer(place)).is_some(), "{}", pointer(place));
    }
    let mut changed = DOCUMENT.clone();
    let _replaced = path.replace(&mut changed, &json!({ "new": [] }), &mut budget());
    let _removed = path.remove(&mut changed, &mut budget());
});
