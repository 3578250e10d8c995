//! The tables of attacks.

pub(crate) mod chunks;
pub(crate) mod codings;
pub(crate) mod fields;
pub(crate) mod hops;
pub(crate) mod lengths;
pub(crate) mod limits;
pub(crate) mod lines;
