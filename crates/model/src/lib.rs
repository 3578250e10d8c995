//! The vocabulary of the project: WSO2's documents as faithful, lossless data, the codes of the
//! data plane's faults, and diagnostics.
//!
//! Deliberately absent: input and output, anything that runs, anything that knows a live resource.

pub mod api;
pub mod codes;
pub mod cursor;
pub mod diagnostic;
pub mod document;
pub mod endpoint;
pub mod fault;
pub mod files;
pub mod lifecycle;
pub mod policy;
pub mod project;
pub mod secret;
pub mod yaml;

pub use api::ApiDefinition;
pub use diagnostic::{Diagnostic, Diagnostics, Place, Severity, Spot};
pub use document::Document;
pub use endpoint::EndpointConfig;
pub use files::Files;
pub use project::Project;
pub use secret::Secret;
