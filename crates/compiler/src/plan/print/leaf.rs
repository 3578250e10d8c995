//! Client certificates, limits and health checks as text; nothing where there are none.

use std::fmt::{self, Display, Formatter};

use super::line;
use crate::plan::{ClientIdentity, HealthCheck, HttpProbe, Limits, Probe};

impl Display for Limits {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { connections, requests, queue } = self;
        if connections.is_none() && requests.is_none() {
            return Ok(());
        }
        let number = |limit: &Option<u32>| limit.map_or("any".to_owned(), |n| n.to_string());
        let (connections, requests) = (number(connections), number(requests));
        let queue = queue.map_or("no queue".to_owned(), |queue| {
            format!("{} wait for {} ms", queue.length, queue.wait.as_millis())
        });
        line(f, "limits", format!("{connections} connections, {requests} requests; {queue}"))
    }
}

/// The certificate by its file; its key is never shown.
impl Display for ClientIdentity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Nobody => "none".to_owned(),
            Self::Own(own) => format!("{}, {} in the chain", own.file, own.chain.len()),
        };
        line(f, "client cert", text)
    }
}

impl Display for HealthCheck {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        line(f, "health check", &self.probe)?;
        let Self { interval, timeout, healthy_after, unhealthy_after, .. } = self;
        let (interval, timeout) = (interval.as_millis(), timeout.as_millis());
        let counts = format!("healthy after {healthy_after}, unhealthy after {unhealthy_after}");
        line(f, "", format!("every {interval} ms, within {timeout} ms; {counts}"))
    }
}

impl Display for Probe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(probe) => write!(f, "{probe}"),
            Self::Tcp => f.write_str("tcp"),
            Self::Grpc { service } if service.is_empty() => f.write_str("grpc"),
            Self::Grpc { service } => write!(f, "grpc {service}"),
        }
    }
}

/// Names of headers only: their values may be credentials.
impl Display for HttpProbe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { method, path, headers, statuses, body } = self;
        write!(f, "{method} {path} answers {statuses}")?;
        if let Some(body) = body {
            write!(f, " with `{body}`")?;
        }
        for (index, name) in headers.keys().enumerate() {
            write!(f, "{} {name}", if index == 0 { "; sends" } else { "," })?;
        }
        Ok(())
    }
}
