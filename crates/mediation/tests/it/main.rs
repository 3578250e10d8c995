//! Whole policies, run on messages.

// What the helpers of tests name is the crate itself there, and its root here.
use mediation::{
    Advance, Direction, End, Host, Library, Limits, Machine, MediationFault, Message, Payload,
    Sequence, Wants, host, machine, parse, payload, property,
};

mod bodies;
mod conditions;
mod flow;
mod limits;
mod properties;
mod shipped;
#[allow(dead_code, reason = "each of the two crates of tests uses a part of it")]
#[path = "../../src/testing.rs"]
mod testing;
