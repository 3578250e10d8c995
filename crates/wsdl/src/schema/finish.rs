//! What can be said only when all schemas are read: what is missing, what goes round, and who is
//! derived from whom.

mod circles;
mod size;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Severity, codes};
use xml::name::Name;

use super::builder::{Builder, Kind};
use super::{
    Attribute, AttributeGroup, Content, Element, ElementId, Group, Schemas, SimpleType, Type,
    TypeKind, any_type, known,
};
use crate::arena::{Awaited, Id};
use crate::limits::Limits;
use crate::report::{Report, nearest};

/// Completes the schemas and reports what is wrong with them; gives the namespaces, too, that
/// something is missing from.
pub(crate) fn finish(
    mut builder: Builder,
    limits: &Limits,
    report: &mut Report,
) -> (Schemas, HashSet<Arc<str>>) {
    load_known(&mut builder, report);
    builder.check_originals(report);
    let mut missing = HashSet::new();
    dangling::<Type>(&mut builder, &mut missing, report);
    dangling::<Element>(&mut builder, &mut missing, report);
    dangling::<Attribute>(&mut builder, &mut missing, report);
    dangling::<Group>(&mut builder, &mut missing, report);
    dangling::<AttributeGroup>(&mut builder, &mut missing, report);
    note_unimported(&builder, report);
    let Builder { mut schemas, heirs, .. } = builder;
    circles::cut(&mut schemas, limits.chain, report);
    size::cut(&mut schemas, limits.particles, report);
    inherit(&mut schemas, &heirs);
    check_bases(&schemas, report);
    link_back(&mut schemas);
    (schemas, missing)
}

/// Reads what is built in of namespaces that somebody refers to.
fn load_known(builder: &mut Builder, report: &mut Report) {
    let mut loaded = HashSet::new();
    loop {
        let schemas = &builder.schemas;
        let missing = namespaces::<Type>(schemas)
            .chain(namespaces::<Element>(schemas))
            .chain(namespaces::<Attribute>(schemas))
            .chain(namespaces::<Group>(schemas))
            .chain(namespaces::<AttributeGroup>(schemas));
        let missing: HashSet<Arc<str>> =
            missing.filter(|name| known::is_known(name) && !loaded.contains(name)).collect();
        if missing.is_empty() {
            return;
        }
        for namespace in missing {
            known::load(&namespace, builder, report);
            loaded.insert(namespace);
        }
    }
}

/// The namespaces that something is missing from.
fn namespaces<T: Kind>(schemas: &Schemas) -> impl Iterator<Item = Arc<str>> + use<T> {
    T::arena(schemas).dangling().into_iter().map(|(_, name, _)| name.namespace)
}

/// Mends or reports references to what is not there.
fn dangling<T: Kind + Clone>(
    builder: &mut Builder,
    missing: &mut HashSet<Arc<str>>,
    report: &mut Report,
) {
    let mut others: Option<HashMap<Arc<str>, Arc<str>>> = None;
    for (id, name, awaited) in T::arena(&builder.schemas).dangling() {
        if mend::<T>(&mut builder.schemas, id, &name, &awaited, report) {
            continue;
        }
        missing.insert(name.namespace.clone());
        let code = codes::SCHEMA_REFERENCE;
        if !report.has_room(code, Severity::Error) {
            report.add(Severity::Error, code, awaited.at, String::new(), String::new());
            continue;
        }
        let elsewhere = others.get_or_insert_with(|| by_local::<T>(&builder.schemas));
        let help = advice::<T>(builder, &name, elsewhere);
        let message = format!("The {} {} is not defined", T::WORD, shown(&name));
        report.error(code, awaited.at, message, help);
    }
}

/// Takes what has the same name in the target namespace, where the reference had no prefix.
fn mend<T: Kind + Clone>(
    schemas: &mut Schemas,
    id: Id<T>,
    name: &Name,
    awaited: &Awaited,
    report: &mut Report,
) -> bool {
    let arena = T::arena_mut(schemas);
    let meant = awaited.fallback.as_ref().and_then(|target| arena.find(target, &name.local));
    let Some(meant) = meant.filter(|meant| *meant != id && !arena.get(*meant).is_missing()) else {
        return false;
    };
    *arena.get_mut(id) = arena.get(meant).clone();
    report.warning(
        codes::SCHEMA_REFERENCE_MENDED,
        awaited.at,
        format!("The {} `{}` is taken from the target namespace", T::WORD, name.local),
        "Give the name the prefix of the target namespace.",
    );
    true
}

