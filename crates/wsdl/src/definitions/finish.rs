//! What can be said only when all WSDLs are read: which operation a binding means, which parts
//! are in a body, and what is missing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Severity, codes};
use xml::name::Name;

use super::{MessageDraft, OperationDraft};
use crate::arena::{Arena, Awaited, Component, Id};
use crate::description::{
    BindingId, BindingKind, BindingMessage, BindingOperation, Body, Coding, Description, Encoding,
    Header, Message, MessageId, MimeContent, Operation, OperationMessage, PartContent, Pattern,
    PortTypeId, Style, Version,
};
use crate::report::{Report, nearest};
use crate::source::Source;
use crate::version2;

/// Operations of an interface by name, with the interface that has them.
type Operations<'a> = HashMap<&'a str, Vec<(PortTypeId, usize)>>;

/// What became of references to what is not there.
pub(crate) struct Dangling<T> {
    /// The namespaces that something is missing from.
    pub(crate) missing: HashSet<Arc<str>>,
    /// Components that stand for others now.
    pub(crate) aliases: Vec<(Id<T>, Id<T>)>,
}

/// Mends or reports references to what is not there.
pub(crate) fn dangling<T: Component + Clone>(
    arena: &mut Arena<T>,
    word: &str,
    severity: Severity,
    report: &mut Report,
) -> Dangling<T> {
    let (mut missing, mut aliases) = (HashSet::new(), Vec::new());
    for (id, name, awaited) in arena.dangling() {
        if let Some(meant) = meant(arena, id, &name, &awaited) {
            *arena.get_mut(id) = arena.get(meant).clone();
            aliases.push((id, meant));
            let message = format!("The {word} `{}` is taken from the target namespace", name.local);
            let help = "Give the name the prefix of the target namespace.";
            report.warning(codes::WSDL_REFERENCE_MENDED, awaited.at, message, help);
            continue;
        }
        missing.insert(name.namespace.clone());
        let has_room = report.has_room(codes::WSDL_REFERENCE, severity);
        let help = if has_room { advice(arena, &name, &awaited) } else { String::new() };
        let Name { namespace, local, .. } = &name;
        let message = format!("The {word} `{{{namespace}}}{local}` is not defined");
        report.add(severity, codes::WSDL_REFERENCE, awaited.at, message, help);
    }
    Dangling { missing, aliases }
}

/// What has the same name in the target namespace, where the reference had no prefix.
fn meant<T: Component>(
    arena: &Arena<T>,
    id: Id<T>,
    name: &Name,
    awaited: &Awaited,
) -> Option<Id<T>> {
    let meant = arena.find(awaited.fallback.as_ref()?, &name.local)?;
    (meant != id && !arena.get(meant).is_missing()).then_some(meant)
}

fn advice<T: Component>(arena: &Arena<T>, name: &Name, awaited: &Awaited) -> String {
    let target = awaited.fallback.as_ref().unwrap_or(&name.namespace);
    let known = arena.names_in(target).filter(|(_, id)| !arena.get(*id).is_missing());
    match nearest(&name.local, known.map(|(local, _)| &**local)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Mend the name, or import the document that defines it.".to_owned(),
    }
}

/// Completes the bindings of a description.
pub(crate) fn bindings(
    description: &mut Description,
    drafts: Vec<(BindingId, Vec<OperationDraft>)>,
    report: &mut Report,
) {
    for (id, operations) in drafts {
        let completed = binding(description, id, operations, report);
        description.bindings.get_mut(id).operations = completed;
    }
}

fn binding(
    description: &Description,
    id: BindingId,
    drafts: Vec<OperationDraft>,
    report: &mut Report,
) -> Vec<BindingOperation> {
    let binding = description.binding(id);
    let Some(port_type) = binding.port_type else { return Vec::new() };
    // The missing interface is reported already, and everything else would follow from it.
    if description.port_type(port_type).is_missing {
        return Vec::new();
    }
    let operations = operations(description, port_type);
    let mut used = HashSet::new();
    let mut completed = Vec::new();
    for draft in drafts {
        let Some(found) = find(description, &operations, &draft, &mut used, report) else {
            continue;
        };
        let (owner, index) = found;
        let Some(operation) = description.port_type(owner).operations.get(index) else { continue };
        if matches!(operation.pattern, Pattern::OneWay | Pattern::RequestResponse) {
            let mut bound = complete(description, &binding.kind, operation, draft, report);
            (bound.port_type, bound.operation) = found;
            completed.push(bound);
        }
    }
    let unbound = unbound(&operations, &used);
    if description.version() == Version::V2 {
        for found in unbound {
            completed.extend(unmentioned(description, &binding.kind, found, report));
        }
    } else {
        note_unbound(description, &unbound, binding.source, report);
    }
    completed
}

