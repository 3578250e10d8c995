//! The policies that are measured, in the words of each engine.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use crate::bench::peer::Peer;
use crate::bench::projects;
use crate::bench::rig::{Rig, api_path};

/// Something that is done to a request.
///
/// Where the place that it goes to is chosen, any other choice would give an answer that voids the
/// sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The endpoint is chosen by a header: a rule of `x-weir`.
    HeaderRule,
    /// The address is chosen by a header: `switch` and `To`.
    HeaderSwitch,
    /// A header is added to the request, and one is taken away.
    Headers,
    /// The same to the request and to the answer.
    HeadersBothWays,
    /// The address is chosen by a JSONPath.
    JsonPath,
    /// The address is chosen by an XPath.
    XPath,
    /// JSON becomes XML on the way to the upstream, and XML becomes JSON on the way back.
    Converted,
}

impl Policy {
    /// All of them.
    pub(crate) const ALL: &[Self] = &[
        Self::HeaderRule,
        Self::HeaderSwitch,
        Self::Headers,
        Self::HeadersBothWays,
        Self::JsonPath,
        Self::XPath,
        Self::Converted,
    ];

    /// Whether an engine can do it, by means of its own and without a program in it.
    pub(crate) fn is_for(self, peer: Peer) -> bool {
        match self {
            Self::HeaderRule | Self::Headers | Self::HeadersBothWays => true,
            Self::JsonPath => matches!(peer, Peer::Haproxy | Peer::Weir),
            Self::HeaderSwitch | Self::XPath | Self::Converted => peer == Peer::Weir,
        }
    }

    /// The API that has it.
    pub(crate) fn api(self, rig: &Rig) -> usize {
        rig.group_api(Self::ALL.iter().position(|one| *one == self).unwrap_or_default())
    }

    /// What of it an engine does to the request, and to the answer.
    fn marks(self) -> (bool, bool) {
        (matches!(self, Self::Headers | Self::HeadersBothWays), self == Self::HeadersBothWays)
    }
}

/// The policies of the API at `index` that an engine has.
fn at(rig: &Rig, peer: Peer, index: usize) -> Option<Policy> {
    let mut all = rig.behind.policies.iter().copied();
    all.find(|policy| policy.is_for(peer) && policy.api(rig) == index)
}

/// nginx's choice by a header; nothing without policies.
pub(crate) fn nginx_map(rig: &Rig) -> &'static str {
    if rig.behind.policies.is_empty() {
        return "";
    }
    "  map $http_x_region $by_region { default \"\"; us \"\"; eu backend; }\n"
}

/// The location of an API with a policy.
pub(crate) fn nginx_route(rig: &Rig, index: usize) -> Option<String> {
    let path = api_path(index);
    let inherited = "proxy_set_header Connection \"\"; proxy_set_header Host $proxy_host; \
                     proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";
    let marks = "proxy_set_header X-Added added; proxy_set_header X-Dropped \"\";";
    Some(match at(rig, Peer::Nginx, index)? {
        Policy::Headers => {
            format!("location {path}/ {{ proxy_pass http://backend/; {inherited} {marks} }}")
        }
        Policy::HeadersBothWays => format!(
            "location {path}/ {{ proxy_pass http://backend/; {inherited} {marks} \
             proxy_hide_header X-Dropped; add_header X-Added added; }}"
        ),
        _ => format!(
            "location {path}/ {{ rewrite ^/[^/]+/[^/]+/(.*)$ /$1 break; proxy_pass http://$by_region; }}"
        ),
    })
}

/// What HAProxy's map says of an API.
pub(crate) fn haproxy_target(rig: &Rig, index: usize) -> Option<&'static str> {
    Some(match at(rig, Peer::Haproxy, index)? {
        Policy::Headers => "headers",
        Policy::HeadersBothWays => "both-ways",
        Policy::JsonPath => "by-json",
        _ => "by-header",
    })
}

/// What HAProxy does with each kind of API.
pub(crate) fn haproxy_choice() -> String {
    let mut text = String::from("acl by_header var(txn.api) -m str by-header\n");
    for line in [
        "acl by_json var(txn.api) -m str by-json",
        "acl marked var(txn.api) -m str headers both-ways",
        "acl both_ways var(txn.api) -m str both-ways",
        "acl europe req.hdr(X-Region) -m str eu",
        "acl europe_in_json var(txn.region) -m str eu",
        "http-request set-header X-Added added if marked",
        "http-request del-header X-Dropped if marked",
        "http-request wait-for-body time 5s if by_json",
        "http-request set-var(txn.region) req.body,json_query('$.order.region') if by_json",
        "http-request deny deny_status 404 if by_header !europe",
        "http-request deny deny_status 404 if by_json !europe_in_json",
        "http-response set-header X-Added added if both_ways",
        "http-response del-header X-Dropped if both_ways",
        "default_backend backend",
    ] {
        writeln!(text, "  {line}").expect("writing to memory cannot fail");
    }
    text
}

