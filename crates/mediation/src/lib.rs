//! A message, and what may be done to it: sequences of mediators, read from XML and run.
//!
//! A sequence is read and checked once ([`parse`]); at run time no XML of a policy is looked at.
//! Running one ([`Machine`]) is stepping, not waiting: where a step needs the world — the body of
//! the message, an answer to a call, a script, time — the machine says so and goes on when it is there.
//! So nothing here needs a runtime, and tests need no network.
//!
//! Deliberately absent: Java classes other than the shipped ones, and the mediators of
//! enterprise integration (aggregate, clone, iterate and the like), which are refused by name.

pub mod cache;
pub mod expression;
pub mod fault;
pub mod freemarker;
pub mod host;
pub mod limits;
pub mod machine;
mod mediator;
pub mod message;
pub mod mock;
pub mod opa;
pub mod parse;
pub mod payload;
pub mod print;
pub mod property;
pub mod rest_to_soap;
pub mod rule;
pub mod script;
pub mod sequence;
pub mod soap;
#[cfg(test)]
#[allow(dead_code, reason = "each of the two crates of tests uses a part of it")]
mod testing;

pub use fault::MediationFault;
pub use host::Host;
pub use limits::Limits;
pub use machine::{Advance, End, Machine, Wants};
pub use message::{Direction, Message};
pub use payload::Payload;
pub use property::Value;
pub use rule::RuleTable;
pub use script::ScriptRun;
pub use sequence::{Library, Sequence};
