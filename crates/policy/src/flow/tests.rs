#![allow(clippy::unwrap_used, reason = "a failed test may panic")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use model::secret::{Reference, Secret};
use model::{Document, Files, Project};
use serde_json::json;

use super::*;

static SHIPPED: LazyLock<Vec<PolicySpecification>> = LazyLock::new(|| {
    let policy = |name: &str, version: &str, flows: &[&str]| {
        let value = json!({
            "name": name, "version": version, "applicableFlows": flows,
            "supportedGateways": ["Synapse"], "supportedApiTypes": ["HTTP"],
        });
        let document = Document::new("shipped", value);
        PolicySpecification::read(&document, &mut Diagnostics::new()).unwrap()
    };
    vec![
        policy("addHeader", "v1", &["request", "response"]),
        policy("addHeader", "v3", &["request", "response", "fault"]),
        policy("jsonFault", "v1", &["fault"]),
        policy("opaPolicy", "v1", &["request"]),
    ]
});

struct NoSecrets;

impl SecretSource for NoSecrets {
    fn resolve(&self, _: Reference<'_>) -> Result<Secret, String> {
        Err("there are no secrets".to_owned())
    }
}

/// Puts the parameters behind the template; a template with `{%` fails in its second line.
fn render(template: &str, parameters: &Map<String, Value>) -> Result<Rendering, RenderProblem> {
    if template.contains("{%") {
        return Err(RenderProblem { line: 2, message: "no such tag".to_owned() });
    }
    let values: Vec<_> = parameters.values().map(ToString::to_string).collect();
    let is_escaped = values.iter().any(|value| value.contains('&'));
    Ok(Rendering { text: format!("{template}{}", values.concat()), is_escaped })
}

fn shipped(name: &str, version: &str) -> Option<Known> {
    let specification = SHIPPED.iter().find(|one| one.name == name && one.version == version)?;
    let template = (name != "opaPolicy").then_some("<shipped/>");
    Some(Known { specification, template, refusal: "" })
}

fn names() -> Vec<(&'static str, &'static str)> {
    SHIPPED.iter().map(|one| (one.name.as_str(), one.version.as_str())).collect()
}

fn project(api: &str, more: &[(&str, &str)]) -> Project {
    let mut files = Files::new();
    let head = "name: A\nversion: '1'\ncontext: /a\n";
    files.insert("api.yaml", format!("{head}{api}").into_bytes()).unwrap();
    for (path, text) in more {
        files.insert(*path, text.as_bytes().to_vec()).unwrap();
    }
    Project::read(files).0.unwrap()
}

fn resolved(project: &Project) -> (ApiFlows, Diagnostics) {
    let mut found = Diagnostics::new();
    let api = project.api_definition(&mut found);
    let sources = Sources {
        policies: &project.policies,
        sequences: &project.sequences,
        shipped: &shipped,
        names: &names,
        render: &render,
        secrets: &NoSecrets,
    };
    let flows = resolve(&api, &sources, &mut found);
    (flows, found)
}

/// The code and the help of each diagnostic.
fn told(found: &Diagnostics) -> Vec<(&str, &str)> {
    found.iter().map(|one| (one.code, one.help.as_str())).collect()
}

const TAG: &str = "name: tag\napplicableFlows: [request, response]\nsupportedGateways: [Synapse]\nsupportedApiTypes: [HTTP]\npolicyAttributes: [{name: value, type: String}]\n";

