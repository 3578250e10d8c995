//! JSON as XML and XML as JSON, by WSO2's rules.
//!
//! | JSON | XML |
//! | --- | --- |
//! | the whole: an object, an array, anything else | `<jsonObject>…`, `<jsonArray>…`, `<jsonValue>…` |
//! | `"a": 1` | `<a>1</a>` |
//! | `"a": [1, 2]` | `<a>1</a><a>2</a>` |
//! | `"a": [[1]]` | `<a><jsonArray><jsonElement>1</jsonElement></jsonArray></a>` |
//! | `"a": null` | `<a xsi:nil="true"/>` |
//! | `"a": {"@b": "1", "$": "x"}` | `<a b="1">x</a>` |
//! | `"$a"`, `"1a"`, `"a b"` as keys | `_JsonReader_PS_a`, `_JsonReader_PD_1a`, `a_JsonReader_32_b` |
//!
//! On the way to JSON prefixes and declarations are left out, a text that looks like a number,
//! `true`, `false` or `null` becomes one, and an empty element becomes an empty text.
//! So an array of one, an empty array, an empty object and the text `"1"` do not survive both
//! ways; [`Options::keep_shape`] saves the first three, with what WSO2's own instruction
//! `<?xml-multiple a?>` says, which is understood in any case.
//!
//! Unlike WSO2, null survives, and any key becomes a name.
//!
//! Deliberately absent: namespaces in JSON.

mod from;
mod keys;
mod primitive;
mod to;

use serde_json::Value;

use crate::read::{Limits, ReadError};
use crate::tree::{NodeId, Tree};

/// The namespace of `xsi:nil`.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

const OBJECT: &str = "jsonObject";
const ARRAY: &str = "jsonArray";
const ELEMENT: &str = "jsonElement";
const VALUE: &str = "jsonValue";

/// The target of the instruction that says which elements are an array.
const MULTIPLE: &str = "xml-multiple";

/// How JSON and XML become each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Of these: depth, nodes, attributes and the length of names.
    ///
    /// What is deeper on the way to JSON becomes its text.
    pub read_limits: Limits,
    /// Whether texts that look like it become numbers, booleans and null.
    pub auto_primitive: bool,
    /// Whether keys that begin with `@` are attributes.
    pub attributes: bool,
    /// Whether the XML says what it would lose: arrays of one or none, and empty objects.
    pub keep_shape: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_limits: Limits::default(),
            auto_primitive: true,
            attributes: true,
            keep_shape: false,
        }
    }
}

/// Makes a document of a JSON value.
///
/// # Errors
///
/// A limit that the document would exceed.
pub fn from_json(value: &Value, options: &Options) -> Result<Tree, ReadError> {
    from::convert(value, options)
}

/// Makes JSON of an element: an object with its name as key, or what one of the wrappers holds.
///
/// The document gives that of its element, or null where there is none; other nodes give their
/// text.
#[must_use]
pub fn to_json(tree: &Tree, id: NodeId, options: &Options) -> Value {
    to::convert(tree, id, options)
}

#[cfg(test)]
mod tests;
