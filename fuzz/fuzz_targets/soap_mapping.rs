//! Any text is read as a mapping: no panic; what is accepted is the same when it is written and read
//! again, and turns any JSON and any answer without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Diagnostics;
use soap::{answer, mapping, request};

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (text, json, envelope) = input;
    let mut found = Diagnostics::new();
    let Some(read) = mapping::read("mapping.yaml", text.as_bytes(), &mut found) else {
        assert!(found.has_errors());
        return;
    };
    let again = mapping::to_text(&read);
    let again = mapping::read("mapping.yaml", again.as_bytes(), &mut Diagnostics::new());
    assert_eq!(again.as_ref(), Some(&read));
    let body = serde_json::from_str(json).ok();
    let input = request::Input { body: body.as_ref(), parameter: &|_, _| vec!["1".to_owned()] };
    for resource in &read.resources {
        let limits = xml::read::Limits::default();
        let _answer = answer::read(&read, resource, 200, envelope, &limits);
        if let Ok(made) = request::write(&read, resource, &input, 1 << 20) {
            assert!(xml::read::read(made.text.as_bytes(), &limits).is_ok(), "{}", made.text);
        }
    }
});
