//! Forms as XML: `<xformValues><name>value</name></xformValues>`.

use xml::name::Name;
use xml::tree::Tree;

use super::{Envelope, PayloadError};
use crate::limits::Limits;

const ROOT: &str = "xformValues";

/// Reads a form.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Envelope, PayloadError> {
    let mut tree = Tree::new();
    let document = tree.document();
    let root = tree.create_element(Name::local(ROOT));
    tree.append(document, root);
    for (name, value) in url::form_urlencoded::parse(bytes) {
        if tree.len() >= limits.xml.nodes {
            return Err(PayloadError::Limit(format!("more than {} fields", limits.xml.nodes)));
        }
        let element = tree.create_element(Name::local(&element_name(&name)));
        tree.set_text(element, &value);
        tree.append(root, element);
    }
    Ok(Envelope::around(tree))
}

/// Writes the children of the body's element as a form.
pub(super) fn write(envelope: &Envelope) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let Some(root) = envelope.content() else { return String::new() };
    for element in envelope.tree.elements(root) {
        let name = envelope.tree.name(element).map(|name| name.local.as_ref()).unwrap_or_default();
        form.append_pair(name, &envelope.tree.text(element));
    }
    form.finish()
}

/// A name that XML takes: what it does not becomes `_`.
fn element_name(name: &str) -> String {
    let is_start = |at: char| at.is_alphabetic() || at == '_';
    let mut made: String = name
        .chars()
        .map(|at| if at.is_alphanumeric() || "._-".contains(at) { at } else { '_' })
        .collect();
    if !made.starts_with(is_start) {
        made.insert(0, '_');
    }
    made
}
