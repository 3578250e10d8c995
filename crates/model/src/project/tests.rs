#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::endpoint::{CodeList, EndpointKind};

const API: &str = "type: api\nversion: v4.7.0\ndata:\n  name: Pizza\n  version: 1.0.0\n  context: /pizza\n  zebra: {b: 1, a: [2]}\n  endpointConfig:\n    endpoint_type: http\n    production_endpoints: {url: 'http://a:1'}\n  later: x\n";

fn files(entries: &[(&str, &str)]) -> Files {
    let mut files = Files::new();
    for (path, text) in entries {
        files.insert(*path, text.as_bytes().to_vec()).unwrap();
    }
    files
}

fn project(entries: &[(&str, &str)]) -> Project {
    let (project, found) = Project::read(files(entries));
    assert!(found.is_empty(), "{found:?}");
    project.unwrap()
}

fn codes_of(found: &Diagnostics) -> Vec<&'static str> {
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

fn text(files: &Files, path: &str) -> String {
    String::from_utf8(files.get(path).unwrap().to_vec()).unwrap()
}

#[test]
fn unchanged_files_are_written_byte_for_byte() {
    let entries = [
        ("api.yaml", API),
        ("Docs/x/odd.bin", "\u{1}\u{2}"),
        ("Definitions/swagger.yaml", "openapi: 3.0.1 # c\n"),
    ];
    assert_eq!(project(&entries).to_files(), files(&entries));
}

#[test]
fn a_changed_document_keeps_all_keys_and_their_order() {
    let mut project = project(&[("api.yaml", API), ("README.md", "hello")]);
    project.data_mut()["name"] = "Pasta".into();
    let files = project.to_files();
    assert_eq!(text(&files, "README.md"), "hello");
    let expect = "type: api\nversion: v4.7.0\ndata:\n  name: Pasta\n  version: \"1.0.0\"\n  context: /pizza\n  zebra:\n    b: 1\n    a:\n    - 2\n  endpointConfig:\n    endpoint_type: http\n    production_endpoints:\n      url: http://a:1\n  later: x\n";
    assert_eq!(text(&files, "api.yaml"), expect);
}

#[test]
fn the_flat_form_and_json_are_read() {
    let project = project(&[(
        "api.json",
        r#"{"name": "A b", "version": 2, "context": "/a", "type": "HTTP"}"#,
    )]);
    let mut found = Diagnostics::new();
    let api = project.api_definition(&mut found);
    assert_eq!(api.name.as_deref(), Some("Ab"));
    assert_eq!(api.version.as_deref(), Some("2"));
    assert_eq!(project.data().place().to_string(), "api.json#");
    assert!(found.is_empty());
}

