//! A mapping of a WSDL, and what it could not hold.
//!
//! Names, paths and methods are those that API Manager gives (spec/03 §1.8); what its generator
//! leaves out — order, choice, attributes, derivation, recursion — is there.

mod message;
mod names;
mod report;
mod schema;
use std::collections::{HashMap, HashSet};

use wsdl::Description;
use wsdl::description::{Call, Pattern, Port, Service, SoapVersion};

use crate::mapping::{Mapping, Parameter, ParameterPlace, Resource, Term};
use crate::request::HEADER;
use crate::value::{self, Found};
pub use report::{Fidelity, Note, Report};
use schema::Types;

/// Which of several ports is meant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choice<'a> {
    /// A service, by its name.
    pub service: Option<&'a str>,
    /// A port, by its name.
    pub port: Option<&'a str>,
}

/// What came of a WSDL.
#[derive(Debug)]
pub struct Generated {
    /// The mapping.
    pub mapping: Mapping,
    /// What it lacks.
    pub report: Report,
    /// Where the service is; none where the WSDL does not say.
    pub address: Option<String>,
}

/// Why there is no mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmapped {
    /// No port speaks SOAP, or none of the name that was asked for.
    NoPort,
    /// Ports of several interfaces; one has to be chosen. Service and port of each.
    Several(Vec<(String, String)>),
    /// The ports have no operation that can be called.
    NoOperation,
}

/// Makes the mapping of the operations of one interface.
///
/// # Errors
///
/// Why there is none.
pub fn generate(description: &Description, choice: Choice<'_>) -> Result<Generated, Unmapped> {
    let ports = ports(description, choice);
    let interfaces: HashSet<_> =
        ports.iter().map(|(_, port)| description.binding(port.binding).port_type).collect();
    if interfaces.len() > 1 {
        let names = |(service, port): &(&Service, &Port)| {
            (service.name.local.to_string(), port.name.clone())
        };
        return Err(Unmapped::Several(ports.iter().map(names).collect()));
    }
    if ports.is_empty() {
        return Err(Unmapped::NoPort);
    }
    let calls = calls(description, &ports);
    let address = ports_by_version(description, &ports).find_map(|port| port.address());
    let mut types = Types::new(description);
    types.note_others(&ports);
    let mut paths = HashSet::new();
    let mut resources = Vec::new();
    for call in calls {
        if matches!(call.operation.pattern, Pattern::Notification | Pattern::SolicitResponse) {
            let why = "the service begins it, so that no caller can";
            types.note(Fidelity::Missing, call.operation.source, &call.operation.name, why);
            continue;
        }
        resources.push(resource(&mut types, &call, &mut paths));
    }
    if resources.is_empty() {
        return Err(Unmapped::NoOperation);
    }
    let (mut mapping, mut report) = types.finish();
    for resource in &mut resources {
        finish(&mapping, resource);
    }
    report.operations = resources.len();
    mapping.resources = resources;
    Ok(Generated { mapping, report, address: address.map(str::to_owned) })
}

/// The ports that speak SOAP and are meant.
fn ports<'a>(description: &'a Description, choice: Choice<'_>) -> Vec<(&'a Service, &'a Port)> {
    let services = description
        .services()
        .iter()
        .filter(|service| choice.service.is_none_or(|name| &*service.name.local == name));
    let all = services.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    let meant = all.filter(|(_, port)| {
        let binding = description.binding(port.binding);
        let is_soap = binding.kind.soap().is_some() && !binding.is_missing;
        is_soap && choice.port.is_none_or(|name| port.name == name)
    });
    meant.collect()
}

/// SOAP 1.2 first.
fn ports_by_version<'a>(
    description: &'a Description,
    ports: &'a [(&'a Service, &'a Port)],
) -> impl Iterator<Item = &'a Port> {
    let of = |version| {
        move |(_, port): &&(&'a Service, &'a Port)| {
            description.binding(port.binding).kind.soap() == Some(version)
        }
    };
    let new = ports.iter().filter(of(SoapVersion::V12));
    new.chain(ports.iter().filter(of(SoapVersion::V11))).map(|(_, port)| *port)
}

