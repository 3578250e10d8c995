//! The admin listener: health, metrics, and the state of every API and endpoint.
//!
//! It is never public by default and answers only what `docs/troubleshooting.md` and the README list.

mod endpoints;
mod mocks;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use settings::Effective;
use tokio::time::Instant;

use crate::deploy::ProjectStatus;
use crate::explain;
use crate::snapshot::{LiveApi, Snapshot};
use crate::telemetry::metric;
use crate::worker::Shared;

/// What the admin listener shows.
#[derive(Debug)]
pub struct Admin {
    /// The gateway.
    pub shared: Arc<Shared>,
    /// What became of every project.
    pub projects: ArcSwap<Vec<ProjectStatus>>,
    /// The configuration in effect, secrets masked.
    pub config: ArcSwap<Vec<Effective>>,
    /// Whether the gateway takes requests: not before the first snapshot, not while draining.
    pub is_ready: std::sync::atomic::AtomicBool,
}

impl Admin {
    /// Nothing is ready yet.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            projects: ArcSwap::default(),
            config: ArcSwap::default(),
            is_ready: std::sync::atomic::AtomicBool::new(false),
        }
    }

    /// Answers one request.
    pub fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        match (request.method(), path) {
            (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
            (&Method::GET, "/readyz") => self.readiness(),
            (&Method::GET, "/metrics") => self.metrics(),
            (&Method::GET, "/apis") => json(StatusCode::OK, &self.apis()),
            (&Method::GET, "/endpoints") => json(StatusCode::OK, &self.endpoints()),
            (&Method::GET, "/explain") => self.explain(request.uri()),
            (&Method::GET, "/config") => json(StatusCode::OK, &self.configuration()),
            (&Method::POST, _) if path.starts_with("/endpoints/") => self.switch(request.uri()),
            (&Method::POST, "/mocks/reset") => self.mocks(request.uri(), mocks::reset),
            (&Method::GET, "/mocks/recordings") => self.mocks(request.uri(), mocks::recordings),
            (&Method::DELETE, "/mocks/recordings") => self.mocks(request.uri(), mocks::forget),
            (_, "/mocks/reset") => {
                text(StatusCode::METHOD_NOT_ALLOWED, "only POST is answered here\n")
            }
            (_, "/mocks/recordings") => {
                text(StatusCode::METHOD_NOT_ALLOWED, "only GET and DELETE are answered here\n")
            }
            (
                _,
                "/healthz" | "/readyz" | "/metrics" | "/apis" | "/endpoints" | "/explain"
                | "/config",
            ) => text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n"),
            _ => text(StatusCode::NOT_FOUND, NOT_FOUND),
        }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    fn readiness(&self) -> Response<Full<Bytes>> {
        if self.is_ready.load(std::sync::atomic::Ordering::Acquire) {
            text(StatusCode::OK, "ready\n")
        } else {
            text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        let snapshot = self.snapshot();
        let now = Instant::now();
        let apis = snapshot.apis.iter().map(|api| &api.metrics);
        let leaves = endpoints::leaves(&snapshot);
        let leaves = leaves
            .iter()
            .map(|(leaf, member)| (&leaf.metrics, endpoints::leaf_state(leaf, *member, now)));
        let dynamics = endpoints::dynamics(&snapshot);
        let dynamics = dynamics.iter().map(|one| (&*one.metrics, endpoints::dynamic_state(one)));
        let leaves = leaves.chain(dynamics);
        let groups = endpoints::groups(&snapshot);
        let groups = groups.iter().map(|group| (&group.labels, group.counters.read()));
        let body =
            metric::encode(&self.shared.metrics, apis, leaves, groups, snapshot.tokens.totals());
        respond(StatusCode::OK, metric::CONTENT_TYPE, body)
    }

    fn apis(&self) -> Value {
        let projects = self.projects.load();
        let list: Vec<Value> = projects.iter().map(project).collect();
        json!({ "count": list.len(), "generation": self.snapshot().generation, "list": list })
    }

    fn endpoints(&self) -> Value {
        let snapshot = self.snapshot();
        let list = endpoints::list(&snapshot);
        json!({ "count": list.len(), "generation": snapshot.generation, "list": list })
    }

    /// `/mocks/…`, of the API that `?api=` names by its id, or of all.
    fn mocks(
        &self,
        uri: &http::Uri,
        act: impl FnOnce(&[Arc<LiveApi>]) -> Value,
    ) -> Response<Full<Bytes>> {
        match mocks::asked(&self.snapshot(), uri.query()) {
            Some(apis) => json(StatusCode::OK, &act(&apis)),
            None => text(StatusCode::NOT_FOUND, "no API has this id; GET /apis lists them\n"),
        }
    }

    fn configuration(&self) -> Value {
        let values = self.config.load();
        values
            .iter()
            .map(
                |one| json!({ "key": one.key, "value": one.value, "from": one.origin.to_string() }),
            )
            .collect()
    }

    /// `GET /explain?method=GET&url=…&header=Name:%20value&data=…`: what would happen to a request now.
    fn explain(&self, uri: &http::Uri) -> Response<Full<Bytes>> {
        let query = uri.query().unwrap_or_default();
        let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            url::form_urlencoded::parse(query.as_bytes()).collect();
        let all = |name: &'static str| {
            pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| &**value)
        };
        let method = all("method").next().unwrap_or("GET");
        let Some(url) = all("url").next() else {
            return text(StatusCode::BAD_REQUEST, "say which request: ?method=GET&url=/a/1.0\n");
        };
        let body = all("data").next().unwrap_or_default();
        let body = Bytes::copy_from_slice(body.as_bytes());
        match explain::request(method, url, all("header"), body) {
            Ok((request, is_secure)) => {
                let explanation = explain::explain(&self.shared, request, is_secure);
                json(StatusCode::OK, &explanation.to_json())
            }
            Err(error) => respond(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", error),
        }
    }

    /// `POST /endpoints/{id}/drain` and `/resume`, with an optional `?for=10m`.
    fn switch(&self, uri: &http::Uri) -> Response<Full<Bytes>> {
        let rest = uri.path().strip_prefix("/endpoints/").unwrap_or_default();
        let Some((id, verb)) = rest.rsplit_once('/') else {
            return text(StatusCode::NOT_FOUND, NOT_FOUND);
        };
        let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
        let snapshot = self.snapshot();
        let mut found = None;
        endpoints::visit(&snapshot, &mut |known, node| {
            if known == id {
                found = Some(node);
            }
        });
        let Some(node) = found else {
            return text(
                StatusCode::NOT_FOUND,
                "no endpoint has this id; GET /endpoints lists them\n",
            );
        };
        let now = Instant::now();
        match (verb, duration(uri.query())) {
            (_, Err(reason)) => return text(StatusCode::BAD_REQUEST, reason),
            ("drain", Ok(limit)) => endpoints::drain(node.endpoint, now, limit),
            ("resume", Ok(hold)) => endpoints::resume(node, now, hold),
            _ => return text(StatusCode::NOT_FOUND, NOT_FOUND),
        }
        json(StatusCode::OK, &endpoints::describe(&id, node, now))
    }
}

