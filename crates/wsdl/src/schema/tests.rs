#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::fmt::Write as _;

use model::Severity;

use super::*;
use crate::{Archive, Limits, Location, read};

mod circles;
mod complex;
mod names;
mod redefine;
mod simple;

/// Reads schemas that stand in the `types` of a WSDL; gives what was found as text, too.
fn schemas(text: &str) -> (Schemas, Vec<String>) {
    let wsdl = format!(
        "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:xsd='{XSD}' xmlns:t='urn:t' \
         xmlns:u='urn:u' xmlns:soapenc='http://schemas.xmlsoap.org/soap/encoding/' \
         xmlns:wsdl='http://schemas.xmlsoap.org/wsdl/' \
         xmlns:xmime='http://www.w3.org/2005/05/xmlmime' targetNamespace='urn:t'>\n\
         <types>{text}</types><service name='s'/></definitions>"
    );
    let mut archive = Archive::new();
    archive.insert("a.wsdl", wsdl).unwrap();
    let reading = read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default());
    let found = reading
        .found
        .iter()
        .map(|one| format!("{}[{}] {}", one.severity.as_str(), one.code, one.message))
        .collect();
    (reading.description.unwrap().schemas, found)
}

/// One schema in the namespace `urn:t` that nothing is wrong with.
fn sound(inner: &str) -> Schemas {
    let (schemas, found) = schema(inner);
    assert_eq!(found, Vec::<String>::new());
    schemas
}

/// One schema in the namespace `urn:t`, and what is wrong with it.
fn schema(inner: &str) -> (Schemas, Vec<String>) {
    schemas(&format!(
        "<xsd:schema targetNamespace='urn:t' elementFormDefault='qualified'>{inner}</xsd:schema>"
    ))
}

/// What is wrong with one schema, beside notes.
fn wrong(inner: &str, expected: &[&str]) -> Schemas {
    let (schemas, found) = schema(inner);
    let note = Severity::Note.as_str();
    let found: Vec<_> = found.iter().filter(|one| !one.starts_with(note)).collect();
    assert_eq!(found, expected, "{inner}");
    schemas
}

/// A type of `urn:t` in short: its content and attributes, with those of its bases.
fn show(schemas: &Schemas, name: &str) -> String {
    show_type(schemas, schemas.find_type("urn:t", name).expect(name))
}

fn show_type(schemas: &Schemas, id: TypeId) -> String {
    let mut text = String::new();
    if schemas.type_of(id).complex().is_none() {
        return show_simple(schemas, id);
    }
    if schemas.is_mixed(id) {
        text.push_str("mixed ");
    }
    if let Some(simple) = schemas.simple(id) {
        write!(text, "{} ", show_simple(schemas, simple)).unwrap();
    }
    for particle in schemas.content(id) {
        write!(text, "{} ", show_particle(schemas, particle)).unwrap();
    }
    let attributes = schemas.all_attributes(id);
    for one in attributes.uses {
        let attribute = schemas.attribute(one.attribute);
        let mark = if one.is_required { "!" } else { "" };
        let kind = show_simple(schemas, attribute.type_id);
        write!(text, "@{}:{kind}{mark} ", attribute.name.local).unwrap();
    }
    if attributes.any.is_some() {
        text.push_str("@* ");
    }
    text.trim_end().to_owned()
}

fn show_simple(schemas: &Schemas, id: TypeId) -> String {
    let name = |id: TypeId| match &schemas.type_of(id).name {
        Some(name) => (*name.local).to_owned(),
        None => show_simple(schemas, id),
    };
    match schemas.variety(id) {
        Some(Variety::Atomic(one)) => one.name().to_owned(),
        Some(Variety::List(item)) => format!("list({})", name(item)),
        Some(Variety::Union(members)) => {
            let members: Vec<_> = members.iter().map(|one| name(*one)).collect();
            format!("union({})", members.join("|"))
        }
        None => "none".to_owned(),
    }
}

fn show_particle(schemas: &Schemas, particle: &Particle) -> String {
    let what = match &particle.term {
        Term::Element(id) => {
            let element = schemas.element(*id);
            let prefix = if element.name.namespace.is_empty() { "" } else { "t:" };
            let one = schemas.type_of(element.type_id);
            let name = one.name.as_ref().map_or("?".into(), |name| name.local.clone());
            format!("{prefix}{}:{name}", element.name.local)
        }
        Term::Model(model) => show_model(schemas, model),
        Term::Group(id) => {
            let group = schemas.group(*id);
            format!("{}={}", group.name.local, show_model(schemas, &group.model))
        }
        Term::Any(_) => "any".to_owned(),
    };
    let count = match (particle.min, particle.max) {
        (1, Some(1)) => "",
        (0, Some(1)) => "?",
        (0, None) => "*",
        (1, None) => "+",
        (min, max) => return format!("{what}{{{min},{}}}", max.unwrap_or(u32::MAX)),
    };
    format!("{what}{count}")
}

fn show_model(schemas: &Schemas, model: &Model) -> String {
    let particles: Vec<_> = model.particles.iter().map(|one| show_particle(schemas, one)).collect();
    match model.compositor {
        Compositor::Sequence => format!("({})", particles.join(" ")),
        Compositor::Choice => format!("({})", particles.join("|")),
        Compositor::All => format!("({})", particles.join("&")),
    }
}
