//! JSON to an envelope and back is the same JSON.

use serde_json::Value;
use soap::mapping::{Mapping, Resource};
use soap::{answer, request};

use crate::sample::{self, Row, Wish};
use crate::support::of_text;

/// A resource that answers what it is asked.
pub(crate) fn echo(resource: &Resource) -> Resource {
    Resource { answer: Some(resource.request.clone()), parameters: Vec::new(), ..resource.clone() }
}

/// The same, once there and back.
pub(crate) fn back(mapping: &Mapping, resource: &Resource, value: &Value) -> (String, Value) {
    let input = request::Input { body: Some(value), parameter: &|_, _| Vec::new() };
    let envelope = request::write(mapping, resource, &input, 1 << 20).unwrap_or_else(|problem| {
        panic!("{}: {problem:?}\n{value:#}", resource.operation);
    });
    let limits = xml::read::Limits::default();
    let read = answer::read(mapping, resource, 200, envelope.text.as_bytes(), &limits).unwrap();
    assert!(!read.is_problem, "{:#}\n{}", read.body, envelope.text);
    (envelope.text, read.body)
}

#[test]
fn whatever_fits_comes_back() {
    for name in ["orders", "encoded"] {
        let file =
            testkit::workspace_root().join(format!("crates/soap/tests/golden/{name}/in.wsdl"));
        let made = of_text(&std::fs::read_to_string(file).unwrap());
        for resource in &made.mapping.resources {
            let resource = echo(resource);
            for seed in 0..300 {
                let wish = Wish { varies: true, any: false };
                let sample =
                    sample::message(&made.mapping, &resource.request, wish, &mut Row(seed));
                let Some(sample) = sample else { continue };
                let value = Value::Object(sample);
                let (envelope, read) = back(&made.mapping, &resource, &value);
                assert_eq!(read, sorted_like(&value), "{envelope}");
            }
        }
    }
}

/// Objects of JSON have no order; those of the library compare without one too.
fn sorted_like(value: &Value) -> Value {
    value.clone()
}
