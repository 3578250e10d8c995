//! Operations that are answered without an upstream (spec/02 §4, §6.1 statements 31 to 39).

mod attacks;
mod chosen;
mod errors;
mod mixed;
mod recorded;
mod schemathesis;
mod scripts;
mod state;
mod states;

use serde_json::{Map, Value, json};
use testkit::Project;

/// An operation without a token: method, path, and what the definition says of it.
type Described<'a> = (&'a str, &'a str, Value);

/// A definition with these operations.
fn definition(operations: &[Described<'_>]) -> Value {
    let mut paths = Map::new();
    for (method, path, described) in operations {
        let item = paths.entry(*path).or_insert_with(|| json!({}));
        item[method.to_ascii_lowercase()] = described.clone();
    }
    json!({ "openapi": "3.0.1", "info": { "title": "Pets", "version": "1.0" }, "paths": paths })
}

/// An API `/pets/1.0` with these operations, of this implementation.
fn project(implementation: &str, operations: &[Described<'_>]) -> Project {
    let mut project = Project::new("Pets", "1.0", "/pets")
        .set("endpointImplementationType", json!(implementation))
        .set("lifeCycleStatus", json!("PROTOTYPED"));
    for (method, path, _) in operations {
        project = project.operation(method, path).open();
    }
    project.file("Definitions/swagger.yaml", definition(operations).to_string())
}

/// A mock of scripts.
fn scripts(operations: &[(&str, &str, &str)]) -> Project {
    let described: Vec<_> = operations
        .iter()
        .map(|(method, path, script)| {
            let responses = json!({ "200": { "description": "" } });
            (*method, *path, json!({ "responses": responses, "x-mediation-script": script }))
        })
        .collect();
    project("INLINE", &described)
}

/// A mock of examples.
fn examples(operations: &[Described<'_>]) -> Project {
    project("MOCKED_OAS", operations)
}

/// A response of JSON with named examples, and a schema.
fn response(schema: Value, named: &[(&str, Value)]) -> Value {
    let named: Map<String, Value> =
        named.iter().map(|(name, value)| ((*name).to_owned(), json!({ "value": value }))).collect();
    let mut content = json!({ "schema": schema });
    if !named.is_empty() {
        content["examples"] = Value::Object(named);
    }
    json!({ "description": "", "content": { "application/json": content } })
}
