//! WSDLs that nobody here wrote: each becomes a mapping that is read again as it was written.

use model::Diagnostics;
use serde_json::Value;
use soap::definition::{Info, of_mapping};
use soap::{mapping, sequences};

use crate::round::{back, echo};
use crate::sample::{self, Row, Wish};
use crate::support::{collections, mappings};

#[test]
fn mappings_are_read_as_they_are_written() {
    let (mut operations, mut turned) = (0, 0);
    for collection in collections() {
        for path in collection.wsdls() {
            let Some(description) = collection.description(&path) else { continue };
            for (_, port, made) in mappings(&description) {
                let text = mapping::to_text(&made.mapping);
                let mut found = Diagnostics::new();
                let read = mapping::read(mapping::PATH, text.as_bytes(), &mut found);
                let name = format!("{} {path} {port}", collection.folder.display());
                assert!(!found.has_errors(), "{name}: {found:?}");
                assert_eq!(read.unwrap(), made.mapping, "{name}");
                check_definition(
                    &of_mapping(&made.mapping, Info { title: "a", version: "1" }),
                    &name,
                );
                for resource in &made.mapping.resources {
                    operations += 1;
                    let files = sequences::of_resource(&made.mapping, resource);
                    assert!(!files.request.is_empty());
                    let resource = echo(resource);
                    let wish = Wish { varies: true, any: false };
                    for seed in 0..3 {
                        let sample =
                            sample::message(&made.mapping, &resource.request, wish, &mut Row(seed));
                        let Some(sample) = sample else { continue };
                        let value = Value::Object(sample);
                        let (envelope, read) = back(&made.mapping, &resource, &value);
                        assert_eq!(read, value, "{name} {}\n{envelope}", resource.operation);
                        turned += 1;
                    }
                }
            }
        }
    }
    eprintln!("{operations} operations are mapped, {turned} messages came back");
}

/// Every reference leads somewhere.
fn check_definition(definition: &Value, name: &str) {
    let known = definition["definitions"].as_object().unwrap();
    let mut open = vec![definition];
    while let Some(value) = open.pop() {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix("#/definitions/").unwrap();
            assert!(known.contains_key(target), "{name}: {target}");
        }
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}
