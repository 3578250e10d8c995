//! Tokens of authorization servers (RFC 6749), had ahead of time and kept.
//!
//! `registry.rs` knows all sources of tokens, and outlives snapshots. A source (`source.rs`) is one
//! set of credentials for one upstream; its cells (`cell.rs`) hold a token each and see to it that
//! one request at a time is made for it. `request.rs` and `answer.rs` are what is said.

mod answer;
mod cell;
mod failure;
mod registry;
mod request;
mod source;
#[cfg(test)]
mod tests;

pub use cell::TokenReport;
pub use failure::TokenOutcome;
pub(crate) use registry::Means;
pub use registry::{ServerTotals, Tokens};
pub(crate) use source::{Shown, TokenSource};
