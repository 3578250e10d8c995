//! What holds for every project.

use compiler::{CompileOptions, Secrets, compile_files};
use model::Files;
use proptest::prelude::*;

/// Lines that make up projects, sensible and otherwise.
const LINES: &[&str] = &[
    "name: A",
    "name: [a]",
    "version: 1.0.0",
    "version: 1.10",
    "context: /a",
    "context: /t/x.y/{version}/a",
    "provider: a@x.y",
    "type: HTTP",
    "type: api",
    "isDefaultVersion: true",
    "lifeCycleStatus: RETIRED",
    "securityScheme: [api_key]",
    "transport: [http]",
    "operations: [{target: /a, verb: GET}]",
    "operations: [{target: '/{a}{', verb: 1}, 2]",
    "endpointConfig: {endpoint_type: http, production_endpoints: {url: 'http://b'}}",
    "endpointConfig: {endpoint_type: http, sandbox_endpoints: {url: 'http://b:{', config: {factor: .nan, retryDelay: 1e9}}}",
    "endpointConfig: '{\"endpoint_type\": \"address\", \"production_endpoints\": [{}]}'",
    "endpointConfig: {endpoint_type: failover, production_endpoints: {url: 'http://b'}, production_failovers: [{url: 'http://c'}, {}], x-weir: {mode: 1}}",
    "endpointConfig: {endpoint_type: load_balance, sessionManagement: http, production_endpoints: [{url: 'http://b', x-weir: {weight: 2}}], x-weir: {sandbox: {members: [{url: 'http://d'}, {members: []}]}, algorithm: random}}",
    "corsConfiguration: {corsConfigurationEnabled: true}",
    "id: {apiName: B, version: 2}",
    "uriTemplates: [{uriTemplate: /x, httpVerbs: [GET, PUT]}]",
    "x-weir-preserve-host: true",
];

/// What a project needs at least.
const BASE: &[&str] = &[
    "name: A",
    "version: v1",
    "context: a/",
    "operations: [{target: /a, verb: GET}]",
    "endpointConfig: {endpoint_type: http, production_endpoints: {url: 'http://b'}}",
];

/// Some lines, each key once; mostly with what is needed at least behind them.
fn project() -> impl Strategy<Value = String> {
    let lines = proptest::sample::subsequence(LINES, 0..8).prop_shuffle();
    (lines, proptest::bool::weighted(0.8)).prop_map(|(lines, is_filled)| {
        let base = BASE.iter().filter(|_| is_filled);
        let mut seen = std::collections::HashSet::new();
        let key = |line: &str| line.split(':').next().map(str::to_owned);
        let lines = lines.into_iter().chain(base.copied()).filter(|line| seen.insert(key(line)));
        lines.map(|line| format!("{line}\n")).collect()
    })
}

proptest! {
    #[test]
    fn a_plan_has_a_stage_and_a_path(text in project()) {
        let mut files = Files::new();
        files.insert("api.yaml", text.clone()).unwrap();
        let (plan, found) = compile_files(files, None, &CompileOptions::default(), Secrets::none());
        if let Some(plan) = plan {
            prop_assert!(!found.has_errors());
            prop_assert!(plan.context.starts_with('/') && !plan.context.ends_with('/'), "{text}");
            prop_assert!(plan.endpoints.production.is_some() || plan.endpoints.sandbox.is_some());
            prop_assert!(!plan.operations.is_empty(), "{text}");
        }
    }
}
