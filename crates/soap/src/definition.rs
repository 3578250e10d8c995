//! The OpenAPI definition of a mapping: Swagger 2.0 with `x-wso2-soap`, as API Manager writes it,
//! with schemas that are complete.
//!
//! Attributes are members whose names begin with `@`, the text beside them is `$`, and `$type`
//! names a derived type. What Swagger 2.0 has no words for is in keys of our own: `x-nullable`,
//! and `x-weir-choice` for members of which one branch may be there.

mod schema;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::mapping::{Content, Mapping, Parameter, ParameterPlace, Resource, TypeRef};
use crate::request::HEADER;

/// What a definition says of the API.
#[derive(Debug, Clone, Copy)]
pub struct Info<'a> {
    /// Its name.
    pub title: &'a str,
    /// Its version.
    pub version: &'a str,
}

/// The names of schemas.
struct Names {
    types: Vec<String>,
    requests: HashMap<usize, String>,
    answers: HashMap<usize, String>,
}

/// The definition of the resources of a mapping.
#[must_use]
pub fn of_mapping(mapping: &Mapping, info: Info<'_>) -> Value {
    let names = Names::of(mapping);
    let mut paths = Map::new();
    let mut definitions = Map::new();
    for (index, resource) in mapping.resources.iter().enumerate() {
        let operation = operation(mapping, &names, index, resource);
        let path = paths.entry(resource.path.clone()).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(resource.method.to_ascii_lowercase(), operation);
        }
        if let Some(name) = names.requests.get(&index).filter(|_| has_body(resource)) {
            let message = message(mapping, &names, resource, true);
            definitions.insert(name.clone(), message);
        }
        if let Some(name) = names.answers.get(&index) {
            definitions.insert(name.clone(), message(mapping, &names, resource, false));
        }
    }
    for (index, name) in names.types.iter().enumerate() {
        let schema = schema::of_type(mapping, &names.types, TypeRef::Own(index));
        definitions.insert(name.clone(), schema);
    }
    json!({
        "swagger": "2.0",
        "info": { "title": info.title, "version": info.version },
        "paths": paths,
        "definitions": definitions,
    })
}

/// The definition of an API that passes SOAP through.
#[must_use]
pub fn of_pass_through(info: Info<'_>) -> Value {
    let body = json!({
        "name": "SOAP Request",
        "in": "body",
        "description": "A SOAP envelope.",
        "required": true,
        "schema": { "type": "string" },
    });
    let action = json!({
        "name": "SOAPAction",
        "in": "header",
        "description": "The action of SOAP 1.1.",
        "required": false,
        "type": "string",
    });
    json!({
        "swagger": "2.0",
        "info": { "title": info.title, "version": info.version },
        "consumes": ["text/xml", "application/soap+xml"],
        "paths": {
            "/*": {
                "post": {
                    "parameters": [body, action],
                    "responses": { "200": { "description": "OK" } },
                    "x-auth-type": "Application & Application User",
                    "x-throttling-tier": "Unlimited",
                },
            },
        },
    })
}

impl Names {
    fn of(mapping: &Mapping) -> Self {
        let mut taken = HashSet::new();
        let mut name = |wanted: String| {
            let mut name = wanted.clone();
            let mut number = 1;
            while !taken.insert(name.clone()) {
                number += 1;
                name = format!("{wanted}_{number}");
            }
            name
        };
        let (mut requests, mut answers) = (HashMap::new(), HashMap::new());
        for (index, resource) in mapping.resources.iter().enumerate() {
            requests.insert(index, name(format!("{}Input", resource.operation)));
            answers.insert(index, name(format!("{}Output", resource.operation)));
        }
        let types = mapping.types.iter();
        let types = types.map(|one| name(local(&one.key))).collect();
        Self { types, requests, answers }
    }
}

/// The local part of the key of a type, with or without parentheses.
fn local(key: &str) -> String {
    let bare = key.trim_start_matches('(').trim_end_matches(')');
    let bare = bare.split_once(' ').map_or(bare, |(name, _)| name);
    bare.rsplit_once(':').map_or(bare, |(_, local)| local).to_owned()
}

