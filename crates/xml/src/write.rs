//! Writing trees, with every name in the namespace that it says.
//!
//! A declaration that is missing is added where it is needed, one that says what is known already
//! is left out, and a prefix that cannot be kept is replaced.
//! Whatever a tree holds, what is written can be read: a character that XML 1.0 does not have
//! becomes U+FFFD, and one that a name cannot have an underscore.
//!
//! Deliberately absent: indentation, and encodings but UTF-8.

mod scope;

use std::borrow::Cow;

use crate::escape::{push_content, push_plain, push_value};
use crate::name;
use crate::tree::{Kind, NodeId, Tree};
use scope::Scope;

struct Writer<'a> {
    tree: &'a Tree,
    out: String,
    scope: Scope<'a>,
}

/// A node with all below it, without an XML declaration.
///
/// An element that is written alone declares the prefixes that it needs from above.
#[must_use]
pub fn write(tree: &Tree, id: NodeId) -> String {
    let mut writer = Writer { tree, out: String::new(), scope: Scope::new() };
    writer.run(id);
    writer.out
}

/// The whole document, without an XML declaration.
#[must_use]
pub fn write_document(tree: &Tree) -> String {
    write(tree, tree.document())
}

impl<'a> Writer<'a> {
    fn run(&mut self, top: NodeId) {
        // Elements whose end is to be written, innermost last, with their names.
        let mut open: Vec<(NodeId, Cow<'a, str>)> = Vec::new();
        for node in self.tree.subtree(top) {
            while open.last().is_some_and(|(above, _)| self.tree.parent(node) != Some(*above)) {
                self.end(open.pop());
            }
            if let Some(name) = self.begin(node, node == top) {
                open.push((node, name));
            }
        }
        while let Some(last) = open.pop() {
            self.end(Some(last));
        }
    }

    /// Writes a node, or the start of one that has children; gives the name of that.
    fn begin(&mut self, id: NodeId, is_top: bool) -> Option<Cow<'a, str>> {
        match self.tree.kind(id) {
            Kind::Document => {}
            Kind::Element(_) => return self.start(id, is_top),
            Kind::Attribute(_, value) => push_value(&mut self.out, value),
            Kind::Text(text) => push_content(&mut self.out, text),
            Kind::Comment(text) => self.comment(text),
            Kind::Instruction { target, data } => self.instruction(target, data),
        }
        None
    }

    fn start(&mut self, id: NodeId, is_top: bool) -> Option<Cow<'a, str>> {
        let element = self.scope.open(self.tree, id, is_top);
        self.out.push('<');
        self.out.push_str(&element.name);
        for (prefix, uri) in element.declarations {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(&prefix);
            self.value(&uri);
        }
        for (name, value) in element.attributes {
            self.out.push(' ');
            self.out.push_str(&name);
            self.value(value);
        }
        if self.tree.children(id).next().is_some() {
            self.out.push('>');
            return Some(element.name);
        }
        self.out.push_str("/>");
        self.scope.close();
        None
    }

    fn end(&mut self, open: Option<(NodeId, Cow<'a, str>)>) {
        if let Some((_, name)) = open {
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
            self.scope.close();
        }
    }

    fn value(&mut self, value: &str) {
        self.out.push_str("=\"");
        push_value(&mut self.out, value);
        self.out.push('"');
    }

    fn comment(&mut self, text: &str) {
        self.out.push_str("<!--");
        let mut is_dash = false;
        for piece in text.split_inclusive('-') {
            if is_dash && piece == "-" {
                self.out.push(' ');
            }
            push_plain(&mut self.out, piece);
            is_dash = piece.ends_with('-');
        }
        self.out.push_str(if is_dash { " -->" } else { "-->" });
    }

    fn instruction(&mut self, target: &str, data: &str) {
        let target = plain(target);
        self.out.push_str("<?");
        self.out.push_str(&target);
        if target.eq_ignore_ascii_case("xml") {
            self.out.push('_');
        }
        if !data.is_empty() {
            self.out.push(' ');
            push_plain(&mut self.out, &data.replace("?>", "? >"));
        }
        self.out.push_str("?>");
    }
}

/// A name without a colon, whatever it was.
fn plain(text: &str) -> Cow<'_, str> {
    if name::is_ncname(text) {
        return Cow::Borrowed(text);
    }
    let starts = text.starts_with(name::is_name_start);
    let mut safe = String::from(if starts { "" } else { "_" });
    safe.extend(text.chars().map(|mark| if name::is_name_character(mark) { mark } else { '_' }));
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests;
