//! Any bytes are read as the head of an answer and its body: no panic, the same in pieces.
//!
//! The first byte chooses the method of the request that is answered.

#![no_main]

#[allow(dead_code, reason = "each target asks one question of several")]
#[path = "../../crates/http1/tests/it/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _accepted = checks::answer(data);
});
