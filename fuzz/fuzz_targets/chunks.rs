//! Any bytes are read as a body in chunks: no panic, the same in pieces, sizes that httparse sees,
//! and the same again when it is written.

#![no_main]

#[allow(dead_code, reason = "each target asks one question of several")]
#[path = "../../crates/http1/tests/it/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _accepted = checks::chunks(data);
});
