//! Any bytes pass the checks of threat protection or do not: no panic, and what passes can be read.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use policy::threat::{Injection, JsonLimits, XmlLimits, check_json, check_xml};

static INJECTION: LazyLock<Injection> = LazyLock::new(|| {
    Injection::compile(r"\bunion\s+select\b|('|%27)\s*(or|and)\b").expect("the pattern is sound")
});

fuzz_target!(|bytes: &[u8]| {
    if check_json(bytes, &JsonLimits::default()).is_ok() && !bytes.trim_ascii().is_empty() {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        assert!(serde_json::from_slice::<serde_json::Value>(text).is_ok());
    }
    if check_xml(bytes, &XmlLimits::default()).is_ok() && !bytes.trim_ascii().is_empty() {
        assert!(xml::read::read(bytes, &xml::read::Limits::default()).is_ok());
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let _found = INJECTION.check(text);
    }
});