const NOT_FOUND: &str = "not found; there are /healthz, /readyz, /metrics, /apis, /endpoints, /explain, /config, \
     /mocks/recordings and /mocks/reset\n";

/// The `for` of a query: a number with s, m or h.
fn duration(query: Option<&str>) -> Result<Option<Duration>, &'static str> {
    const HELP: &str = "`for` takes a number with s, m or h, such as ?for=10m\n";
    let Some(value) =
        query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("for=")))
    else {
        return Ok(None);
    };
    let number = value.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = match value.get(number.len()..) {
        Some("s") => 1,
        Some("m") => 60,
        Some("h") => 3600,
        _ => return Err(HELP),
    };
    let count: u32 = number.parse().map_err(|_invalid| HELP)?;
    Ok(Some(Duration::from_secs(u64::from(count) * unit)))
}

fn project(status: &ProjectStatus) -> Value {
    let plan = status.live.as_deref().map(|live| &live.plan);
    json!({
        "path": status.path.display().to_string(),
        "state": status.state.as_str(),
        "id": plan.map(|plan| &plan.id),
        "name": plan.map(|plan| &plan.name),
        "version": plan.map(|plan| &plan.version),
        "context": plan.map(|plan| &plan.context),
        "defaultContext": plan.and_then(|plan| plan.default_context.as_ref()),
        "generation": status.live.as_deref().map(|live| live.generation),
        "diagnostics": status.diagnostics.iter().map(diagnostic).collect::<Vec<_>>(),
    })
}

/// One diagnostic as JSON; the command line prints the same.
#[must_use]
pub fn diagnostic(diagnostic: &model::Diagnostic) -> Value {
    let mut value = json!({
        "severity": diagnostic.severity.as_str(),
        "code": diagnostic.code,
        "file": diagnostic.place.file,
        "message": diagnostic.message,
        "help": diagnostic.help,
    });
    match &diagnostic.place.spot {
        model::Spot::Whole => {}
        model::Spot::Pointer(pointer) => value["pointer"] = pointer.as_str().into(),
        model::Spot::Line { line, column } => {
            value["line"] = (*line).into();
            value["column"] = (*column).into();
        }
    }
    value
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", body)
}

fn json(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    respond(status, "application/json", format!("{body:#}\n"))
}

fn respond(
    status: StatusCode,
    media: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_may_expire() {
        assert_eq!(duration(None), Ok(None));
        assert_eq!(duration(Some("for=10m")), Ok(Some(Duration::from_secs(600))));
        assert_eq!(duration(Some("x=1&for=5s")), Ok(Some(Duration::from_secs(5))));
        assert!(duration(Some("for=ten")).is_err());
        assert!(duration(Some("for=10")).is_err());
    }
}
