//! XML as far as the faults of the data plane need it: escaping, and the few documents themselves.
//!
//! Deliberately absent so far: reading, trees and expressions.

pub mod escape;
pub mod fault;
