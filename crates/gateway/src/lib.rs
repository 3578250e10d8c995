//! The data plane: listeners, routing, admission, the endpoint tree at run time, telemetry, and
//! the swap of snapshots.

pub mod admin;
pub mod admit;
pub mod body;
pub mod clock;
pub mod config;
pub mod deploy;
pub mod endpoint;
pub mod exchange;
pub mod explain;
pub mod fault;
pub mod fetch;
pub mod functions;
pub mod handle;
pub mod listener;
pub mod recording;
pub mod respond;
pub mod route;
pub mod sample;
pub mod serve;
pub mod shutdown;
pub mod side_listener;
pub mod sign;
pub mod snapshot;
pub mod source;
pub mod telemetry;
pub mod upstream;
pub mod vault;
pub mod worker;

mod canonical;
mod flow;
mod forward;
mod frames;
mod idle;
mod interim;
mod keep_alive;
mod known;
mod locate;
mod normalise;
mod scripts;
mod soap;
mod spare;
mod transport;
mod tunnel;
mod variables;
mod wsdl;
