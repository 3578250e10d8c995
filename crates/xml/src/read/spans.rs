//! Where in a text the values of attributes and the contents of elements stand.
//!
//! Who changes a few values of a document and nothing else edits its text at these places.

use std::collections::HashMap;
use std::ops::Range;

use crate::tree::NodeId;

/// Spans in bytes, by the node that they belong to.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    values: HashMap<NodeId, Range<usize>>,
    contents: HashMap<NodeId, Range<usize>>,
}

impl Spans {
    /// What stands between the quotes of an attribute.
    #[must_use]
    pub fn value(&self, attribute: NodeId) -> Option<Range<usize>> {
        self.values.get(&attribute).cloned()
    }

    /// What stands between the tags of an element; nothing where it is one empty tag.
    #[must_use]
    pub fn content(&self, element: NodeId) -> Option<Range<usize>> {
        self.contents.get(&element).cloned()
    }

    pub(super) fn add_value(&mut self, attribute: NodeId, span: Range<usize>) {
        self.values.insert(attribute, span);
    }

    pub(super) fn add_content(&mut self, element: NodeId, span: Range<usize>) {
        self.contents.insert(element, span);
    }
}
