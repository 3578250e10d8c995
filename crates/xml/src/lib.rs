//! XML: documents as trees, read strictly and within limits, asked with XPath and written again;
//! turned into JSON and back; and the fault bodies that are written as XML.
//!
//! Deliberately absent: document types, schemas, streaming.

pub mod escape;
pub mod fault;
pub mod json;
pub mod name;
pub mod read;
pub mod soap;
pub mod tree;
pub mod write;
pub mod xpath;
