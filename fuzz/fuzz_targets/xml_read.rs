//! Any bytes are read as XML: no panic; what is accepted is the same when it is written and read
//! again, and becomes JSON and XML again without a limit being passed that was kept before.

#![no_main]

use libfuzzer_sys::fuzz_target;
use xml::json::{Options, from_json, to_json};
use xml::read::{Limits, read, read_text};
use xml::write::write_document;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(tree) = read(bytes, &limits) else { return };
    let written = write_document(&tree);
    let again = read_text(&written, &limits).expect("what is written can be read");
    assert_eq!(write_document(&again), written);
    let root = tree.root().expect("a document has a root");
    let options = Options::default();
    let json = to_json(&tree, root, &options);
    if let Ok(back) = from_json(&json, &options) {
        let written = write_document(&back);
        assert!(read_text(&written, &limits).is_ok(), "{written}");
    }
});