/// An operation that a binding of WSDL 2.0 does not mention, and has nevertheless.
fn unmentioned(
    description: &Description,
    kind: &BindingKind,
    found: (PortTypeId, usize),
    report: &mut Report,
) -> Option<BindingOperation> {
    let operation = description.port_type(found.0).operations.get(found.1)?;
    if !matches!(operation.pattern, Pattern::OneWay | Pattern::RequestResponse) {
        return None;
    }
    let draft = version2::draft(&operation.name);
    let mut bound = complete(description, kind, operation, draft, report);
    (bound.port_type, bound.operation) = found;
    bound.source = operation.source;
    Some(bound)
}

/// The operations that a binding does not have.
fn unbound(
    operations: &Operations<'_>,
    used: &HashSet<(PortTypeId, usize)>,
) -> Vec<(PortTypeId, usize)> {
    let all = operations.values().flatten();
    let mut unbound: Vec<_> = all.filter(|one| !used.contains(one)).copied().collect();
    unbound.sort_unstable();
    unbound
}

/// The operations of an interface and of those that it extends.
fn operations(description: &Description, id: PortTypeId) -> Operations<'_> {
    let mut found: Operations<'_> = HashMap::new();
    for owner in lineage(description, id) {
        for (index, operation) in description.port_type(owner).operations.iter().enumerate() {
            found.entry(&operation.name).or_default().push((owner, index));
        }
    }
    found
}

/// An interface with all that it extends, each once.
pub(crate) fn lineage(description: &Description, id: PortTypeId) -> Vec<PortTypeId> {
    let (mut seen, mut found, mut open) = (HashSet::from([id]), Vec::new(), vec![id]);
    while let Some(at) = open.pop() {
        found.push(at);
        let extends = &description.port_type(at).extends;
        open.extend(extends.iter().rev().filter(|one| seen.insert(**one)));
    }
    found
}

/// Which operation of the interface is meant.
fn find(
    description: &Description,
    operations: &Operations<'_>,
    draft: &OperationDraft,
    used: &mut HashSet<(PortTypeId, usize)>,
    report: &mut Report,
) -> Option<(PortTypeId, usize)> {
    let (name, at) = (&draft.bound.name, draft.bound.source);
    let Some(candidates) = operations.get(name.as_str()) else {
        let help = match nearest(name, operations.keys().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Mend the name, or add the operation to the interface.".to_owned(),
        };
        let message = format!("The interface has no operation `{name}`; it is left out");
        report.warning(codes::WSDL_OPERATION, at, message, help);
        return None;
    };
    let fits = |(owner, index): &&(PortTypeId, usize)| {
        let operation = description.port_type(*owner).operations.get(*index);
        operation.is_some_and(|operation| has_roles(operation, draft))
    };
    let chosen = match candidates.as_slice() {
        [only] => *only,
        several => match several.iter().find(fits) {
            Some(found) => *found,
            None => *several.iter().find(|one| !used.contains(one)).or(several.first())?,
        },
    };
    if !used.insert(chosen) {
        let message = format!("The operation `{name}` is bound twice; it is left out here");
        let help = "Delete one, or name the input and output that tell them apart.";
        report.warning(codes::WSDL_DUPLICATE, at, message, help);
        return None;
    }
    Some(chosen)
}

/// Whether the names of input and output are those of an overloaded operation.
fn has_roles(operation: &Operation, draft: &OperationDraft) -> bool {
    let fits = |role: &Option<OperationMessage>, bound: &Option<MessageDraft>| {
        let named = bound.as_ref().and_then(|bound| bound.name.as_ref());
        match (named, role) {
            (Some(named), Some(role)) => *named == role.name,
            (Some(_), None) => false,
            (None, _) => true,
        }
    };
    fits(&operation.input, &draft.input) && fits(&operation.output, &draft.output)
}

fn note_unbound(
    description: &Description,
    unbound: &[(PortTypeId, usize)],
    at: Source,
    report: &mut Report,
) {
    for (owner, index) in unbound {
        let Some(operation) = description.port_type(*owner).operations.get(*index) else {
            continue;
        };
        let message = format!("The binding lacks the operation `{}`", operation.name);
        let help = "Bind it, or accept that it cannot be called at this binding.";
        report.note(codes::WSDL_OPERATION, at, message, help);
    }
}

