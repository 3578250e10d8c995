//! SOAP services as REST.
//!
//! [`mod@generate`] makes a [`Mapping`] of a WSDL, and a report of what it could not map;
//! [`definition`] and [`sequences`] write what API Manager has instead of a mapping, and
//! [`project`] the files around it.
//! At run time only the mapping is there: [`request`] makes envelopes of JSON, [`answer`] JSON of
//! envelopes. A mapping is a file that people read and change, so its reader is strict.
//!
//! Deliberately absent: input and output, attachments (MTOM, SwA), message security, and SOAP
//! callers in front of REST services.

pub mod answer;
pub mod definition;
pub mod generate;
pub mod mapping;
pub mod problem;
pub mod project;
pub mod request;
pub mod sequences;
pub mod value;

pub use mapping::Mapping;
pub use problem::Problem;
