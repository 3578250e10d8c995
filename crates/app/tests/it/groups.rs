//! Groups whose members are processes of their own, which are killed, stopped, slowed down and cut
//! off, while clients go on.
//!
//! What is counted is what arrives at the members: whatever happens, a request that is not safe to
//! repeat is at one of them at most.

mod checked;
mod duplicates;
mod killed;
mod load;
mod member;
mod network;
mod once;
mod soak;
mod stopped;
mod unwell;