/// Envoy's routes of an API with a policy, made of the one that it would have without.
pub(crate) fn envoy_routes(rig: &Rig, index: usize, route: &Value) -> Option<Vec<Value>> {
    let policy = at(rig, Peer::Envoy, index)?;
    let mut route = route.clone();
    let added = json!([{
        "header": { "key": "X-Added", "value": "added" },
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }]);
    let (request, answer) = policy.marks();
    for (is_wanted, way) in [(request, "request"), (answer, "response")] {
        if is_wanted {
            route[format!("{way}_headers_to_add")] = added.clone();
            route[format!("{way}_headers_to_remove")] = json!(["X-Dropped"]);
        }
    }
    if request {
        return Some(vec![route]);
    }
    let other = json!({
        "match": { "prefix": route["match"]["prefix"] },
        "direct_response": { "status": 404 },
    });
    route["match"]["headers"] = json!([{ "name": "X-Region", "string_match": { "exact": "eu" } }]);
    Some(vec![route, other])
}

/// Weir's project for a policy.
pub(crate) fn write(rig: &Rig, apis: &Path, policy: Policy) -> anyhow::Result<()> {
    let backend = format!("http://127.0.0.1:{}", rig.backend);
    let index = policy.api(rig);
    let http = json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": backend },
        "sandbox_endpoints": { "url": backend },
    });
    let dynamic = json!({
        "endpoint_type": "default",
        "production_endpoints": { "url": "default" },
        "sandbox_endpoints": { "url": "default" },
    });
    let choose = |source: &str| -> anyhow::Result<()> {
        let (policies, files) = switch(source, &backend);
        let policies = json!({ "request": [policies] });
        projects::write_mediated(apis, index, &yaml(&dynamic)?, &policies, &files)
    };
    let attach = |policies: Value| -> anyhow::Result<()> {
        projects::write_mediated(apis, index, &yaml(&http)?, &policies, &[])
    };
    match policy {
        Policy::HeaderRule => {
            let config = json!({
                "endpoint_type": "http",
                "production_endpoints": { "url": format!("{backend}/changed") },
                "sandbox_endpoints": { "url": format!("{backend}/changed") },
                "x-weir": {
                    "rules": [
                        { "when": { "header": "X-Region", "equals": "us" }, "endpoint": "us" },
                        { "when": { "header": "X-Region", "equals": "eu" }, "endpoint": "eu" },
                    ],
                    "endpoints": {
                        "us": { "url": format!("{backend}/changed") },
                        "eu": { "url": backend },
                    },
                },
            });
            projects::write_project(apis, index, &yaml(&config)?)
        }
        Policy::HeaderSwitch => choose("get-property('transport', 'X-Region')"),
        Policy::JsonPath => choose("json-eval($.order.region)"),
        Policy::XPath => choose("//m:region/text()"),
        Policy::Headers => attach(json!({ "request": marks() })),
        Policy::HeadersBothWays => attach(json!({ "request": marks(), "response": marks() })),
        Policy::Converted => attach(json!({
            "request": [attached("jsonToXML", "v1", &json!({}))],
            "response": [attached("xmlToJson", "v1", &json!({}))],
        })),
    }
}

fn yaml(config: &Value) -> anyhow::Result<String> {
    // In one line, JSON is YAML; what stands before it is the key.
    serde_json::to_string(config).context("a configuration that is no JSON")
}

fn marks() -> Value {
    json!([
        attached("addHeader", "v3", &json!({ "headerName": "X-Added", "headerValue": "added" })),
        attached("removeHeader", "v2", &json!({ "headerName": "X-Dropped" })),
    ])
}

pub(super) fn attached(name: &str, version: &str, parameters: &Value) -> Value {
    json!({ "policyName": name, "policyVersion": version, "parameters": parameters })
}

/// A policy of the project that chooses the address, and its files.
fn switch(source: &str, backend: &str) -> (Value, [(String, String); 2]) {
    let to = |path: &str| format!("<header name=\"To\" value=\"{backend}{path}\"/>");
    let (here, elsewhere) = (to(""), to("/changed"));
    let text = format!(
        "<switch xmlns:m=\"urn:orders\" source=\"{source}\"><case regex=\"us\">{elsewhere}</case>\
         <case regex=\"eu\">{here}</case><default>{elsewhere}</default></switch>"
    );
    (attached("byRegion", "v1", &json!({})), own("byRegion", "request", &text))
}

/// The two files of a policy without attributes.
pub(super) fn own(name: &str, flow: &str, text: &str) -> [(String, String); 2] {
    let specification = json!({
        "type": "operation_policy_specification",
        "version": "v4.6.0",
        "data": {
            "category": "Mediation",
            "name": name,
            "version": "v1",
            "displayName": name,
            "applicableFlows": [flow],
            "supportedGateways": ["Synapse"],
            "supportedApiTypes": ["HTTP"],
            "policyAttributes": [],
        },
    });
    [
        (format!("Policies/{name}_v1.yaml"), specification.to_string()),
        (format!("Policies/{name}_v1.j2"), text.to_owned()),
    ]
}
