//! The data plane: listeners, routing, admission, the endpoint tree at run time, telemetry, and
//! the swap of snapshots.

pub mod admit;
pub mod config;
pub mod sample;
pub mod source;
pub mod telemetry;
