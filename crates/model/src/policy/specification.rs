//! Reading a specification, flat or wrapped in `{type, version, data}`.

use super::{
    ApiType, AttributeKind, Category, DEFAULT_VERSION, Flow, PolicyAttribute, PolicySpecification,
};
use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::Diagnostics;
use crate::document::Document;

/// Most attributes of a policy.
const MAX_ATTRIBUTES: usize = 200;

impl PolicySpecification {
    /// Reads a document, with or without its envelope.
    ///
    /// `None` where the policy cannot even be named; everything else that is wrong is told, and
    /// the specification is given without it.
    pub fn read(document: &Document, found: &mut Diagnostics) -> Option<Self> {
        let at = document.root();
        if document.has_envelope() {
            check_envelope(&at.get("type"), found);
        }
        Self::read_at(&document.content(), found)
    }

    /// Reads the keys of a specification, which have no envelope.
    pub fn read_at(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        at.entries(found);
        let Some(name) = at.get("name").word(found) else {
            let help = "Write `name`, such as `addTenant`.";
            broken(&at.get("name"), "the policy specification has no name", help, found);
            return None;
        };
        let version = at.get("version").word(found);
        Some(Self {
            version: version.unwrap_or_else(|| DEFAULT_VERSION.to_owned()),
            display_name: at.get("displayName").word(found).unwrap_or_else(|| name.clone()),
            description: at.get("description").text(found).unwrap_or_default(),
            category: category(&at.get("category"), found),
            flows: flows(&at.get("applicableFlows"), found),
            gateways: gateways(&at.get("supportedGateways"), found),
            api_types: api_types(&at.get("supportedApiTypes"), found),
            attributes: attributes(&at.get("policyAttributes"), found),
            name,
        })
    }
}

impl PolicyAttribute {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        let Some(name) = at.get("name").word(found) else {
            let help = "Write `name`, such as `headerName`.";
            broken(at, "an attribute of the policy has no name", help, found);
            return None;
        };
        let pattern = at.get("validationRegex").text(found);
        let default = at.get("defaultValue");
        Some(Self {
            display_name: at.get("displayName").word(found).unwrap_or_else(|| name.clone()),
            description: at.get("description").text(found).unwrap_or_default(),
            kind: kind(&at.get("type"), found),
            pattern: pattern.filter(|pattern| !pattern.is_empty()),
            default: (!default.is_absent()).then(|| default.value().clone()),
            allowed: at.get("allowedValues").texts(found),
            required: at.get("required").flag(found).unwrap_or(false),
            name,
        })
    }
}

impl ApiType {
    /// Reads `HTTP`, or `{apiType: HTTP, subType: AIAPI}`.
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        if !at.value().is_object() {
            return Some(Self { api_type: at.word(found)?, sub_type: None });
        }
        let Some(api_type) = at.get("apiType").word(found) else {
            let message = "an entry of `supportedApiTypes` names no type";
            broken(at, message, "Write `apiType: HTTP`, for instance.", found);
            return None;
        };
        Some(Self { api_type, sub_type: at.get("subType").word(found) })
    }
}

fn check_envelope(at: &Cursor<'_>, found: &mut Diagnostics) {
    let kind = at.word(found).unwrap_or_default();
    if !kind.eq_ignore_ascii_case("operation_policy_specification") {
        let message = format!("the document is of type `{kind}`, not a policy specification");
        let help = "Write `type: operation_policy_specification`.";
        found.warning(codes::ENVELOPE, at.place(), message, help);
    }
}

fn category(at: &Cursor<'_>, found: &mut Diagnostics) -> Category {
    let Some(word) = at.word(found) else { return Category::Mediation };
    Category::parse(&word).unwrap_or_else(|| {
        let message = format!("the category `{word}` is unknown");
        broken(at, &message, "Write Mediation or Security.", found);
        Category::Mediation
    })
}

fn flows(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<Flow> {
    let help = "List request, response and fault, as far as the policy may be used there.";
    let mut flows = Vec::new();
    for word in at.texts(found) {
        match Flow::parse(&word) {
            Some(flow) if flows.contains(&flow) => {}
            Some(flow) => flows.push(flow),
            None => broken(at, &format!("the flow `{word}` is unknown"), help, found),
        }
    }
    if flows.is_empty() {
        broken(at, "the policy may be used in no flow", help, found);
    }
    flows
}

fn gateways(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<String> {
    let gateways = at.texts(found);
    if gateways.is_empty() {
        let message = "the policy names no gateway that it is for";
        broken(at, message, "Write `supportedGateways: [Synapse]`.", found);
    }
    gateways
}

fn api_types(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<ApiType> {
    let entries = if at.value().is_string() { vec![at.clone()] } else { at.items(found) };
    let types: Vec<_> = entries.iter().filter_map(|at| ApiType::read(at, found)).collect();
    if types.is_empty() {
        let message = "the policy names no type of API that it is for";
        broken(at, message, "Write `supportedApiTypes: [HTTP]`.", found);
    }
    types
}

fn attributes(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<PolicyAttribute> {
    let mut attributes: Vec<PolicyAttribute> = Vec::new();
    let entries = at.items(found);
    if entries.len() > MAX_ATTRIBUTES {
        let message = format!("the policy has more than {MAX_ATTRIBUTES} attributes");
        broken(at, &message, "Put several values into one attribute.", found);
    }
    for at in entries.iter().take(MAX_ATTRIBUTES) {
        let Some(attribute) = PolicyAttribute::read(at, found) else { continue };
        if attributes.iter().any(|other| other.name == attribute.name) {
            let message = format!("the attribute `{}` is described twice", attribute.name);
            broken(at, &message, "Delete one of them.", found);
        } else {
            attributes.push(attribute);
        }
    }
    attributes
}

fn kind(at: &Cursor<'_>, found: &mut Diagnostics) -> AttributeKind {
    let Some(word) = at.word(found) else { return AttributeKind::String };
    AttributeKind::parse(&word).unwrap_or_else(|| {
        let message = format!("the type `{word}` of an attribute is unknown, and read as String");
        let help = "Use String, Integer, Boolean, Enum, Map, Secret or JSON.";
        broken(at, &message, help, found);
        AttributeKind::String
    })
}

/// A warning, because a policy that nobody attaches does no harm; where it is attached, what is
/// missing here is an error there.
fn broken(at: &Cursor<'_>, message: &str, help: &str, found: &mut Diagnostics) {
    found.warning(codes::POLICY_SPECIFICATION, at.place(), message, help);
}