#[test]
fn what_is_missing_is_told() {
    assert_eq!(codes_of(&Project::read(Files::new()).1), [codes::NO_API]);
    assert_eq!(
        codes_of(&Project::read(files(&[("api.yaml", "- 1")])).1),
        [codes::WRONG_SHAPE, codes::NO_API]
    );
    assert_eq!(codes_of(&Project::read(files(&[("api.yaml", "a: [")])).1), [codes::SYNTAX]);
    assert_eq!(
        codes_of(&Project::read(files(&[("api_product.yaml", "type: api_product")])).1),
        [codes::API_PRODUCT]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let (project, found) = Project::read(files(&[
        ("api.yaml", API),
        ("api.json", "{}"),
        ("Definitions/swagger.yaml", "a: 1\na: 2"),
        ("Policies/p.yaml", "version: v1"),
        (
            "Endpoint-certificates/endpoint_certificates.yaml",
            "- {alias: a, certificate: a.crt}\n- {alias: b}\n",
        ),
    ]));
    assert!(project.is_some());
    assert_eq!(
        codes_of(&found),
        [
            codes::SECOND_FILE,
            codes::SYNTAX,
            codes::CERTIFICATE_FILE,
            codes::CERTIFICATE_ENTRY,
            codes::POLICY_SPECIFICATION
        ]
    );
}

#[test]
fn certificates_are_read_from_bare_and_wrapped_lists() {
    for list in [
        "- {alias: a, endpoint: 'https://h', certificate: a.crt}",
        "type: endpoint_certificates\nversion: v4.7.0\ndata:\n- {alias: a, endpoint: 'https://h', certificate: a.crt}",
    ] {
        let project = project(&[
            ("api.yaml", API),
            ("Endpoint-certificates/endpoint_certificates.yaml", list),
            ("Endpoint-certificates/a.crt", "PEM"),
            (
                "Client-certificates/SANDBOX/client_certificates.json",
                r#"[{"alias": "c", "certificate": "c.crt", "tierName": "Gold"}]"#,
            ),
            ("Client-certificates/SANDBOX/c.crt", "PEM"),
        ]);
        let certificate = project.endpoint_certificates.first().unwrap();
        assert_eq!((certificate.alias.as_str(), certificate.endpoint.as_str()), ("a", "https://h"));
        assert_eq!(project.client_certificates.first().unwrap().key_type, "SANDBOX");
    }
}

#[test]
fn the_old_form_becomes_todays() {
    let old = r#"{"id": {"providerName": "admin", "apiName": "Pizza", "version": "1.0.0"}, "uuid": "u",
        "contextTemplate": "/pizza/{version}", "context": "/pizza/1.0.0", "status": "PUBLISHED",
        "transports": "http,https", "apiSecurity": "oauth2", "type": "HTTP",
        "endpointSecured": true, "endpointUTUsername": "u", "endpointUTPassword": "p",
        "uriTemplates": [{"uriTemplate": "/o/{id}", "httpVerb": "GET", "authType": "Any", "httpVerbs": ["GET", "PUT"],
            "authTypes": ["Any", "None"], "throttlingTiers": ["Unlimited", "Gold"], "scopes": [null, {"key": "s"}]}],
        "endpointConfig": "{\"endpoint_type\":\"http\",\"production_endpoints\":{\"url\":\"http://a\",\"config\":null}}"}"#;
    let (project, found) = Project::read(files(&[("Meta-information/api.json", old)]));
    assert_eq!(codes_of(&found), [codes::LEGACY_FORM]);
    let (project, mut found) = (project.unwrap(), Diagnostics::new());
    let api = project.api_definition(&mut found);
    assert_eq!(api.context.as_deref(), Some("/pizza"));
    assert_eq!(api.transports.as_deref(), Some(&["http".to_owned(), "https".to_owned()][..]));
    let operations: Vec<_> = api
        .operations
        .iter()
        .map(|o| {
            (
                o.verb.as_deref().unwrap(),
                o.auth_type.as_deref().unwrap(),
                o.scopes.clone().unwrap().join(","),
            )
        })
        .collect();
    assert_eq!(operations, [("GET", "Any", String::new()), ("PUT", "None", "s".to_owned())]);
    let config = project.endpoint_config(&mut found).unwrap();
    assert_eq!(config.kind, EndpointKind::Http);
    assert!(config.sandbox.security.unwrap().is_enabled);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(project.to_files(), *project.files());
}

/// Applies the environment `e` of a parameter file and gives back the `endpointConfig`.
fn applied(configs: &str) -> (Project, Value, Diagnostics) {
    let params = format!("environments:\n- name: e\n  configs: {configs}\n");
    let mut project = project(&[
        ("api.yaml", API),
        ("Deployment/params.yaml", &params),
        ("Deployment/certificates/a.crt", "A"),
    ]);
    let lookup = |name: &str| (name == "HOST").then(|| "h.example".to_owned());
    let found = project.apply_environment("e", &lookup);
    let config = project.data().get("endpointConfig").value().clone();
    (project, config, found)
}

#[track_caller]
fn gives(configs: &str, expect: &Value) {
    let (_, config, found) = applied(configs);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(&config, expect);
}

#[track_caller]
fn complains(configs: &str, expect: &[&str]) {
    assert_eq!(codes_of(&applied(configs).2), expect);
}

#[test]
fn params_replace_the_endpoints() {
    gives(
        "{endpoints: {sandbox: {url: 'http://${HOST}/x', config: {retryDelay: 70, factor: 1.5, suspendErrorCode: [101503]}}}}",
        &json!({"endpoint_type": "http", "sandbox_endpoints": {"url": "http://h.example/x",
            "config": {"retryDelay": "70", "factor": "1.5", "suspendErrorCode": ["101503"]}}}),
    );
}

