//! AWS Lambda as a backend, without any input or output.
//!
//! A [`function`] is named, a request becomes an [`event`], and what the function gives becomes an
//! [`answer`], at once or as a [`stream`]. What the service itself says no with is a [`refusal`].
//! Deliberately absent: connections, signatures, credentials, and every clock; the time of a
//! request is handed in.

pub mod answer;
pub mod event;
pub mod function;
mod invocation;
pub mod limits;
pub mod refusal;
pub mod stream;

pub use answer::{Answer, AnswerError, Mapping};
pub use event::{EventError, Format, Request};
pub use function::{Function, FunctionError, Partition};
pub use invocation::Invocation;
pub use refusal::{Reason, Refusal, Repeat};
