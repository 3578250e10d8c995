//! Turns a definition (what a publisher wrote) into a plan (checked data without any live
//! resource), or into diagnostics.
//!
//! Deliberately absent: input and output, clocks, threads. Both planes use this crate.

pub mod address;
pub mod compile;
pub mod condition;
pub mod pattern;
pub mod plan;
pub mod template;

pub use compile::{
    AwsDefaults, CompileOptions, CorsDefaults, Lookup, Secrets, brings_wsdl, compile, compile_files,
};
pub use plan::ApiPlan;
