//! Members that can be killed and started again, and groups of them.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Nginx, Project, Script, WeirProcess};

use crate::support::{home, serve_with};

/// The methods that a group must not send twice by itself.
pub(crate) const UNSAFE: [&str; 4] = ["PUT", "DELETE", "POST", "PATCH"];

/// The methods that it may.
pub(crate) const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// The script of a Node member, which speaks HTTP/2 in clear text where it is told to.
const NODE: &str = include_str!("member.js");

/// The script of a Python member.
pub(crate) const MEMBER: &str = include_str!("member.py");

/// A process that answers with its name.
pub(crate) enum Member {
    Nginx(Nginx),
    Script(Script),
}

impl Member {
    pub(crate) async fn nginx() -> Option<Self> {
        let directives = "location / { add_header X-Member nginx; return 200 nginx; }";
        Nginx::server(directives).await.map(Self::Nginx)
    }

    pub(crate) async fn node() -> Option<Self> {
        Script::node(NODE, &["node"]).await.map(Self::Script)
    }

    /// A Node member that speaks HTTP/2 in clear text.
    pub(crate) async fn node_http2() -> Option<Self> {
        Script::node(NODE, &["node2", "http2"]).await.map(Self::Script)
    }

    /// As [`Member::nginx`], with HTTP/2 in clear text, and without a body: head and body would be
    /// two writes, and an answer of which the head has come cannot be had from somebody else.
    pub(crate) async fn nginx_http2() -> Option<Self> {
        let server = "server { listen 127.0.0.1:@PORT@ http2; keepalive_requests 50;
            location / { add_header X-Member nginx2; return 200; } }";
        Nginx::http(server).await.map(Self::Nginx)
    }

    /// A Python member of this name.
    pub(crate) async fn python(name: &str) -> Option<Self> {
        Script::python(MEMBER, &[name, "0"]).await.map(Self::Script)
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Nginx(nginx) => nginx.url(),
            Self::Script(script) => script.url(),
        }
    }

    pub(crate) fn kill(&mut self) {
        match self {
            Self::Nginx(nginx) => nginx.kill(),
            Self::Script(script) => script.kill(),
        }
    }

    /// Sends a signal: `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        match self {
            Self::Nginx(_) => panic!("no test stops nginx"),
            Self::Script(script) => script.signal(name),
        }
    }

    /// The ids that have arrived at a script, in all the time that it has run.
    pub(crate) fn arrived(&self) -> Vec<String> {
        let dir = match self {
            Self::Nginx(nginx) => nginx.dir(),
            Self::Script(script) => script.dir(),
        };
        let text = fs::read_to_string(dir.join("arrived")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Starts one that was killed again.
    pub(crate) async fn again(&mut self) {
        match self {
            Self::Nginx(nginx) => nginx.again().await,
            Self::Script(script) => script.again().await,
        }
    }
}

/// Python members of these names; `None` where there is no Python.
pub(crate) async fn pythons(names: &[&str]) -> Option<Vec<Script>> {
    let mut members = Vec::new();
    for name in names {
        members.push(Script::python(MEMBER, &[name, "0"]).await?);
    }
    Some(members)
}

pub(crate) fn urls(members: &[Script]) -> Vec<String> {
    members.iter().map(Script::url).collect()
}

/// A request as a Python member saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) whole: bool,
}

/// What a Python member has seen.
pub(crate) async fn seen(url: &str) -> Vec<Seen> {
    let url = format!("{url}/seen");
    let answer = Box::pin(async move { testkit::get(&url).await.unwrap() }).await;
    let of = |one: &Value| Seen {
        id: one["id"].as_str().unwrap().to_owned(),
        method: one["method"].as_str().unwrap().to_owned(),
        whole: one["whole"].as_bool().unwrap(),
    };
    answer.json().as_array().unwrap().iter().map(of).collect()
}

/// What several have seen.
pub(crate) async fn seen_by_all(urls: &[String]) -> Vec<Seen> {
    let mut all = Vec::new();
    for url in urls {
        all.extend(seen(url).await);
    }
    all
}

/// A failover group of these, with one `config` for all members.
pub(crate) fn failover(urls: &[String], config: &Value) -> Value {
    let members: Vec<Value> = members(urls, config);
    let (primary, others) = members.split_first().unwrap();
    json!({
        "endpoint_type": "failover",
        "production_endpoints": primary,
        "production_failovers": others,
    })
}

/// A load-balance group of these, with one `config` for all members.
pub(crate) fn balance(urls: &[String], config: &Value) -> Value {
    json!({ "endpoint_type": "load_balance", "production_endpoints": members(urls, config) })
}

/// The same group, with the members at these URLs called with HTTP/2.
pub(crate) fn speaking_http2(mut group: Value, urls: &[String]) -> Value {
    let mark = |member: &mut Value| {
        if urls.iter().any(|url| member["url"] == *url) {
            member["x-weir-http2"] = json!("always");
        }
    };
    for key in ["production_endpoints", "production_failovers"] {
        match &mut group[key] {
            Value::Array(members) => members.iter_mut().for_each(mark),
            member @ Value::Object(_) => mark(member),
            _ => {}
        }
    }
    group
}

fn members(urls: &[String], config: &Value) -> Vec<Value> {
    urls.iter().map(|url| json!({ "url": url, "config": config })).collect()
}

/// Serves an open API with every method for each of these groups, at `/name/1/…`.
pub(crate) async fn serve_groups(groups: &[(&str, Value)], toml: &str) -> (WeirProcess, TempDir) {
    let apis = TempDir::with_prefix("weir-apis-").unwrap();
    for (name, config) in groups {
        let mut project = Project::new(name, "1", &format!("/{name}"));
        for method in SAFE.iter().chain(&UNSAFE) {
            project = project.operation(method, "/*").open();
        }
        project.endpoint_config(config.clone()).write(apis.path());
    }
    (serve_with(apis.path(), home(toml), &["--workers", "2"], &[]).await, apis)
}
