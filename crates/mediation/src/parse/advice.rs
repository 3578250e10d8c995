//! Mediators that are not there, and what to do instead.

use model::codes;
use xml::tree::NodeId;

use super::reader::{MEDIATORS, Reader};

/// Mediators of Synapse that are not supported, with the way around.
const UNSUPPORTED: [(&str, &str); 33] = [
    ("aggregate", "Let the upstream gather the answers; a policy handles one message."),
    ("clone", "Let the upstream send the copies; `call` asks one other service."),
    ("iterate", "Use `foreach` to change each element."),
    ("scatter-gather", "Use `call` once for each service, and `enrich` to keep the answers."),
    ("in", "Move the steps in it into a policy of the request flow."),
    ("out", "Move the steps in it into a policy of the response flow."),
    ("call-template", "Use `sequence` with a key; pass values in properties."),
    ("jsontransform", "Use `payloadFactory` or `enrich`."),
    ("xslt", "Use `payloadFactory` or `enrich`."),
    ("xquery", "Use `payloadFactory` or `enrich`."),
    ("fastXSLT", "Use `payloadFactory` or `enrich`."),
    ("validate", "Use the schema validation of the API (`enableSchemaValidation`)."),
    ("callout", "Use `call`."),
    ("dblookup", "Put a service before the database, and use `call`."),
    ("dbreport", "Put a service before the database, and use `call`."),
    ("store", "Use `call` to hand the message to a service that keeps it."),
    ("throttle", "Use the throttling of the API."),
    ("enqueue", "Use `call` to hand the message to a service that keeps it."),
    ("router", "Use `switch` or `filter`."),
    ("conditionalRouter", "Use `switch` or `filter`."),
    ("event", "Use `call` to tell a service."),
    ("publishEvent", "Use `log`, or `call` to tell a service."),
    ("smooks", "Use `payloadFactory` or `enrich`."),
    ("ntlm", "Use the security of the endpoint."),
    ("bean", "Use properties."),
    ("ejb", "Use `call`."),
    ("pojoCommand", "Use the mediators that do the same."),
    ("spring", "Use the mediators that do the same."),
    ("transaction", "A gateway has no transactions; remove it."),
    ("oauthService", "Use the security of the API."),
    ("entitlementService", "Use the scopes of the API."),
    ("datamapper", "Use `payloadFactory` or `enrich`."),
    ("rule", "Use `switch` or `filter`."),
];

/// Reports an element that is no mediator, or none that is supported.
pub(super) fn refuse(reader: &mut Reader<'_>, id: NodeId, local: &str) {
    let place = reader.place(id);
    if let Some((_, advice)) = UNSUPPORTED.iter().find(|(name, _)| name.eq_ignore_ascii_case(local))
    {
        let message = format!("The mediator `{local}` is not supported");
        reader.error(codes::MEDIATOR_UNSUPPORTED, place, message, *advice);
        return;
    }
    let help = match nearest(local) {
        Some(name) => format!("Did you mean `{name}`?"),
        None => {
            let names: Vec<&str> = MEDIATORS.iter().map(|(name, _)| *name).collect();
            format!("Use one of: {}.", names.join(", "))
        }
    };
    reader.error(codes::MEDIATOR_UNKNOWN, place, format!("`{local}` is no mediator"), help);
}

/// The mediator whose name differs in at most two letters.
fn nearest(local: &str) -> Option<&'static str> {
    let wanted: Vec<char> = local.to_lowercase().chars().take(32).collect();
    MEDIATORS
        .iter()
        .map(|(name, _)| (distance(&wanted, &name.to_lowercase()), *name))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be added, removed or changed.
fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (line, wanted) in to.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (at, letter) in from.iter().enumerate() {
            let above = row.get(at + 1).copied().unwrap_or_default();
            let changed = diagonal + usize::from(*letter != wanted);
            if let Some(cell) = row.get_mut(at) {
                *cell = left;
            }
            left = changed.min(above + 1).min(left + 1);
            diagonal = above;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