/// A namespace that has a component, by the local name of that.
fn by_local<T: Kind>(schemas: &Schemas) -> HashMap<Arc<str>, Arc<str>> {
    let arena = T::arena(schemas);
    let mut found = HashMap::new();
    for namespace in &schemas.namespaces {
        for (local, id) in arena.names_in(namespace) {
            if !arena.get(id).is_missing() {
                found.insert(local.clone(), namespace.clone());
            }
        }
    }
    found
}

fn advice<T: Kind>(
    builder: &Builder,
    name: &Name,
    elsewhere: &HashMap<Arc<str>, Arc<str>>,
) -> String {
    let namespace = &name.namespace;
    if let Some(other) = elsewhere.get(&name.local) {
        let other = if other.is_empty() { "no namespace" } else { other };
        return format!("There is one of that name in {other}; mend the prefix if it is meant.");
    }
    let arena = T::arena(&builder.schemas);
    let known = arena.names_in(namespace).filter(|(_, id)| !arena.get(*id).is_missing());
    if let Some(near) = nearest(&name.local, known.map(|(local, _)| &**local)) {
        return format!("Did you mean `{near}`?");
    }
    if builder.unread.contains(namespace) {
        return "Mend the import of its namespace, which could not be read.".to_owned();
    }
    if builder.unlocated.contains_key(namespace) {
        return "Add a `schemaLocation` to the import of its namespace.".to_owned();
    }
    "Mend the name, or import the schema that defines it.".to_owned()
}

fn shown(name: &Name) -> String {
    if name.namespace.is_empty() {
        return format!("`{}` without a namespace", name.local);
    }
    format!("`{{{}}}{}`", name.namespace, name.local)
}

/// Notes references into namespaces that others define, and the schema does not import.
fn note_unimported(builder: &Builder, report: &mut Report) {
    let defined: HashSet<&Arc<str>> = builder.schemas.namespaces.iter().collect();
    for (namespace, at) in &builder.unimported {
        if defined.contains(namespace) {
            let message = format!("The namespace {namespace} is used and not imported");
            let help = "Add `<xsd:import namespace=\"…\"/>` to the schema.";
            report.note(codes::SCHEMA_NO_IMPORT, *at, message, help);
        }
    }
}

/// Gives elements without a type that of what they stand for.
fn inherit(schemas: &mut Schemas, heirs: &[ElementId]) {
    let open: HashSet<ElementId> = heirs.iter().copied().collect();
    for heir in heirs {
        let mut at = *heir;
        while open.contains(&at) {
            let Some(head) = schemas.element(at).heads.first() else { break };
            at = *head;
        }
        schemas.elements.get_mut(*heir).type_id = schemas.element(at).type_id;
    }
}

/// Reports types whose base is of a kind that they cannot be built on.
fn check_bases(schemas: &Schemas, report: &mut Report) {
    for (id, one) in schemas.types() {
        let base = schemas.base(id);
        if base == any_type() || schemas.type_of(base).is_missing {
            continue;
        }
        let is_base_simple = schemas.type_of(base).simple().is_some();
        let what = match &one.kind {
            TypeKind::Simple(SimpleType::Restriction { .. }) if !is_base_simple => {
                "A simple type is built on a complex one"
            }
            TypeKind::Complex(complex) => match &complex.content {
                Content::Elements(_) if schemas.simple(base).is_some() => {
                    "A type with elements is built on one of texts"
                }
                Content::Simple { .. } if schemas.simple(id).is_none() => {
                    "A type with simple content is built on one of elements"
                }
                _ => continue,
            },
            TypeKind::Simple(_) => continue,
        };
        let help = "Name another base, or another kind of content.";
        report.warning(codes::SCHEMA_SHAPE, one.source, what, help);
    }
}

/// Notes for each element and type what is built on it.
fn link_back(schemas: &mut Schemas) {
    for id in schemas.elements.ids() {
        for head in schemas.elements.get(id).heads.clone() {
            schemas.substitutes.entry(head).or_default().push(id);
        }
    }
    for id in schemas.types.ids() {
        let base = schemas.base(id);
        // Nearly everything is derived from `anyType`, so that list says nothing.
        if base != id && base != any_type() {
            schemas.derived.entry(base).or_default().push(id);
        }
    }
}
