//! From a location to a description.

use std::collections::HashSet;
use std::sync::Arc;

use model::{Diagnostics, Severity, codes};

use crate::definitions::{Parts, finish};
use crate::description::{Description, DocumentKind, Version};
use crate::documents::Documents;
use crate::limits::Limits;
use crate::load::Loader;
use crate::location::Location;
use crate::report::Report;
use crate::schema;
use crate::source::{DocumentId, Source};
use crate::version2;

/// What came of reading a WSDL.
#[derive(Debug)]
pub struct Reading {
    /// What it says, as far as it could be read; none where the first document is no WSDL.
    ///
    /// It is there beside errors too: what is missing in it says so (`is_missing`).
    pub description: Option<Description>,
    /// Everything that is wrong with it.
    pub found: Diagnostics,
}

/// Reads a WSDL and all documents that it leads to.
#[must_use]
pub fn read(documents: &dyn Documents, root: &Location, limits: &Limits) -> Reading {
    let mut loader = Loader::new(documents, limits);
    let version = match loader.run(root) {
        Some(DocumentKind::Wsdl1) => Some(Version::V1),
        Some(DocumentKind::Wsdl2) => Some(Version::V2),
        Some(DocumentKind::Schema) => {
            let at = Source { document: Some(DocumentId(0)), line: 1, column: 0 };
            let message = "This is a schema, and no WSDL";
            let help = "Give the WSDL that imports it.";
            loader.report.error(codes::WSDL_NOT_WSDL, at, message, help);
            None
        }
        Some(DocumentKind::Other) | None => None,
    };
    let Loader { mut report, documents, parts, schemas, .. } = loader;
    let Some(version) = version else {
        let found = report.finish(&documents);
        return Reading { description: None, found };
    };
    let (schemas, mut missing) = schema::finish(schemas, limits, &mut report);
    let description = describe(version, parts, schemas, &mut missing, &mut report);
    report.settle(&missing);
    let found = report.finish(&documents);
    Reading { description: Some(Description { documents, ..description }), found }
}

fn describe(
    version: Version,
    mut parts: Parts,
    schemas: schema::Schemas,
    missing: &mut HashSet<Arc<str>>,
    report: &mut Report,
) -> Description {
    let error = Severity::Error;
    missing.extend(finish::dangling(&mut parts.messages, "message", error, report).missing);
    missing.extend(finish::dangling(&mut parts.port_types, "interface", error, report).missing);
    // A port without its binding is of no use, and takes nothing from the others.
    let mut ports = parts.services.iter().flat_map(|service| &service.ports);
    let is_usable = ports.any(|port| !parts.bindings.get(port.binding).is_missing);
    let severity = if is_usable { Severity::Warning } else { Severity::Error };
    let dangling = finish::dangling(&mut parts.bindings, "binding", severity, report);
    missing.extend(dangling.missing);
    version2::assign_interfaces(&mut parts);
    let drafts = std::mem::take(&mut parts.drafts);
    let mut description = Description {
        version,
        name: parts.name,
        target_namespace: parts.target_namespace.unwrap_or_else(|| "".into()),
        documentation: parts.documentation,
        documents: Vec::new(),
        schemas,
        messages: parts.messages,
        port_types: parts.port_types,
        bindings: parts.bindings,
        services: parts.services,
        extensions: parts.extensions,
    };
    finish::bindings(&mut description, drafts, report);
    for (alias, meant) in dangling.aliases {
        *description.bindings.get_mut(alias) = description.binding(meant).clone();
    }
    if description.services.is_empty() {
        let at = Source { document: Some(DocumentId(0)), line: 1, column: 0 };
        let help = "Give the WSDL that has the service, which imports this one.";
        report.warning(codes::WSDL_NO_SERVICE, at, "The WSDL has no service", help);
    }
    description
}
