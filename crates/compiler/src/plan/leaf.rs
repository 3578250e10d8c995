//! What concerns one upstream, besides its address: limits and checks of its health.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

/// Limits of one endpoint; beyond them a call is answered 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Most connections.
    pub connections: Option<u32>,
    /// Most requests in flight.
    pub requests: Option<u32>,
    /// Who waits until one of them is free.
    pub queue: Option<Queue>,
}

/// Requests that wait for a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// How many.
    pub length: u32,
    /// How long.
    pub wait: Duration,
}

/// How the health of an endpoint is checked without calls of clients.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheck {
    /// What is asked.
    pub probe: Probe,
    /// The time between the end of a check and the next one.
    pub interval: Duration,
    /// The time that a check may take.
    pub timeout: Duration,
    /// Good checks in a row until it is healthy again.
    pub healthy_after: u32,
    /// Bad checks in a row until it is unhealthy.
    pub unhealthy_after: u32,
}

/// What a health check asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// An HTTP request, over the same connection settings as calls.
    Http(HttpProbe),
    /// A connection, with TLS where calls have it.
    Tcp,
    /// `grpc.health.v1.Health/Check`.
    Grpc {
        /// The service; empty for the server as a whole.
        service: String,
    },
}

/// An HTTP request that checks the health of an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpProbe {
    /// The method.
    pub method: Method,
    /// Path and query, from the root of the endpoint's host.
    pub path: PathAndQuery,
    /// Headers besides those of any call.
    pub headers: HeaderMap,
    /// The statuses that are healthy; any other is not.
    pub statuses: StatusSet,
    /// Text that the body has to hold within its first 64 KiB.
    pub body: Option<String>,
}

/// A set of statuses, as ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusSet(Vec<RangeInclusive<u16>>);

impl StatusSet {
    /// The statuses in any of some ranges.
    #[must_use]
    pub fn from_ranges(ranges: Vec<RangeInclusive<u16>>) -> Self {
        Self(ranges)
    }

    /// Whether a status is in the set.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }

    /// Whether no status is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match (range.start(), range.end()) {
                (start, end) if start == end => write!(f, "{comma}{start}")?,
                (start, end) => write!(f, "{comma}{start}-{end}")?,
            }
        }
        Ok(())
    }
}
