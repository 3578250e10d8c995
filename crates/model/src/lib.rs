//! The vocabulary of the project: WSO2's documents as faithful, lossless data, the codes of the
//! data plane's faults, and diagnostics.
//!
//! Deliberately absent: input and output, anything that runs, anything that knows a live resource.

pub mod diagnostic;
pub mod fault;

pub use diagnostic::{Diagnostic, Diagnostics, Place, Severity, Spot};
