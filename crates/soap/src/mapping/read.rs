//! The strict reader of the file.
//!
//! Everything has its place in the document, and every key that is not known is an error: what is
//! misspelt would otherwise change messages in silence.

mod particle;
mod types;

use std::collections::HashMap;

use model::cursor::Cursor;
use model::{Diagnostics, codes};
use serde_json::Value;

use super::{
    Builtin, Content, Mapping, Message, Namespace, Parameter, ParameterPlace, QName, Resource,
    SoapVersion, TypeRef, XSD_PREFIX,
};

/// What the resources of a mapping may have.
const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// What is known before types are read.
struct Reader<'a> {
    namespaces: Vec<Namespace>,
    types: HashMap<&'a str, usize>,
}

/// Reads a mapping; `None` where anything is wrong with it.
pub fn read(file: &str, text: &[u8], found: &mut Diagnostics) -> Option<Mapping> {
    let value = match model::yaml::parse(file, text) {
        Ok(value) => value,
        Err(problem) => {
            found.report(*problem);
            return None;
        }
    };
    let mut own = Diagnostics::new();
    let mapping = of_value(file, &value, &mut own);
    let is_sound = !own.has_errors();
    found.extend(own);
    mapping.filter(|_| is_sound)
}

fn of_value(file: &str, value: &Value, found: &mut Diagnostics) -> Option<Mapping> {
    let top = Cursor::new(file, "", value);
    keys(&top, &["version", "namespaces", "resources", "types"], found);
    if top.get("version").integer(found) != Some(1) {
        let help = "Write `version: 1`.";
        let message = "the version of the mapping is not one that is known";
        found.error(codes::MAPPING_VALUE, top.get("version").place(), message, help);
        return None;
    }
    let namespaces = namespaces(&top.get("namespaces"), found);
    let types = top.get("types").entries(found);
    let names = types.iter().enumerate().map(|(index, (key, _))| (*key, index)).collect();
    let reader = Reader { namespaces, types: names };
    let types = types.iter().map(|(key, at)| reader.type_of(key, at, found)).collect();
    let resources = top.get("resources").items(found);
    let resources: Vec<_> = resources.iter().filter_map(|at| reader.resource(at, found)).collect();
    check_twice(&top.get("resources"), &resources, found);
    let mapping = Mapping { namespaces: reader.namespaces, resources, types };
    check_bases(&mapping, &top.get("types"), found);
    Some(mapping)
}

fn namespaces(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<Namespace> {
    let mut namespaces = Vec::new();
    for (prefix, uri) in at.entries(found) {
        let is_taken = [XSD_PREFIX, "xsi", "soapenv", "soapenc", "xml", "xmlns"].contains(&prefix);
        if is_taken || !xml::name::is_ncname(prefix) {
            let message = format!("`{prefix}` cannot be a prefix here");
            let help = "Use letters, and none of xsd, xsi, soapenv, soapenc, xml and xmlns.";
            found.error(codes::MAPPING_VALUE, uri.place(), message, help);
        }
        if let Some(uri) = required(&uri, "the namespace that the prefix stands for", found) {
            namespaces.push(Namespace { prefix: prefix.into(), uri: uri.into() });
        }
    }
    namespaces
}

fn check_twice(at: &Cursor<'_>, resources: &[Resource], found: &mut Diagnostics) {
    let mut seen = std::collections::HashSet::new();
    for resource in resources {
        if !seen.insert((&resource.method, &resource.path)) {
            let message = format!("{} {} is mapped twice", resource.method, resource.path);
            found.error(codes::MAPPING_DUPLICATE, at.place(), message, "Delete one of them.");
        }
    }
}

/// No type is derived from itself.
fn check_bases(mapping: &Mapping, at: &Cursor<'_>, found: &mut Diagnostics) {
    for one in &mapping.types {
        let mut base = one.base;
        for _ in 0..=mapping.types.len() {
            base = base.and_then(|base| mapping.own(base)).and_then(|base| base.base);
        }
        if base.is_some() {
            let message = format!("the type `{}` is derived from itself", one.key);
            let place = at.get(&one.key).place();
            found.error(codes::MAPPING_VALUE, place, message, "Break the circle of `base`.");
        }
    }
}

impl<'a> Reader<'a> {
    fn resource(&self, at: &Cursor<'a>, found: &mut Diagnostics) -> Option<Resource> {
        const KEYS: &[&str] = &[
            "resource",
            "operation",
            "description",
            "soap",
            "action",
            "parameters",
            "request",
            "answer",
            "faults",
        ];
        keys(at, KEYS, found);
        let (method, path) = method_and_path(&at.get("resource"), found)?;
        let operation = required(&at.get("operation"), "the name of the operation", found);
        let version = version(&at.get("soap"), found);
        let answer = at.get("answer");
        Some(Resource {
            parameters: parameters(&at.get("parameters"), &path, found),
            method,
            path,
            operation: operation?,
            description: at.get("description").text(found),
            version: version?,
            action: at.get("action").text(found),
            request: self.message(&at.get("request"), found),
            answer: (!answer.is_absent()).then(|| self.message(&answer, found)),
            faults: self.content(&at.get("faults"), found),
        })
    }

    fn message(&self, at: &Cursor<'a>, found: &mut Diagnostics) -> Message {
        if !at.value().is_object() {
            let body = self.content(at, found);
            return Message { body, ..Message::default() };
        }
        keys(at, &["encoded", "header", "body"], found);
        Message {
            is_encoded: at.get("encoded").flag(found).unwrap_or_default(),
            header: self.content(&at.get("header"), found),
            body: self.content(&at.get("body"), found),
        }
    }

    fn content(&self, at: &Cursor<'a>, found: &mut Diagnostics) -> Content {
        Content::new(self.particles(at, found))
    }

    fn name(&self, written: &str, at: &Cursor<'_>, found: &mut Diagnostics) -> QName {
        let (prefix, local) = match written.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, written),
        };
        if !xml::name::is_ncname(local) {
            let message = format!("`{written}` is no name");
            let help = "Write a name of XML, such as `p:order` or `order`.";
            found.error(codes::MAPPING_NAME, at.place(), message, help);
        }
        // `xml` is known without being declared.
        let space = prefix.filter(|prefix| *prefix != "xml").and_then(|prefix| {
            let space = self.namespaces.iter().position(|one| *one.prefix == *prefix);
            if space.is_none() {
                let message = format!("the prefix `{prefix}` is not declared");
                let help = "Declare it in `namespaces`.";
                found.error(codes::MAPPING_NAME, at.place(), message, help);
            }
            space
        });
        QName { space, local: local.into(), written: written.into() }
    }

    /// What a type is called, to the type.
    fn type_ref(&self, called: &str, at: &Cursor<'_>, found: &mut Diagnostics) -> TypeRef {
        let fallback = TypeRef::Builtin(Builtin::AnyType);
        if let Some((XSD_PREFIX, local)) = called.split_once(':') {
            let builtin = Builtin::ALL.iter().find(|one| one.name() == local);
            if let Some(builtin) = builtin {
                return TypeRef::Builtin(*builtin);
            }
        } else if let Some(index) = self.types.get(called) {
            return TypeRef::Own(*index);
        }
        let message = format!("there is no type `{called}`");
        let help = "Define it in `types`, or use one of XML Schema, such as `xsd:string`.";
        found.error(codes::MAPPING_NAME, at.place(), message, help);
        fallback
    }
}

