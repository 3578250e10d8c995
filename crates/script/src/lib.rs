//! Scripts of policies and mocks: JavaScript, within limits, over a message that is plain data.
//!
//! A script is checked once ([`Script::compile`]) and run as often as needed: each time in an engine
//! of its own ([`Script::run`]), or in one that a thread keeps for it ([`Engines::run`]). Nothing is
//! ever left of the run before.
//! What it may read is handed in ([`MessageState`]), and what it did comes out as a list of
//! changes; the script itself reaches no file, no network, no process and no other script.
//!
//! A script runs on the thread that calls it. It is interrupted between the instructions of the
//! engine, so a single operation over a large value may overrun its time: whoever must
//! answer in time runs scripts on threads of their own, and does not wait for them.
//!
//! Deliberately absent: classes of Java, modules, timers, consoles, and byte code that is kept,
//! because loading it is trusted blindly by the engine.

mod clock;
mod engine;
mod engines;
mod error;
mod guard;
mod lex;
mod limits;
mod mc;
mod prepare;
mod run;
mod script;
mod state;
mod thrown;
mod warm;
mod xml_object;

pub use engines::Engines;
pub use error::{CompileError, ErrorKind, ScriptError};
pub use limits::ScriptLimits;
pub use script::{LANGUAGES, Outcome, Script, is_language};
pub use state::{Addressing, Change, Level, Line, MessageState, Needs, PropertyValue, SCOPES};
