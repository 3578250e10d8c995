//! XML: how deep, how wide and how long it is. Document types are never taken.

use xml::read::{self, Limits};
use xml::tree::Kind;

use super::Violation;

/// Limits of an XML body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlLimits {
    /// Elements in each other.
    pub max_depth: usize,
    /// Elements altogether.
    pub max_element_count: usize,
    /// Attributes of one element.
    pub max_attribute_count: usize,
    /// Characters of the value of an attribute.
    pub max_attribute_length: usize,
    /// Elements right in one element.
    pub max_children_per_element: usize,
}

impl Default for XmlLimits {
    fn default() -> Self {
        Self {
            max_depth: 100,
            max_element_count: 100,
            max_attribute_count: 100,
            max_attribute_length: 100,
            max_children_per_element: 100,
        }
    }
}

/// Checks a body.
///
/// # Errors
///
/// What it does that it may not; a body that is no XML is one of these.
pub fn check_xml(body: &[u8], limits: &XmlLimits) -> Result<(), Violation> {
    let reading = Limits {
        depth: limits.max_depth,
        attributes: limits.max_attribute_count,
        ..Limits::default()
    };
    let tree = read::read(body, &reading).map_err(|error| Violation(error.to_string()))?;
    let mut elements = 0;
    for node in tree.descendants(tree.document()) {
        if !matches!(tree.kind(node), Kind::Element(_)) {
            continue;
        }
        elements += 1;
        if elements > limits.max_element_count {
            return Err(Violation::over("elements", limits.max_element_count));
        }
        if tree.elements(node).nth(limits.max_children_per_element).is_some() {
            let most = limits.max_children_per_element;
            return Err(Violation::over("elements in one element", most));
        }
        let is_long = tree.attributes(node).any(|attribute| match tree.kind(attribute) {
            Kind::Attribute(_, value) => value.chars().nth(limits.max_attribute_length).is_some(),
            _ => false,
        });
        if is_long {
            return Err(Violation::over("length of an attribute", limits.max_attribute_length));
        }
    }
    Ok(())
}