fn method_and_path(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<(String, String)> {
    let written = required(at, "a method and a path, such as `POST /order`", found)?;
    let parts = written.split_once(' ').map(|(method, path)| (method, path.trim()));
    let sound = parts.filter(|(method, path)| METHODS.contains(method) && path.starts_with('/'));
    if sound.is_none() {
        let message = format!("`{written}` is no method and path");
        let help = "Write them like `POST /order`.";
        found.error(codes::MAPPING_VALUE, at.place(), message, help);
    }
    sound.map(|(method, path)| (method.to_owned(), path.to_owned()))
}

fn version(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<SoapVersion> {
    match required(at, "the version of SOAP", found)?.as_str() {
        "1.1" => Some(SoapVersion::V11),
        "1.2" => Some(SoapVersion::V12),
        other => {
            let message = format!("`{other}` is no version of SOAP");
            found.error(codes::MAPPING_VALUE, at.place(), message, "Write \"1.1\" or \"1.2\".");
            None
        }
    }
}

fn parameters(at: &Cursor<'_>, path: &str, found: &mut Diagnostics) -> Vec<Parameter> {
    let entries = at.entries(found);
    let read = entries.iter().filter_map(|(name, at)| {
        let written = required(at, "where the parameter is, and what it becomes", found)?;
        let (place, target) = written.split_once(' ').unwrap_or((&written, ""));
        let place = match place {
            "query" => Some(ParameterPlace::Query),
            "path" if path.contains(&format!("{{{name}}}")) => Some(ParameterPlace::Path),
            "header" => Some(ParameterPlace::Header),
            _ => None,
        };
        let segments = target.trim().strip_prefix('/').map(pointer);
        let Some((place, target)) = place.zip(segments) else {
            let message = format!("`{written}` does not say where the parameter is, or what it becomes");
            let help = "Write `query`, `header` or, where the path has it, `path`, and a JSON pointer: `query /order/id`.";
            found.error(codes::MAPPING_VALUE, at.place(), message, help);
            return None;
        };
        Some(Parameter { name: (*name).to_owned(), place, target })
    });
    read.collect()
}

fn pointer(text: &str) -> Vec<String> {
    text.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect()
}

/// A text that has to be there.
fn required(at: &Cursor<'_>, what: &str, found: &mut Diagnostics) -> Option<String> {
    let text = at.word(found);
    if text.is_none() {
        let message = format!("{what} is missing");
        found.error(codes::MAPPING_MISSING, at.place(), message, format!("Write {what} here."));
    }
    text
}

/// Keys that are not known are errors.
fn keys(at: &Cursor<'_>, known: &[&str], found: &mut Diagnostics) {
    for key in at.keys().filter(|key| !known.contains(key)) {
        let message = format!("the key `{key}` is not known here");
        let help = format!("Use one of {}.", known.join(", "));
        found.error(codes::MAPPING_KEY, at.get(key).place(), message, help);
    }
}
