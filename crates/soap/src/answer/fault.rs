//! SOAP faults as problems.
//!
//! A fault that says that the caller is at fault is 400, whatever status it came with: WSO2 keeps
//! that of the service, which is 500 for all faults of SOAP 1.1. Any other keeps a status that says
//! that it failed, and is 500 where it came with 200.

use serde_json::{Value, json};
use xml::tree::{NodeId, Tree};

use super::Answer;
use super::element::Reader;
use crate::mapping::Resource;
use crate::problem::problem;

/// What a fault says.
struct Fault {
    code: String,
    subcode: Option<String>,
    reason: String,
    actor: Option<String>,
    detail: Option<NodeId>,
}

pub(super) fn read(
    reader: &Reader<'_>,
    resource: &Resource,
    id: NodeId,
    namespace: &str,
    status: u16,
) -> Answer {
    let fault = Fault::of(reader.tree, id, namespace);
    let status = match fault.code.as_str() {
        "Client" | "Sender" => 400,
        _ if status >= 400 => status,
        _ => 500,
    };
    let mut body = problem(status, &fault.reason);
    body.insert("faultCode".to_owned(), json!(fault.code));
    if let Some(subcode) = fault.subcode {
        body.insert("faultSubcode".to_owned(), json!(subcode));
    }
    if let Some(actor) = fault.actor {
        body.insert("faultActor".to_owned(), json!(actor));
    }
    if let Some(detail) = fault.detail {
        let members = reader.children(detail, &resource.faults, false);
        let value = if members.is_empty() {
            json!(reader.tree.text(detail).trim())
        } else {
            Value::Object(members)
        };
        if value != json!("") {
            body.insert("faultDetail".to_owned(), value);
        }
    }
    Answer { status, body: Value::Object(body), is_problem: true }
}

impl Fault {
    fn of(tree: &Tree, id: NodeId, namespace: &str) -> Self {
        let child = |parent: NodeId, local: &str| {
            tree.elements(parent)
                .find(|one| tree.name(*one).is_some_and(|name| &*name.local == local))
        };
        let text = |id: Option<NodeId>| id.map(|id| tree.text(id).trim().to_owned());
        if namespace == wsdl::namespace::ENVELOPE {
            let code = text(child(id, "faultcode")).unwrap_or_default();
            // Some write finer codes behind a dot (SOAP 1.1 §4.4.1).
            let local = local_part(&code);
            let (first, rest) = local.split_once('.').unwrap_or((local, ""));
            return Self {
                code: first.to_owned(),
                subcode: (!rest.is_empty()).then(|| rest.to_owned()),
                reason: text(child(id, "faultstring")).unwrap_or_default(),
                actor: text(child(id, "faultactor")),
                detail: child(id, "detail"),
            };
        }
        let code = child(id, "Code");
        let value = |at: Option<NodeId>| text(at.and_then(|at| child(at, "Value")));
        let subcode = code.and_then(|code| child(code, "Subcode"));
        Self {
            code: local_part(&value(code).unwrap_or_default()).to_owned(),
            subcode: value(subcode).map(|one| local_part(&one).to_owned()),
            reason: text(child(id, "Reason").and_then(|at| child(at, "Text"))).unwrap_or_default(),
            actor: text(child(id, "Role")),
            detail: child(id, "Detail"),
        }
    }
}

fn local_part(code: &str) -> &str {
    code.rsplit_once(':').map_or(code, |(_, local)| local)
}