#[test]
fn policies_of_the_api_run_before_those_of_the_operation_in_every_flow() {
    let api = "apiPolicies:\n  request: [{policyName: tag, parameters: {value: 1}}, {policyName: addHeader}]\n  response: [{policyName: addHeader, policyVersion: v3}]\noperations:\n- {target: /x, verb: GET, operationPolicies: {request: [{policyName: tag, parameters: {value: 2}}], response: [{policyName: tag}]}}\n- {target: /y, verb: GET}\n";
    let files = [("Policies/tag_v1.yaml", TAG), ("Policies/tag_v1.j2", "<tag/>")];
    let (flows, found) = resolved(&project(api, &files));
    assert!(found.is_empty(), "{found:?}");
    let texts = |operation, flow| {
        flows.of(operation, flow).map(|one| one.text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(texts(0, Flow::Request), ["<tag/>1", "<shipped/>", "<tag/>2"]);
    assert_eq!(texts(0, Flow::Response), ["<shipped/>", "<tag/>"]);
    assert_eq!(texts(1, Flow::Request), ["<tag/>1", "<shipped/>"]);
    assert!(texts(1, Flow::Fault).is_empty() && !flows.is_empty());
    let first = flows.api.request.first().unwrap();
    assert_eq!(
        (first.name.as_str(), first.file.as_deref()),
        ("tag v1", Some("Policies/tag_v1.j2"))
    );
    assert_eq!(first.place.to_string(), "api.yaml#/apiPolicies/request/0");
    assert!(!format!("{first:?}").contains("<tag/>"));
}

#[test]
fn what_cannot_be_found_or_used_is_an_error() {
    let attached =
        |reference: &str| format!("apiPolicies: {{request: [{{policyName: {reference}}}]}}\n");
    let broken = TAG.replace("name: tag", "name: broken");
    let foreign = TAG.replace("Synapse", "AWS").replace("name: tag", "name: foreign");
    let files = [
        ("Policies/tag_v1.yaml", TAG),
        ("Policies/broken.yaml", &broken),
        ("Policies/broken.j2", "<a/>\n{% x %}"),
        ("Policies/foreign.yaml", &foreign),
    ];
    let table = [
        (
            "tagg, policyVersion: v1",
            codes::UNKNOWN_POLICY,
            "Did you mean `tag`? Or add the policy to `Policies/`.",
        ),
        ("qqqqq", codes::UNKNOWN_POLICY, "Add the policy to `Policies/`, or mend the name."),
        (
            "addHeader, policyVersion: v2",
            codes::POLICY_VERSION,
            "Use v3, or add this version to `Policies/`.",
        ),
        (
            "tag, policyVersion: v7",
            codes::POLICY_VERSION,
            "Use v1, or add this version to `Policies/`.",
        ),
        ("tag", codes::POLICY_DEFINITION, "Add `Policies/tag_v1.j2`."),
        ("broken", codes::POLICY_TEMPLATE, "Mend the template."),
        (
            "foreign",
            codes::POLICY_GATEWAY,
            "Use a policy with `Synapse` among its `supportedGateways`.",
        ),
        (
            "opaPolicy",
            codes::POLICY_REFUSED,
            "Remove it, or add a policy of the same name to `Policies/`.",
        ),
        ("jsonFault", codes::POLICY_FLOW, "Attach it under fault."),
    ];
    for (reference, code, help) in table {
        let (flows, found) = resolved(&project(&attached(reference), &files));
        assert_eq!(told(&found), [(code, help)], "{reference}");
        assert!(found.has_errors() && flows.is_empty(), "{reference}");
    }
    let (_, found) = resolved(&project(&attached("broken"), &files));
    assert_eq!(found.iter().next().unwrap().place.to_string(), "Policies/broken.j2:2");
}

#[test]
fn a_parameter_that_had_to_be_escaped_is_a_warning() {
    let api = "apiPolicies: {request: [{policyName: tag, parameters: {value: 'a&b'}}]}\n";
    let files = [("Policies/tag_v1.yaml", TAG), ("Policies/tag_v1.j2", "<tag/>")];
    let (flows, found) = resolved(&project(api, &files));
    assert_eq!(flows.api.request.len(), 1);
    assert_eq!(found.iter().next().unwrap().code, codes::MEDIATION_AMPERSAND);
    assert!(!found.has_errors());
}

#[test]
fn a_policy_of_the_project_comes_before_a_shipped_one() {
    let own = TAG.replace("name: tag", "name: addHeader");
    let files = [
        ("Policies/addHeader_v1.yaml", own.as_str()),
        ("Policies/addHeader_v1.j2", "<common/>"),
        ("Policies/addHeader_v1_api.yaml", &own),
        ("Policies/addHeader_v1_api.j2", "<own/>"),
    ];
    for (kind, expect) in [("common", "<common/>"), ("api", "<own/>"), ("''", "<common/>")] {
        let api =
            format!("apiPolicies: {{request: [{{policyName: addHeader, policyType: {kind}}}]}}\n");
        let (flows, _) = resolved(&project(&api, &files));
        assert_eq!(flows.api.request.first().unwrap().text, expect, "{kind}");
    }
    let (flows, _) = resolved(&project(
        "apiPolicies: {request: [{policyName: addHeader, policyType: api}]}\n",
        files.get(..2).unwrap(),
    ));
    assert_eq!(flows.api.request.first().unwrap().text, "<common/>");
}

#[test]
fn sequences_of_older_projects_come_first() {
    let api = "mediationPolicies:\n- {name: mine, type: in}\n- {name: both, type: in, shared: true}\n- {name: json_fault, type: fault}\n- {name: gone, type: out}\napiPolicies: {request: [{policyName: addHeader}]}\n";
    let files = [
        ("Sequences/in-sequence/Custom/mine.xml", "<?xml version='1.0'?><sequence/>"),
        ("Sequences/in-sequence/Custom/both.xml", "<custom/>"),
        ("Sequences/in-sequence/both.xml", "<shared/>"),
    ];
    let (flows, found) = resolved(&project(api, &files));
    let texts: Vec<_> =
        flows.api.request.iter().map(|one| (one.text.as_str(), one.is_document)).collect();
    assert_eq!(
        texts,
        [("<?xml version='1.0'?><sequence/>", true), ("<shared/>", true), ("<shipped/>", false)]
    );
    assert_eq!(flows.api.fault.first().unwrap().name, "jsonFault v1");
    assert_eq!(
        told(&found),
        [(codes::SEQUENCE_MISSING, "Add `Sequences/out-sequence/Custom/gone.xml`.")]
    );
}

#[test]
fn a_backend_is_found_by_its_name() {
    let project = project("", &[("Sequence-Backend/answer.xml", "<respond/>")]);
    let mut found = Diagnostics::new();
    let mut of = |name| {
        let place = Place::pointer("api.yaml", "/endpointConfig/production");
        backend(name, &project.backends, place, &render, &mut found).map(|one| one.text)
    };
    assert_eq!((of("answer"), of("gone")), (Some("<respond/>".to_owned()), None));
    assert_eq!(told(&found), [(codes::SEQUENCE_MISSING, "Add `Sequence-Backend/gone.xml`.")]);
}

#[test]
fn too_many_policies_are_an_error() {
    let list = "{policyName: addHeader},".repeat(MAX_POLICIES + 1);
    let (flows, found) = resolved(&project(&format!("apiPolicies: {{request: [{list}]}}\n"), &[]));
    assert_eq!(flows.api.request.len(), MAX_POLICIES);
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), [codes::POLICY_LIMIT]);
}