/// The operations, each once: that of SOAP 1.2 where there are both.
fn calls<'a>(description: &'a Description, ports: &[(&'a Service, &'a Port)]) -> Vec<Call<'a>> {
    let mut calls: Vec<Call<'a>> = Vec::new();
    let mut known: HashMap<(usize, usize), usize> = HashMap::new();
    let version = |call: &Call<'_>| call.binding.kind.soap();
    let is_meant = |call: &Call<'_>| ports.iter().any(|(_, port)| std::ptr::eq(*port, call.port));
    for call in description.calls().filter(is_meant) {
        let key = (call.bound.port_type.index(), call.bound.operation);
        match known.get(&key).and_then(|at| calls.get_mut(*at)) {
            Some(other) if version(other) < version(&call) => *other = call,
            Some(_) => {}
            None => {
                known.insert(key, calls.len());
                calls.push(call);
            }
        }
    }
    calls
}

fn resource(types: &mut Types<'_>, call: &Call<'_>, paths: &mut HashSet<String>) -> Resource {
    let name = &call.bound.name;
    let request = types.request(call);
    let answer = types.answer(call);
    let faults = types.faults(call);
    let mut path = format!("/{}", names::lower_first(name));
    let mut number = 1;
    while !paths.insert(path.clone()) {
        number += 1;
        path = format!("/{}{number}", names::lower_first(name));
    }
    if number > 1 {
        let why = "another operation has the same name, so that the path has a number";
        types.note(Fidelity::Rough, call.operation.source, name, why);
    }
    let documentation = call.operation.documentation.as_deref().map(str::trim);
    Resource {
        method: "POST".to_owned(),
        path,
        operation: name.clone(),
        description: documentation.filter(|text| !text.is_empty()).map(str::to_owned),
        version: call.binding.kind.soap().unwrap_or(SoapVersion::V11),
        action: call.bound.soap_action.clone().filter(|action| !action.is_empty()),
        parameters: Vec::new(),
        request,
        answer,
        faults,
    }
}

/// What can be said only when the types are known: the method, and parameters.
fn finish(mapping: &Mapping, resource: &mut Resource) {
    if resource.operation.starts_with("get")
        && let Some(leaf) = leaf(mapping, resource)
    {
        resource.method = "GET".to_owned();
        resource.parameters.extend(leaf);
    }
    for field in resource.request.header.fields().iter() {
        let key = &field.element.key;
        let is_simple = mapping.complex(field.element.type_ref).is_none();
        if is_simple && !field.repeats && key.is_ascii() && !key.contains(':') {
            resource.parameters.push(Parameter {
                name: key.to_string(),
                place: ParameterPlace::Header,
                target: vec![HEADER.to_owned(), key.to_string()],
            });
        }
    }
}

/// The parameter of a request that has one simple value at most; `None` where it has more.
fn leaf(mapping: &Mapping, resource: &Resource) -> Option<Option<Parameter>> {
    let element = resource.request.body.sole()?;
    let complex = mapping.complex(element.type_ref)?;
    if !complex.attributes.is_empty() || complex.has_any_attribute || complex.text.is_some() {
        return None;
    }
    match complex.content.particles() {
        [] => Some(None),
        [one] => {
            let Term::Element(inner) = &one.term else { return None };
            let is_single = one.max == Some(1) && mapping.complex(inner.type_ref).is_none();
            let is_plain = matches!(value::simple(mapping, inner.type_ref), Found::Builtin(..));
            (is_single && is_plain).then(|| {
                Some(Parameter {
                    name: inner.key.to_string(),
                    place: ParameterPlace::Query,
                    target: vec![element.key.to_string(), inner.key.to_string()],
                })
            })
        }
        _ => None,
    }
}
