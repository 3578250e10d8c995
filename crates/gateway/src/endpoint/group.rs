//! Groups of endpoints: several members that take over from one another or share the calls.
//!
//! `live.rs` is a group at run time, `walk.rs` the way of one request through a tree of groups,
//! with `frame.rs` for what happens in one of them; `hedge.rs` sends to two at once, `session.rs`
//! keeps a client at its member.
//! Everything else decides and calls nobody: time and chance are handed in. What workers share is
//! atomic; locks are taken when a member is left out, and where there are sessions.

pub mod algorithm;
pub mod budget;
pub mod latency;
pub mod order;
pub mod outlier;
pub mod ramp;
pub mod repeat;
pub mod soap;
pub mod window;

mod frame;
mod hedge;
mod live;
mod pick;
mod session;
mod walk;

pub use live::{Group, GroupTotals, Member};
pub(crate) use session::Listener;
pub(crate) use walk::call;