#[test]
fn too_much_text_is_one_error() {
    let (list, text) = ("{policyName: tag},".repeat(20), "x".repeat(MAX_TEXT / 16 + 1));
    let files = [("Policies/tag_v1.yaml", TAG), ("Policies/tag_v1.j2", text.as_str())];
    let (flows, found) =
        resolved(&project(&format!("apiPolicies: {{request: [{list}]}}\n"), &files));
    assert_eq!(flows.api.request.len(), 15);
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), [codes::POLICY_LIMIT]);
}

/// The folder of shared fixtures, where there is one.
fn fixtures() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned();
    let root = std::env::var("WEIR_SHARED").unwrap_or(beside);
    let folder = PathBuf::from(root).join("fixtures/wso2");
    folder.is_dir().then_some(folder)
}

#[test]
fn specifications_of_wso2_are_read() {
    let Some(folder) = fixtures() else {
        eprintln!("skipped: the shared fixtures are not here");
        return;
    };
    let read = |path: &Path| {
        let mut files = Files::new();
        files.insert("Policies/p.yaml", std::fs::read(path).unwrap()).unwrap();
        let mut found = Diagnostics::new();
        let policies = PolicyFile::read_all(&files, &mut found);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        policies.first().unwrap().specification.clone()
    };
    for name in ["v1", "v2"] {
        let path = format!("DevFirstSampleCaseArtifacts/customAddLogMessage_{name}.yaml");
        assert_eq!(read(&folder.join(path)).version, name);
    }
    let policy = read(&folder.join("customAddLogMessage/customAddLogMessage.yaml"));
    assert_eq!(policy.flows, Flow::ALL);
    assert!(policy.attributes.iter().all(|attribute| attribute.required));
}