/// A draft with everything that the interface says.
fn complete(
    description: &Description,
    kind: &BindingKind,
    operation: &Operation,
    draft: OperationDraft,
    report: &mut Report,
) -> BindingOperation {
    let OperationDraft { mut bound, input, output } = draft;
    let is_soap = kind.soap().is_some();
    let mut side = |role: &Option<OperationMessage>, draft: Option<MessageDraft>| {
        let role = role.as_ref()?;
        let at = bound.source;
        Some(message(description, role.message, draft.unwrap_or_default(), (is_soap, at), report))
    };
    let input = side(&operation.input, input);
    let output = side(&operation.output, output);
    bound.shape = description.shape_of(operation, bound.style, input.as_ref(), output.as_ref());
    if is_soap {
        for (role, side) in [(&operation.input, &input), (&operation.output, &output)] {
            if let (Some(role), Some(side)) = (role, side) {
                check_style(description, role.message, side, &bound, report);
            }
        }
    }
    let faults: HashMap<_, _> =
        operation.faults.iter().enumerate().map(|(index, one)| (&*one.name, index)).collect();
    for fault in &mut bound.faults {
        fault.fault = faults.get(&*fault.name).copied();
        if fault.fault.is_none() {
            let message = format!("The operation has no fault `{}`", fault.name);
            let help = "Mend the name, or add the fault to the interface.";
            report.warning(codes::WSDL_OPERATION, fault.source, message, help);
        }
    }
    (bound.input, bound.output) = (input, output);
    if let BindingKind::Http { method } = kind {
        let default = if operation.is_safe { "GET" } else { "POST" };
        let default = if method.is_empty() { default } else { method };
        bound.method.get_or_insert_with(|| default.to_owned());
    }
    bound
}

fn message(
    description: &Description,
    id: MessageId,
    draft: MessageDraft,
    (is_soap, at): (bool, Source),
    report: &mut Report,
) -> BindingMessage {
    let MessageDraft { mut bound, parts, .. } = draft;
    for header in &mut bound.headers {
        resolve_header(description, header, report);
    }
    if is_soap && bound.body.is_none() && bound.content.is_empty() {
        bound.body = Some(Body { parts: Vec::new(), encoding: Encoding::literal(), source: at });
    }
    if let Some(mut body) = bound.body.take() {
        body.parts = match parts {
            Some(named) => named_parts(description.message(id), &named, body.source, report),
            None => other_parts(description.message(id), id, &bound),
        };
        bound.body = Some(body);
    }
    bound
}

fn resolve_header(description: &Description, header: &mut Header, report: &mut Report) {
    let message = description.message(header.message);
    header.part = message.parts.iter().position(|part| part.name == header.part_name);
    if header.part.is_none() && !message.is_missing {
        report_part(&header.part_name, message, header.source, report);
    }
    for fault in &mut header.faults {
        resolve_header(description, fault, report);
    }
}

/// The parts that a body names.
fn named_parts(message: &Message, named: &[String], at: Source, report: &mut Report) -> Vec<usize> {
    let known: HashMap<_, _> =
        message.parts.iter().enumerate().map(|(index, part)| (&*part.name, index)).collect();
    let mut found = Vec::new();
    for name in named {
        match known.get(&**name) {
            Some(index) => found.push(*index),
            None => report_part(name, message, at, report),
        }
    }
    found
}

fn report_part(name: &str, message: &Message, at: Source, report: &mut Report) {
    let help = match nearest(name, message.parts.iter().map(|part| &*part.name)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Mend the name, or add the part to the message.".to_owned(),
    };
    let message = format!("The message `{}` has no part `{name}`", message.name.local);
    report.warning(codes::WSDL_PART, at, message, help);
}

/// The parts that neither a header nor an attachment takes.
fn other_parts(message: &Message, id: MessageId, bound: &BindingMessage) -> Vec<usize> {
    let mut taken: HashSet<&str> = HashSet::new();
    let own = bound.headers.iter().filter(|header| header.message == id);
    taken.extend(own.map(|header| header.part_name.as_str()));
    for content in bound.multipart.iter().flat_map(|part| &part.contents) {
        if let MimeContent::Content { part, .. } | MimeContent::Xml { part } = content {
            taken.extend(part.as_deref());
        }
    }
    let parts = message.parts.iter().enumerate();
    parts.filter(|(_, part)| !taken.contains(&*part.name)).map(|(index, _)| index).collect()
}

/// Reports parts that do not fit the style.
fn check_style(
    description: &Description,
    id: MessageId,
    side: &BindingMessage,
    bound: &BindingOperation,
    report: &mut Report,
) {
    let Some(body) = &side.body else { return };
    let message = description.message(id);
    let parts: Vec<_> = body.parts.iter().filter_map(|index| message.parts.get(*index)).collect();
    let what = match bound.style {
        Style::Rpc if parts.iter().any(|part| part.element().is_some()) => {
            "A part of RPC style is an element"
        }
        Style::Document if parts.len() > 1 => "A body of document style has several parts",
        Style::Document
            if body.encoding.coding == Coding::Literal
                && parts.iter().any(|part| matches!(part.content, PartContent::Type(_))) =>
        {
            "A part of document style is a type"
        }
        _ => return,
    };
    let message = format!("{what} (message `{}`)", message.name.local);
    let help = "Use one part with `element` for document style, parts with `type` for RPC.";
    report.warning(codes::WSDL_STYLE, body.source, message, help);
}
