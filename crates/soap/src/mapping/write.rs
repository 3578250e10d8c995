//! A mapping as the value and the text of its file.

use serde_json::{Map, Value, json};

use super::{
    Attribute, Complex, Content, Element, Facets, Kind, Mapping, Message, Parameter, Particle,
    Resource, Simple, Term, Type, TypeRef,
};

/// What stands above the mapping in its file.
const HEAD: &str = "\
# How resources become SOAP messages, and answers JSON.
# An element is written as its name and its type; behind the type stand how often it may be there
# (? none or one, * any number, + one or more, or 2..5) and whether it may be null (nillable).
# $choice, $sequence, $all and $any say how elements belong together. A type in parentheses has
# no name in messages. docs/soap-to-rest.md of the gateway explains all of it.
";

/// The text of the file.
#[must_use]
pub fn to_text(mapping: &Mapping) -> String {
    format!("{HEAD}{}", model::yaml::to_yaml(&to_value(mapping)))
}

/// What the file holds.
#[must_use]
pub fn to_value(mapping: &Mapping) -> Value {
    let namespaces = mapping.namespaces.iter();
    let namespaces: Map<_, _> =
        namespaces.map(|one| (one.prefix.to_string(), json!(&*one.uri))).collect();
    let resources: Vec<_> = mapping.resources.iter().map(|one| resource(mapping, one)).collect();
    let types = mapping.types.iter().map(|one| (one.key.clone(), type_of(mapping, one)));
    json!({
        "version": 1,
        "namespaces": namespaces,
        "resources": resources,
        "types": Value::Object(types.collect()),
    })
}

fn resource(mapping: &Mapping, resource: &Resource) -> Value {
    let mut written = Map::new();
    let mut put = |key: &str, value: Value| written.insert(key.to_owned(), value);
    put("resource", json!(format!("{} {}", resource.method, resource.path)));
    put("operation", json!(resource.operation));
    if let Some(description) = &resource.description {
        put("description", json!(description));
    }
    put("soap", json!(resource.version.as_str()));
    if let Some(action) = &resource.action {
        put("action", json!(action));
    }
    if !resource.parameters.is_empty() {
        let parameters = resource.parameters.iter().map(parameter).collect();
        put("parameters", Value::Object(parameters));
    }
    put("request", message(mapping, &resource.request));
    if let Some(answer) = &resource.answer {
        put("answer", message(mapping, answer));
    }
    if !resource.faults.is_empty() {
        put("faults", content(mapping, &resource.faults));
    }
    Value::Object(written)
}

fn parameter(parameter: &Parameter) -> (String, Value) {
    let target =
        parameter.target.iter().fold(String::new(), |at, key| model::cursor::join(&at, key));
    (parameter.name.clone(), json!(format!("{} {target}", parameter.place.as_str())))
}

/// A list where it is just a body.
fn message(mapping: &Mapping, message: &Message) -> Value {
    let body = content(mapping, &message.body);
    if !message.is_encoded && message.header.is_empty() {
        return body;
    }
    let mut written = Map::new();
    if message.is_encoded {
        written.insert("encoded".to_owned(), json!(true));
    }
    if !message.header.is_empty() {
        written.insert("header".to_owned(), content(mapping, &message.header));
    }
    written.insert("body".to_owned(), body);
    Value::Object(written)
}

fn type_of(mapping: &Mapping, one: &Type) -> Value {
    match &one.kind {
        Kind::Simple(simple) => self::simple(mapping, simple),
        Kind::Complex(complex) => self::complex(mapping, one, complex),
    }
}

fn simple(mapping: &Mapping, simple: &Simple) -> Value {
    match simple {
        Simple::Restriction(base, own) => {
            let mut written = Map::new();
            let base = mapping.called(TypeRef::Builtin(*base));
            written.insert("restriction".to_owned(), json!(base));
            facets(own, &mut written);
            Value::Object(written)
        }
        Simple::List(item) => json!({ "list": mapping.called(*item) }),
        Simple::Union(members) => {
            let members: Vec<_> = members.iter().map(|one| mapping.called(*one)).collect();
            json!({ "union": members })
        }
    }
}

