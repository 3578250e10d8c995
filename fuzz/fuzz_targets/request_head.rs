//! Any bytes are read as the head of a request: no panic, the same in pieces, nothing that httparse
//! refuses or sees otherwise, and the same again when it is written.

#![no_main]

#[allow(dead_code, reason = "each target asks one question of several")]
#[path = "../../crates/http1/tests/it/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _accepted = checks::request_head(data);
});
