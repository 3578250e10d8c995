//! The data plane: listeners, routing, admission, the endpoint tree at run time, telemetry, and
//! the swap of snapshots.

pub mod admit;
pub mod clock;
pub mod config;
pub mod fetch;
pub mod listener;
pub mod upstream;