fn facets(facets: &Facets, written: &mut Map<String, Value>) {
    if !facets.enumeration.is_empty() {
        written.insert("enumeration".to_owned(), json!(facets.enumeration));
    }
    if !facets.patterns.is_empty() {
        written.insert("patterns".to_owned(), json!(facets.patterns));
    }
    for (name, value) in &facets.numbers {
        written.insert(name.clone(), json!(value));
    }
    for (name, value) in &facets.bounds {
        written.insert(name.clone(), json!(value));
    }
}

/// A list where it is just its elements.
fn complex(mapping: &Mapping, one: &Type, complex: &Complex) -> Value {
    let mut written = Map::new();
    let mut put = |key: &str, value: Value| written.insert(key.to_owned(), value);
    if let Some(base) = one.base {
        put("base", json!(mapping.called(base)));
    }
    if one.is_abstract {
        put("abstract", json!(true));
    }
    if complex.is_mixed {
        put("mixed", json!(true));
    }
    if !complex.attributes.is_empty() {
        let attributes = complex.attributes.iter().map(|one| attribute(mapping, one));
        put("attributes", Value::Object(attributes.collect()));
    }
    if complex.has_any_attribute {
        put("anyAttribute", json!(true));
    }
    if let Some(text) = complex.text {
        put("text", json!(mapping.called(text)));
    }
    if let Some(item) = complex.array {
        put("array", json!(mapping.called(item)));
    }
    if written.is_empty() {
        return content(mapping, &complex.content);
    }
    if !complex.content.is_empty() {
        written.insert("content".to_owned(), content(mapping, &complex.content));
    }
    Value::Object(written)
}

fn attribute(mapping: &Mapping, attribute: &Attribute) -> (String, Value) {
    let called = mapping.called(attribute.type_ref);
    let short = if attribute.is_required { called.clone() } else { format!("{called} ?") };
    let is_plain = *attribute.key == *format!("@{}", attribute.name.local);
    let value = match &attribute.default {
        None if is_plain => json!(short),
        default => {
            let mut written = Map::from_iter([("type".to_owned(), json!(short))]);
            if let Some(default) = default {
                written.insert("default".to_owned(), json!(default));
            }
            if !is_plain {
                written.insert("key".to_owned(), json!(&*attribute.key));
            }
            Value::Object(written)
        }
    };
    (attribute.name.written.to_string(), value)
}

fn content(mapping: &Mapping, content: &Content) -> Value {
    particles(mapping, content.particles())
}

fn particles(mapping: &Mapping, particles: &[Particle]) -> Value {
    Value::Array(particles.iter().map(|one| particle(mapping, one)).collect())
}

fn particle(mapping: &Mapping, particle: &Particle) -> Value {
    let (key, inner) = match &particle.term {
        Term::Element(element) => return self::element(mapping, particle, element),
        Term::Any => return json!({ "$any": occurs(particle) }),
        Term::Sequence(inner) => ("$sequence", inner),
        Term::Choice(inner) => ("$choice", inner),
        Term::All(inner) => ("$all", inner),
    };
    let mut written = Map::from_iter([(key.to_owned(), particles(mapping, inner))]);
    let occurs = occurs(particle);
    if occurs != "1" {
        written.insert("occurs".to_owned(), json!(occurs));
    }
    Value::Object(written)
}

fn element(mapping: &Mapping, particle: &Particle, element: &Element) -> Value {
    let mut short = mapping.called(element.type_ref);
    let occurs = occurs(particle);
    if occurs != "1" {
        short = format!("{short} {occurs}");
    }
    if element.is_nillable {
        short.push_str(" nillable");
    }
    let mut written = Map::from_iter([("type".to_owned(), json!(short))]);
    if let Some(default) = &element.default {
        written.insert("default".to_owned(), json!(default));
    }
    if *element.key != *element.name.local {
        written.insert("key".to_owned(), json!(&*element.key));
    }
    let value = if written.len() == 1 { json!(short) } else { Value::Object(written) };
    Value::Object(Map::from_iter([(element.name.written.to_string(), value)]))
}

fn occurs(particle: &Particle) -> String {
    match (particle.min, particle.max) {
        (1, Some(1)) => "1".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (min, None) => format!("{min}..*"),
        (min, Some(max)) => format!("{min}..{max}"),
    }
}