#[test]
fn params_carry_our_own_keys() {
    let (_, config, found) = applied("{x-weir: {retries: {policy: never}}}");
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(config["x-weir"], json!({"retries": {"policy": "never"}}));
    assert_eq!(config["production_endpoints"]["url"], "http://a:1", "endpoints are left alone");
    let api = API.replace("endpoint_type: http", "endpoint_type: http\n    x-weir: {mode: strict}");
    assert_ne!(api, API);
    let params = "environments: [{name: e, configs: {endpoints: {production: {url: 'http://e'}}}}]";
    let mut project = project(&[("api.yaml", &api), ("params.yaml", params)]);
    let found = project.apply_environment("e", &|_| None);
    assert_eq!(codes_of(&found), [codes::PARAM_DROPS_EXTENSION]);
}

#[test]
fn groups_are_read_in_every_spelling() {
    let value = json!({"endpoint_type": "LOAD_BALANCE", "algoCombo": "a.B", "sessionTimeOut": 300,
        "sessionManagement": " http ", "failOver": "False", "x-weir": {"a": 1},
        "production_endpoints": [{"url": "a", "endpoint_type": "address", "x-weir": {"weight": 2}}],
        "sandbox_endpoints": {"url": "b"}});
    let mut found = Diagnostics::new();
    let config = EndpointConfig::read(&Cursor::new("api.yaml", "/e", &value), &mut found);
    assert!(found.is_empty(), "{found:?}");
    let group = &config.group;
    assert_eq!(group.algorithm.as_deref(), Some("a.B"));
    assert_eq!(group.session.as_deref(), Some("http"));
    assert_eq!(group.session_timeout.as_deref(), Some("300"));
    assert_eq!(group.fail_over, Some(json!("False")));
    assert_eq!(config.extension.as_ref().unwrap().cursor().pointer(), "/e/x-weir");
    let member = config.production.members.first().unwrap();
    assert_eq!(member.extension.as_ref().unwrap().cursor().value(), &json!({"weight": 2}));
    assert_eq!(config.sandbox.members.len(), 1);
    let other = json!({"algoCombo": "other"});
    let config = EndpointConfig::read(&Cursor::new("x", "", &other), &mut found);
    assert_eq!(config.group.algorithm, None);
}

#[test]
fn params_know_every_kind_of_endpoint() {
    gives(
        "{endpointType: soap, endpointRoutingPolicy: failover, failoverEndpoints: {production: {url: a}, productionFailovers: [{url: b}]}}",
        &json!({"endpoint_type": "failover", "failOver": "True",
            "production_endpoints": {"url": "a", "endpoint_type": "address"},
            "production_failovers": [{"url": "b", "endpoint_type": "address"}]}),
    );
    gives(
        "{endpointRoutingPolicy: load_balanced, loadBalanceEndpoints: {production: [{url: a}, {url: b}], sessionManagement: soap, sessionTimeOut: 5000}}",
        &json!({"endpoint_type": "load_balance", "algoClassName": "org.apache.synapse.endpoints.algorithms.RoundRobin",
            "algoCombo": "org.apache.synapse.endpoints.algorithms.RoundRobin", "sessionManagement": "soap",
            "failOver": "False", "sessionTimeOut": "5000", "production_endpoints": [{"url": "a"}, {"url": "b"}]}),
    );
    // What WSO2 loses counts here.
    gives(
        "{endpointRoutingPolicy: load_balanced, loadBalanceEndpoints: {production: [{url: a}], sessionManagement: transport, algoClassName: x, failOver: true}}",
        &json!({"endpoint_type": "load_balance", "algoClassName": "x", "algoCombo": "x", "sessionManagement": "http",
            "failOver": true, "production_endpoints": [{"url": "a"}]}),
    );
    gives(
        "{endpointType: dynamic}",
        &json!({"endpoint_type": "default", "failover": "false",
            "production_endpoints": {"url": "default"}, "sandbox_endpoints": {"url": "default"}}),
    );
    gives(
        "{endpointType: aws, awsLambdaEndpoints: {accessMethod: role_supplied, amznRegion: eu-west-1}}",
        &json!({"endpoint_type": "awslambda", "access_method": "role-supplied", "amznRegion": "eu-west-1",
            "amznAccessKey": "", "amznSecretKey": ""}),
    );
}

