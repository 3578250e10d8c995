//! WSDL 1.1 and 2.0 with the XML Schemas that they bring along: read from any number of documents,
//! resolved, checked, and written again with other addresses.
//!
//! [`read()`] asks [`Documents`] for what it needs and gives a [`Description`] with diagnostics.
//! [`archive`] finds the WSDL that is meant in an archive. [`rewrite()`] changes the addresses and
//! the locations of imports in a document, and nothing else.
//!
//! Deliberately absent: input and output, validation of messages, and writing WSDLs anew.

pub mod archive;
mod arena;
mod definitions;
pub mod description;
mod documents;
mod limits;
mod load;
mod location;
mod markup;
pub mod namespace;
mod parse;
mod read;
mod report;
mod rewrite;
pub mod schema;
mod source;
mod version2;

pub use arena::Id;
pub use description::Description;
pub use documents::{Archive, Documents, Fetched, Refusal};
pub use limits::Limits;
pub use location::{Location, LocationError};
pub use read::{Reading, read};
pub use rewrite::{AddressSite, LocationSite, Rewrite, rewrite};
pub use schema::Schemas;
pub use source::{DocumentId, Source};

/// Whether a diagnostic is about schemas, so that who passes messages on untouched need not care.
#[must_use]
pub fn concerns_schema(code: &str) -> bool {
    use model::codes;
    [
        codes::SCHEMA_REFERENCE,
        codes::SCHEMA_REFERENCE_MENDED,
        codes::SCHEMA_NO_IMPORT,
        codes::SCHEMA_DUPLICATE,
        codes::SCHEMA_CYCLE,
        codes::SCHEMA_VALUE,
        codes::SCHEMA_SHAPE,
        codes::SCHEMA_UNSUPPORTED,
        codes::SCHEMA_LIMIT,
        codes::SCHEMA_REDEFINE,
    ]
    .contains(&code)
}
