#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod answers;
mod peers;
mod turns;

use std::net::SocketAddr;
use std::time::Duration;

use compiler::plan::{Http2, HttpProbe, Probe, StatusSet};
use http::{HeaderMap, Method};

use super::probe::{Ask as _, Asker};
use super::*;
use crate::config::GatewayConfig;
use crate::config::upstream::ClientChoice;

const CLIENTS: [ClientChoice; 2] = [ClientChoice::Own, ClientChoice::Library];

fn asker(choice: ClientChoice) -> Asker {
    let mut config = GatewayConfig::default();
    config.upstream.client = choice;
    Asker::new(&config)
}

/// Asks every second, with two seconds for an answer; two of a kind turn it.
fn plan(probe: Probe) -> HealthCheck {
    HealthCheck {
        probe,
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(2),
        healthy_after: 2,
        unhealthy_after: 2,
    }
}

fn check(plan: &HealthCheck, target: Target) -> Arc<Check> {
    let host = HeaderValue::from_static("shop.example");
    Check::new(plan, "shop".into(), Arc::new(target), host, None)
}

fn clear(address: SocketAddr) -> Target {
    Target::new("127.0.0.1", address.port(), None, Http2::Never)
}

fn http(path: &'static str) -> HttpProbe {
    HttpProbe {
        method: Method::GET,
        path: path.parse().unwrap(),
        headers: HeaderMap::new(),
        statuses: StatusSet::from_ranges(vec![200..=299]),
        body: None,
    }
}

fn with_text(path: &'static str, text: &str) -> HttpProbe {
    HttpProbe { body: Some(text.to_owned()), ..http(path) }
}

fn grpc(service: &str) -> Probe {
    Probe::Grpc { service: service.to_owned() }
}

/// Asks once.
async fn ask(asker: &Asker, probe: Probe, target: Target) -> Verdict {
    let check = check(&plan(probe), target);
    testkit::bounded("a check", asker.ask(&check.question)).await
}

fn good(text: &str) -> Verdict {
    Ok(text.to_owned())
}

fn bad(text: &str) -> Verdict {
    Err(text.to_owned())
}
