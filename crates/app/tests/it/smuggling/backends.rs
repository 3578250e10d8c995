//! Backends of different tolerance, each of which writes down every request that it saw.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use testkit::{Apache, Client, Nginx, Script};

use super::wire::{Requests, Wire};

/// A request as a backend understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The `X-Request-ID`; empty for what the backend could not read.
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) length: usize,
    /// Whether all of it came.
    pub(crate) whole: bool,
}

/// How the bytes of an attack are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// All at once.
    Whole,
    /// One by one, so that no reader finds two ends of a mark together.
    Drops,
}

/// A running backend.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    pub(crate) delivery: Delivery,
    kind: Kind,
}

enum Kind {
    Wire(Wire),
    Nginx(Nginx),
    Apache(Apache),
    Script(Script),
}

/// Bodies are read by passing them to an inner server.
const NGINX: &str = r#"
log_format seen escape=json '{"id":"$http_x_request_id","method":"$request_method","target":"$request_uri","line":"$request","status":"$status","text":"$request_body"}';
keepalive_timeout 1h; keepalive_requests 1000000; reset_timedout_connection on;
ignore_invalid_headers off; underscores_in_headers on; merge_slashes off;
client_max_body_size 0; client_body_buffer_size 1m; client_body_in_single_buffer on;
client_header_buffer_size 64k; large_client_header_buffers 8 64k;
server {
  listen 127.0.0.1:@PORT@;
  access_log @DIR@/seen seen;
  add_header X-Seen $http_x_request_id always;
  location / { proxy_pass http://unix:@DIR@/inner:/; proxy_method POST; }
}
server { listen unix:@DIR@/inner; location / { return 200 $http_x_request_id; } }
"#;

/// With a parser as forgiving as it can be set. A body is read whole and comes back as the answer, so
/// that its length is in the log; only POST has this.
const APACHE: &str = r#"
HttpProtocolOptions Unsafe LenientMethods Allow0.9
LimitRequestLine 100000
LimitRequestFieldSize 100000
LimitRequestFields 0
KeepAliveTimeout 3600
MaxKeepAliveRequests 0
AllowEncodedSlashes NoDecode
MergeSlashes Off
<Location "/">
SetHandler reflector
SetInputFilter BUFFER
BufferSize 10000000
</Location>
Header always set X-Seen "expr=%{req:X-Request-ID}"
LogFormat "%{X-Request-ID}i\t%m\t%U%q\t%>s\t%B\t%X" seen
CustomLog "@DIR@/seen" seen
"#;

/// Starts those that are installed.
pub(crate) async fn start() -> Vec<Backend> {
    let mut all = vec![
        Backend::new("wire", Kind::Wire(Wire::start().await)),
        Backend {
            delivery: Delivery::Drops,
            ..Backend::new("drops", Kind::Wire(Wire::start().await))
        },
    ];
    let mut add = |name, kind: Option<Kind>| all.extend(kind.map(|kind| Backend::new(name, kind)));
    let (node, python) = (include_str!("node.js"), include_str!("http_server.py"));
    add("nginx", Nginx::http(NGINX).await.map(Kind::Nginx));
    add(
        "apache",
        Apache::server(&["reflector", "headers", "buffer"], APACHE).await.map(Kind::Apache),
    );
    add("node", Script::node(node, &["strict"]).await.map(Kind::Script));
    add("laxnode", Script::node(node, &["lax"]).await.map(Kind::Script));
    add("python", Script::python(python, &[]).await.map(Kind::Script));
    add("lax", Script::python(include_str!("lax.py"), &[]).await.map(Kind::Script));
    all
}

impl Backend {
    fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, delivery: Delivery::Whole, kind }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    fn address(&self) -> SocketAddr {
        match &self.kind {
            Kind::Wire(wire) => wire.address(),
            Kind::Nginx(nginx) => nginx.address(),
            Kind::Apache(apache) => apache.address(),
            Kind::Script(script) => script.address(),
        }
    }

    /// The bytes of what it saw, where it keeps them.
    pub(crate) fn requests(&self) -> Option<&Requests> {
        if let Kind::Wire(wire) = &self.kind { Some(wire.requests()) } else { None }
    }

    /// What it saw, once it has written down these requests and one that is sent now, after the
    /// others.
    pub(crate) async fn seen(&self, ids: &[&str]) -> Vec<Seen> {
        let last = format!("{}.last", self.name);
        let mut client = Client::connect(self.address()).await.unwrap();
        client.call("GET", "/last", &[("X-Request-ID", &last)], b"").await.unwrap();
        // What never comes is for the caller to judge.
        for _ in 0..400 {
            let mut seen = self.written();
            let has = |id: &str| seen.iter().any(|seen| seen.id == id);
            if has(&last) && ids.iter().all(|id| has(id)) {
                seen.retain(|seen| seen.id != last);
                return seen;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let mut seen = self.written();
        seen.retain(|seen| seen.id != last);
        seen
    }

    fn written(&self) -> Vec<Seen> {
        let lines = |dir: &Path| fs::read(dir.join("seen")).unwrap_or_default();
        match &self.kind {
            Kind::Wire(wire) => {
                wire.requests().all().into_iter().map(|request| request.seen).collect()
            }
            Kind::Nginx(nginx) => parsed(&lines(nginx.dir()), from_nginx),
            Kind::Apache(apache) => parsed(&lines(apache.dir()), from_apache),
            Kind::Script(script) => parsed(&lines(script.dir()), from_script),
        }
    }
}

/// The lines that are whole; the last one may still be being written.
fn parsed(lines: &[u8], parse: fn(&str) -> Seen) -> Vec<Seen> {
    let text = String::from_utf8_lossy(lines);
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(parse).collect()
}

fn json(line: &str) -> impl Fn(&str) -> String {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    move |key| value[key].as_str().unwrap_or_default().to_owned()
}

fn from_nginx(line: &str) -> Seen {
    let of = json(line);
    let target = Some(of("target")).filter(|target| !target.is_empty());
    let target = target.unwrap_or_else(|| of("line"));
    // The answer of the inner server, which nginx asks when the body is there.
    let whole = of("status") == "200";
    Seen { id: of("id"), method: of("method"), target, length: of("text").len(), whole }
}

fn from_script(line: &str) -> Seen {
    let of = json(line);
    let whole = serde_json::from_str::<Value>(line).is_ok_and(|value| value["whole"] == true);
    let length = of("body").len() / 2;
    Seen { id: of("id"), method: of("method"), target: of("target"), length, whole }
}

fn from_apache(line: &str) -> Seen {
    let mut words = line.trim_end().split('\t').map(|word| if word == "-" { "" } else { word });
    let mut next = || words.next().unwrap_or_default().to_owned();
    let (id, method, target) = (next(), next(), next());
    let (status, answered) = (next(), next());
    // 405: whole, and a method that is not reflected. X: broken off.
    let whole = (status == "200" || status == "405") && next() != "X";
    let length = if status == "200" { answered.parse().unwrap_or_default() } else { 0 };
    Seen { id, method, target, length, whole }
}
