//! Collections of documents that nobody here wrote: what is answered is valid where the input was.

use std::path::Path;

use mock::state::{Action, Call, Limits, Reply, Role, Roles, Store};
use mock::{Contract, Direction, Mode, Prepared, Schema, Source, sample};
use model::yaml;
use serde_json::Value;

const DOCUMENTS: &[&str] = &[
    "corpus/openapi/openapi-spec-validator/openapi_spec_validator-0.9.0/tests/bench/specs/docker.yaml",
    "corpus/openapi/openapi-spec-validator/openapi_spec_validator-0.9.0/tests/integration/data/v3.0/petstore.yaml",
    "node/node_modules/@readme/oas-examples/2.0/json/petstore.json",
    "node/node_modules/@readme/oas-examples/3.0/json/petstore.json",
    "node/node_modules/@readme/oas-examples/3.1/json/train-travel.json",
];

#[test]
fn collections_of_public_documents_answer_as_declared() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let (mut asked, mut is_there) = (0, false);
    for document in DOCUMENTS {
        let Ok(content) = std::fs::read(target.join(document)) else {
            eprintln!("{document}: skipped, it is not there; `cargo xtask setup` fetches it");
            continue;
        };
        is_there = true;
        let document = yaml::parse(document, &content).unwrap();
        let source = Source::new(&document, "openapi.yaml");
        let (roles, _) = Roles::read(&source);
        let mut store = Store::new(Limits::default());
        let (contract, _) = Contract::read(&document, "openapi.yaml");
        for wanted in [Action::Create, Action::List, Action::Read, Action::Update, Action::Delete] {
            for (method, template, _) in contract.operations() {
                let Some(role) = roles.role(method, template) else { continue };
                if role.action == wanted {
                    let body = body(&document, method, template, wanted);
                    asked += ask(&mut store, role, &source, (method, template), &body);
                }
            }
        }
    }
    assert!(!is_there || asked > 0, "no document has a collection");
}

/// Asks, and holds the answer against the document; 0 where there is no such entry.
fn ask(
    store: &mut Store,
    role: &Role,
    source: &std::sync::Arc<Source>,
    (method, template): (&str, &str),
    body: &Value,
) -> usize {
    let names = template.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let path: Vec<(String, String)> =
        names.map(|(name, _)| (name.to_owned(), "1".to_owned())).collect();
    let body = body.to_string();
    let call = Call { path: &path, target: "/a", body: body.as_bytes(), ..Call::default() };
    let Reply { status, media_type, body, .. } = match store.handle(role, &call) {
        Ok(reply) => reply,
        Err(refusal) => {
            assert!(matches!(refusal.status, 404 | 409), "{method} {template}: {refusal:?}");
            return 0;
        }
    };
    let (prepared, _) = Prepared::read(source, method, template).unwrap();
    let told = prepared.check(status, media_type.as_deref(), &body);
    // Some documents declare no success, and get one without a body.
    let told = told.filter(|told| !body.is_empty() || !told.contains("declares no answer"));
    assert_eq!(told, None, "{method} {template}: {}", String::from_utf8_lossy(&body));
    1
}

/// A body that is as the document says; nothing changes by an update.
fn body(document: &Value, method: &str, template: &str, action: Action) -> Value {
    if action != Action::Create {
        return Value::Object(serde_json::Map::new());
    }
    let operation = &document["paths"][template][method.to_ascii_lowercase()];
    let (body, parameters) = (&operation["requestBody"], &operation["parameters"]);
    let reference = body["$ref"].as_str();
    let body = reference.and_then(|to| definition::resolve(document, to)).unwrap_or(body);
    let old = parameters.as_array().into_iter().flatten().find(|one| one["in"] == "body");
    let schema = old.map_or(&body["content"]["application/json"]["schema"], |one| &one["schema"]);
    let head = ["openapi", "swagger"].iter();
    let head = head.filter_map(|key| Some(((*key).to_owned(), document.get(key)?.clone())));
    let dialect = definition::Document::read(&Value::Object(head.collect()), "").0.dialect;
    let schema = Schema::read(document, dialect, schema, Direction::Request);
    let made = schema.and_then(|schema| sample(&schema, Mode::Fixed));
    made.ok().filter(Value::is_object).unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}
