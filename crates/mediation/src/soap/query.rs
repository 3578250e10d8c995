//! XML as a query: a parameter for each element that has no other inside.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use xml::tree::{NodeId, Tree};

use super::Problem;

/// Unreserved marks stay as they are (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Servers take no longer ones.
const LONGEST: usize = 8 * 1024;

/// The leaves below an element, in their order; the element itself where it is one and says
/// something.
///
/// # Errors
///
/// That the query would be too long.
pub(super) fn of(tree: &Tree, top: NodeId) -> Result<String, Problem> {
    let mut query = String::new();
    for node in std::iter::once(top).chain(tree.descendants(top)) {
        let is_leaf = tree.is_element(node) && tree.elements(node).next().is_none();
        let Some(name) = tree.name(node).filter(|_| is_leaf) else { continue };
        let text = tree.text(node);
        if node == top && (text.is_empty() || !query.is_empty()) {
            continue;
        }
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(utf8_percent_encode(&name.local, ENCODED));
        query.push('=');
        query.extend(utf8_percent_encode(&text, ENCODED));
        if query.len() > LONGEST {
            let message = "The message is too long to be written as a query";
            return Err(Problem(format!("{message}: more than {LONGEST} bytes")));
        }
    }
    Ok(query)
}