fn has_body(resource: &Resource) -> bool {
    !matches!(resource.method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS")
}

fn operation(mapping: &Mapping, names: &Names, index: usize, resource: &Resource) -> Value {
    let mut parameters: Vec<Value> =
        resource.parameters.iter().map(|one| parameter(mapping, resource, one)).collect();
    if let Some(name) = names.requests.get(&index).filter(|_| has_body(resource)) {
        parameters.push(json!({
            "name": "payload",
            "in": "body",
            "required": true,
            "schema": { "$ref": format!("#/definitions/{name}") },
        }));
    }
    let answer = names.answers.get(&index).cloned().unwrap_or_default();
    let mut operation = Map::new();
    operation.insert("operationId".to_owned(), json!(resource.operation));
    if let Some(description) = &resource.description {
        operation.insert("description".to_owned(), json!(description));
    }
    operation.insert("parameters".to_owned(), Value::Array(parameters));
    operation.insert(
        "responses".to_owned(),
        json!({
            "default": {
                "description": "",
                "schema": { "$ref": format!("#/definitions/{answer}") },
            },
        }),
    );
    operation.insert("x-auth-type".to_owned(), json!("Application & Application User"));
    operation.insert("x-throttling-tier".to_owned(), json!("Unlimited"));
    let element = resource.request.body.sole();
    let namespace = element.map(|one| mapping.namespace(&one.name)).unwrap_or_default();
    operation.insert(
        "x-wso2-soap".to_owned(),
        json!({
            "soap-action": resource.action.as_deref().unwrap_or_default(),
            "soap-operation": resource.operation,
            "namespace": namespace,
            "x-soap-version": resource.version.as_str(),
        }),
    );
    Value::Object(operation)
}

/// The type of a parameter is that of the member that it becomes.
fn parameter(mapping: &Mapping, resource: &Resource, parameter: &Parameter) -> Value {
    let mut written = Map::new();
    written.insert("name".to_owned(), json!(parameter.name));
    written.insert("in".to_owned(), json!(parameter.place.as_str()));
    let target = target(mapping, resource, &parameter.target);
    let is_required = parameter.place == ParameterPlace::Path
        || target.is_some_and(|(_, is_required)| is_required);
    written.insert("required".to_owned(), json!(is_required));
    let plain = target.map(|(type_ref, _)| schema::plain(mapping, type_ref)).unwrap_or_default();
    if plain.is_empty() {
        written.insert("type".to_owned(), json!("string"));
    }
    written.extend(plain);
    Value::Object(written)
}

/// The type that a target leads to, and whether it has to be there.
fn target(mapping: &Mapping, resource: &Resource, target: &[String]) -> Option<(TypeRef, bool)> {
    let (first, rest) = target.split_first()?;
    let is_header = first == HEADER;
    let (content, keys) =
        if is_header { (&resource.request.header, rest) } else { (&resource.request.body, target) };
    let (first, rest) = keys.split_first()?;
    let mut field = content.fields().by_key(first)?;
    for key in rest {
        let complex = mapping.complex(field.element.type_ref)?;
        if let Some(attribute) = complex.attributes.iter().find(|one| *one.key == **key) {
            return Some((attribute.type_ref, attribute.is_required));
        }
        field = complex.content.fields().by_key(key)?;
    }
    Some((field.element.type_ref, field.is_required && !is_header))
}

fn message(mapping: &Mapping, names: &Names, resource: &Resource, is_request: bool) -> Value {
    let nothing = crate::mapping::Message::default();
    let message =
        if is_request { &resource.request } else { resource.answer.as_ref().unwrap_or(&nothing) };
    let mut schema = schema::of_content(mapping, &names.types, &message.body);
    let header = Content::default() != message.header;
    if header && let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut)
    {
        let blocks = schema::of_content(mapping, &names.types, &message.header);
        properties.insert(HEADER.to_owned(), blocks);
    }
    schema
}
