//! What the gateway tells about itself: metrics, one access record for each request, and the ids
//! that tie a request to its traces.
//!
//! Everything here is on the path of every request, so each worker writes to memory of its own:
//! no lock that is ever contended, no cache line that two cores write, no allocation per request.
//! Spans are deliberately absent: a trace is continued and handed on, not recorded.

pub mod log;
pub mod metric;
pub mod trace;
