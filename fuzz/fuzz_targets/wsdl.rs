//! Any two documents are read as a WSDL and a schema that it imports: no panic; where nothing is
//! read there is an error, and rewriting without a change changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsdl::{Archive, DocumentId, Limits, Location, read};

fuzz_target!(|input: (&str, &str)| {
    let (main, other) = input;
    let mut archive = Archive::new();
    for (path, text) in [("a.wsdl", main), ("b.xsd", other)] {
        archive.insert(path, text.as_bytes().to_vec()).expect("a path inside");
    }
    let limits = Limits { steps: 1_000_000, particles: 1_000, ..Limits::default() };
    let root = Location::path("a.wsdl").expect("a path inside");
    let reading = read(&archive, &root, &limits);
    let Some(description) = reading.description else {
        assert!(reading.found.has_errors());
        return;
    };
    for (id, _) in description.schemas().types() {
        let _all = (description.schemas().all_attributes(id), description.schemas().facets(id));
        let _item = (description.schemas().content(id), description.schemas().array_item(id));
    }
    let _calls = description.calls().count();
    let text = description.rewrite(DocumentId::new(0), &limits, &mut |_| None, &mut |_| None);
    let text = text.expect("the first document").expect("one that was read");
    // Other encodings become UTF-8, and say so.
    let is_plain = !main.contains("encoding") && !main.contains('\0');
    assert!(!is_plain || main.ends_with(text.trim_start_matches('\u{FEFF}')));
});