#[test]
fn params_set_security_of_both_forms() {
    let (_, config, found) = applied(
        "{security: {production: {enabled: true, type: oauth, tokenUrl: t, clientId: c, clientSecret: s, grantType: password, customParameters: {a: b}}, sandbox: {enabled: false, type: basic}}}",
    );
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(config["production_endpoints"]["url"], "http://a:1", "endpoints are left alone");
    assert_eq!(config["endpoint_security"]["production"]["customParameters"], r#"{"a":"b"}"#);
    assert_eq!(config["endpoint_security"]["production"]["grantType"], "PASSWORD");
    assert_eq!(config["endpoint_security"]["sandbox"], json!({"type": "NONE", "enabled": false}));
    let (_, config, _) =
        applied("{security: {enabled: true, type: basic, username: u, password: p}}");
    assert_eq!(config["endpoint_security"]["sandbox"]["type"], "BASIC");
}

#[test]
fn params_set_the_rest() {
    let (project, _, found) = applied(
        "{certs: [{hostName: 'https://h', alias: a, path: a.crt}, {hostName: }], mutualSslCerts: [{tierName: Gold, alias: b, path: a.crt, keyType: sandbox}], deploymentEnvironments: [{deploymentEnvironment: Eu, deploymentVhost: EU.example}], policies: [Gold, null]}",
    );
    assert!(found.is_empty(), "{found:?}");
    let mut found = Diagnostics::new();
    assert_eq!(project.endpoint_certificates.len(), 1);
    assert_eq!(project.client_certificates.first().unwrap().key_type, "SANDBOX");
    let api = project.api_definition(&mut found);
    assert_eq!(api.security_scheme.unwrap().last().unwrap(), "mutualssl");
    assert_eq!(api.policies, ["Gold"]);
    let deployments = project.deployments(&mut found);
    assert_eq!(deployments.first().unwrap().host.as_deref(), Some("eu.example"));
}

#[test]
fn params_of_the_old_form_have_no_configs() {
    let params = "environments:\n- name: dev\n  endpoints: {production: {url: 'http://dev'}}\n";
    let mut project = project(&[("api.yaml", API), ("api_params.yml", params)]);
    assert!(project.apply_environment("dev", &|_| None).is_empty());
    assert_eq!(
        project.data().get("endpointConfig").value()["production_endpoints"]["url"],
        "http://dev"
    );
    assert_eq!(codes_of(&project.apply_environment("prod", &|_| None)), [codes::NO_ENVIRONMENT]);
}

#[test]
fn params_complain() {
    complains("{endpoints: {production: {url: '${NOBODY}'}}}", &[codes::UNRESOLVED_VARIABLE]);
    complains("{endpoints: {production: {config: {}}}}", &[codes::PARAM_URL]);
    complains("{endpointType: ftp}", &[codes::PARAM_ENDPOINT_TYPE]);
    complains("{endpointType: rest}", &[codes::PARAM_MISSING]);
    complains("{endpointRoutingPolicy: random, endpoints: {}}", &[codes::PARAM_ENDPOINT_TYPE]);
    complains(
        "{endpointRoutingPolicy: failover, failoverEndpoints: {production: {url: a}}}",
        &[codes::PARAM_MISSING],
    );
    complains("{security: {production: {enabled: true, type: x}}}", &[codes::PARAM_SECURITY]);
    complains(
        "{security: {production: {enabled: true, type: basic, username: u}}}",
        &[codes::PARAM_MISSING],
    );
    complains("{certs: [{alias: a, path: nowhere.crt}]}", &[codes::PARAM_CERTIFICATE]);
    complains("{endpiont: 1}", &[codes::PARAM_UNKNOWN_KEY]);
    complains("", &[codes::NO_CONFIGS]);
    assert_eq!(
        codes_of(&project(&[("api.yaml", API)]).apply_environment("e", &|_| None)),
        [codes::NO_PARAMS]
    );
}

#[test]
fn passwords_are_never_printed() {
    let (project, _, _) = applied(
        "{security: {production: {enabled: true, type: basic, username: u, password: hunter2}}}",
    );
    let config = project.endpoint_config(&mut Diagnostics::new());
    assert_eq!(
        config
            .as_ref()
            .unwrap()
            .production
            .security
            .as_ref()
            .unwrap()
            .password
            .as_ref()
            .unwrap()
            .expose(),
        "hunter2"
    );
    let printed = format!("{project:?} {config:?}");
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn endpoint_settings_are_read_in_every_spelling() {
    let value = json!({"endpoint_type": "HTTP", "production_endpoints": {"url": " http://a ",
        "config": {"suspendDuration": 0, "factor": "2", "suspendErrorCode": "101503", "retryErroCode": [101504, "101507"]}},
        "sandbox_endpoints": {"url": "http://b", "config": ""}, "x-weir-http2": "always"});
    let mut found = Diagnostics::new();
    let config = EndpointConfig::read(&Cursor::new("api.yaml", "", &value), &mut found);
    assert!(found.is_empty(), "{found:?}");
    let member = config.production.members.first().unwrap();
    assert_eq!(
        (member.url.as_deref(), member.http2.as_deref()),
        (Some("http://a"), Some("always"))
    );
    let leaf = member.config.as_ref().unwrap();
    assert_eq!(leaf.suspend_duration.as_deref(), Some("0"));
    assert_eq!(leaf.suspend_codes, CodeList::Bare("101503".to_owned()));
    assert_eq!(leaf.retry_codes, CodeList::List(vec!["101504".to_owned(), "101507".to_owned()]));
    assert_eq!(config.sandbox.members.first().unwrap().config, None);
}

proptest! {
    #[test]
    fn no_api_file_makes_it_panic(text in "\\PC{0,60}|(type|data|id|name|endpointConfig|uriTemplates|environments|: |\\n|- |\\{|\\}|'|1){0,12}") {
        let (project, _) = Project::read(files(&[("api.yaml", &text), ("params.yaml", &text)]));
        if let Some(mut project) = project {
            let mut found = Diagnostics::new();
            let _api = project.api_definition(&mut found);
            let _config = project.endpoint_config(&mut found);
            let _applied = project.apply_environment("1", &|_| None);
        }
    }
}

#[test]
fn a_sequence_backend_names_a_sequence_for_each_stage() {
    let api = "name: A\nversion: '1'\ncontext: /a\nendpointConfig:\n  endpoint_type: SEQUENCE_BACKEND\n  production: answer.xml\n  sandbox: other\n";
    let project = project(&[("api.yaml", api), ("Sequence-Backend/answer.xml", "<respond/>")]);
    let mut found = Diagnostics::new();
    let config = project.endpoint_config(&mut found).unwrap();
    assert_eq!(config.kind, EndpointKind::SequenceBackend);
    assert_eq!(config.production.sequence.as_deref(), Some("answer"));
    assert_eq!(config.sandbox.sequence.as_deref(), Some("other"));
    assert_eq!(project.backends.first().unwrap().text, "<respond/>");
    assert!(found.is_empty());
}

#[test]
fn a_dynamic_endpoint_has_the_settings_and_security_of_any_other() {
    let api = "name: A\nversion: '1'\ncontext: /a\nendpointConfig:\n  endpoint_type: default\n  production: {}\n  production_endpoints: {url: default, config: {actionDuration: 100}}\n  endpoint_security:\n    production: {enabled: true, type: BASIC, username: u, password: p}\n";
    let project = project(&[("api.yaml", api)]);
    let mut found = Diagnostics::new();
    let config = project.endpoint_config(&mut found).unwrap();
    assert_eq!(config.kind, EndpointKind::Default);
    let member = config.production.members.first().unwrap();
    assert_eq!(member.config.as_ref().unwrap().action_duration.as_deref(), Some("100"));
    assert!(config.production.security.unwrap().is_enabled);
    assert!(config.production.sequence.is_none() && found.is_empty());
}

#[test]
fn policies_and_sequences_are_part_of_the_api() {
    let api = "name: A\nversion: '1'\ncontext: /a\napiPolicies: {request: [{policyName: tag}]}\noperations:\n- {target: /x, verb: get, operationPolicies: {fault: [{policyName: jsonFault, policyVersion: v1}]}}\nmediationPolicies: [{name: in, type: in}]\n";
    let project = project(&[("api.yaml", api), ("Sequences/in-sequence/in.xml", "<sequence/>")]);
    let mut found = Diagnostics::new();
    let definition = project.api_definition(&mut found);
    assert_eq!(definition.api_policies.request.first().unwrap().name, "tag");
    assert_eq!(
        definition.operations.first().unwrap().policies.fault.first().unwrap().version,
        "v1"
    );
    assert_eq!(definition.sequences.first().unwrap().name, project.sequences.first().unwrap().name);
    assert!(found.is_empty());
}
