//! Any text is read as a script with literals of XML: no panic; what comes of it is read again as it
//! is, lines stay where they are, and a text without literals is unchanged.

#![no_main]

use libfuzzer_sys::fuzz_target;
use script::Script;

fuzz_target!(|text: &str| {
    let Ok(script) = Script::compile(text, "fuzz", None) else { return };
    let turned = script.text();
    assert_eq!(turned.matches('\n').count(), text.matches('\n').count());
    let again = Script::compile(turned, "fuzz", None).expect("what was turned can be read");
    assert_eq!(again.text(), turned);
    if !text.contains(['<', '@']) && !text.contains("..") {
        assert_eq!(turned, text);
    }
});
