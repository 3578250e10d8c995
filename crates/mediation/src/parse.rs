//! Sequences from XML: every mediator that is supported, and a refusal by name for every other.
//!
//! Nothing is skipped: what cannot be done makes the whole text an error, with its line and column
//! and what to do instead. What has no effect, or probably another one than was meant, is a
//! warning.

mod advice;
mod attribute;
mod body;
mod cache;
mod call;
mod class;
mod flow;
mod format;
mod lint;
mod opa;
mod own;
mod property;
mod reader;
mod rewrite;
mod script;
mod value;

use model::codes;
use model::diagnostic::Diagnostic;
use model::policy::Flow;
use xml::read::{Limits, ReadError, Reason};
use xml::tree::{Namespaces, NodeId, Place, Tree};

use crate::sequence::Sequence;
use reader::Reader;

/// The namespace of Synapse's configuration; it may be left out.
pub(crate) const SYNAPSE: &str = "http://ws.apache.org/ns/synapse";
/// The namespace of the mediators that only this gateway has.
pub const OWN: &str = "urn:weir:mediation";
/// How many bytes a policy or sequence may have.
const MAXIMUM_BYTES: usize = 1024 * 1024;
/// How deep elements may be nested; bounds every recursion of the reader.
const MAXIMUM_DEPTH: usize = 64;

/// Where a text comes from, and what it may refer to.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The file that diagnostics name.
    pub file: &'a str,
    /// What logs name: `policy addHeader v3`, `sequence log_in`.
    pub origin: &'a str,
    /// The flow in which it runs.
    pub flow: Flow,
    /// Whether there is a sequence of this key.
    pub known_sequences: &'a dyn Fn(&str) -> bool,
    /// Whether the endpoint goes where `To` says.
    pub is_dynamic_endpoint: bool,
    /// How many lines of the file come before the text.
    pub line_offset: u32,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Context").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Reads a policy: mediators one after the other, or one `sequence` around them.
///
/// `None` when it cannot be used; then `found` has an error.
pub fn parse(text: &str, context: &Context<'_>, found: &mut Vec<Diagnostic>) -> Option<Sequence> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(problem) = lint::prolog(text, context) {
        found.push(problem);
        return None;
    }
    let tree = match xml::read::read_fragment(text, &Namespaces::new(), &limits()) {
        Ok(tree) => tree,
        Err(error) => {
            found.push(lint::malformed(text, &error, context));
            return None;
        }
    };
    let mut reader = Reader::new(&tree, context, found);
    let sequence = match sole_sequence(&tree) {
        Some(root) => flow::root(&mut reader, root),
        None => Some(reader.steps(tree.document())),
    };
    reader.finish(sequence)
}

/// Reads a whole document whose root is `sequence`, such as a file below `Sequences/`.
///
/// `None` when it cannot be used; then `found` has an error.
pub fn parse_file(
    text: &str,
    context: &Context<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<Sequence> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree = match xml::read::read_text(text, &limits()) {
        Ok(tree) => tree,
        Err(error) => {
            found.push(lint::malformed(text, &error, context));
            return None;
        }
    };
    let mut reader = Reader::new(&tree, context, found);
    let sequence = match tree.root() {
        Some(root) if reader.is_mediator(root, "sequence") => flow::root(&mut reader, root),
        root => {
            let place = root.map_or(Place { line: 1, column: 1 }, |root| tree.place(root));
            reader.error(
                codes::MEDIATION_SHAPE,
                place,
                "The root of the file is not `sequence`",
                "Write the mediators in `<sequence name=\"…\">`.",
            );
            None
        }
    };
    reader.finish(sequence)
}

/// Whether a policy is well-formed XML, whatever it says.
pub fn is_well_formed(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match xml::read::read_fragment(text, &Namespaces::new(), &limits()) {
        Ok(_) => true,
        // A prolog is refused on its own, and undeclared prefixes are no matter of escaping.
        Err(ReadError { reason: Reason::DoctypeRefused | Reason::UndeclaredPrefix(_), .. }) => true,
        Err(_) => {
            text.trim_start().starts_with("<?xml") && xml::read::read_text(text, &limits()).is_ok()
        }
    }
}

fn limits() -> Limits {
    Limits {
        bytes: MAXIMUM_BYTES,
        depth: MAXIMUM_DEPTH,
        nodes: 100_000,
        attributes: 64,
        name: 1024,
    }
}

/// The one `sequence` with steps that is all there is.
fn sole_sequence(tree: &Tree) -> Option<NodeId> {
    let mut elements = tree.elements(tree.document());
    let first = elements.next().filter(|_| elements.next().is_none())?;
    let name = tree.name(first)?;
    let is_sequence = name.local.eq_ignore_ascii_case("sequence")
        && (name.namespace.is_empty() || name.namespace.as_ref() == SYNAPSE);
    (is_sequence && tree.attribute(first, "", "key").is_none()).then_some(first)
}

#[cfg(test)]
mod tests;
