#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};

use super::*;
use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::files::Files;

fn files(entries: &[(&str, &str)]) -> Files {
    let mut files = Files::new();
    for (path, text) in entries {
        files.insert(*path, text.as_bytes().to_vec()).unwrap();
    }
    files
}

fn codes_of(found: &Diagnostics) -> Vec<&'static str> {
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

fn whole() -> Value {
    json!({
        "category": "security",
        "name": "tag",
        "version": "v2",
        "displayName": "Tag",
        "description": "Adds a tag.",
        "applicableFlows": ["Request", "fault", "request"],
        "supportedGateways": ["synapse", "AWS"],
        "supportedApiTypes": ["HTTP", {"apiType": "HTTP", "subType": "AIAPI"}],
        "multipleAllowed": true,
        "policyAttributes": [
            {"name": "a", "displayName": "A", "type": "integer", "validationRegex": "^\\d$", "defaultValue": 3, "required": true},
            {"name": "b", "type": "ENUM", "allowedValues": ["x", "y"], "required": "false"},
            {"name": "c"},
        ],
    })
}

fn read(value: Value) -> (Option<PolicySpecification>, Diagnostics) {
    let mut found = Diagnostics::new();
    let document = Document::new("Policies/tag_v2.yaml", value);
    (PolicySpecification::read(&document, &mut found), found)
}

#[test]
fn flat_and_wrapped_specifications_say_the_same() {
    let (flat, found) = read(whole());
    assert!(found.is_empty(), "{found:?}");
    let wrapped =
        json!({"type": "operation_policy_specification", "version": "v4.7.0", "data": whole()});
    assert_eq!(read(wrapped), (flat.clone(), Diagnostics::new()));
    let policy = flat.unwrap();
    assert_eq!((policy.name.as_str(), policy.version.as_str()), ("tag", "v2"));
    assert_eq!(policy.category, Category::Security);
    assert_eq!(policy.flows, [Flow::Request, Flow::Fault]);
    assert!(policy.supports_gateway(GATEWAY) && !policy.supports_gateway("Azure"));
    let kinds: Vec<_> = policy.attributes.iter().map(|one| (one.kind, one.required)).collect();
    assert_eq!(
        kinds,
        [
            (AttributeKind::Integer, true),
            (AttributeKind::Enum, false),
            (AttributeKind::String, false)
        ]
    );
    assert_eq!(policy.attribute("a").unwrap().default, Some(json!(3)));
    assert_eq!(policy.attribute("b").unwrap().allowed, ["x", "y"]);
    assert_eq!(policy.attribute("c").unwrap().display_name, "c");
}

#[test]
fn an_api_of_a_subtype_is_taken_by_its_type_too() {
    let types = |api_types: Value| {
        let mut value = whole();
        value["supportedApiTypes"] = api_types;
        read(value).0.unwrap()
    };
    let table = [
        (json!(["HTTP"]), "http", None, true),
        (json!(["HTTP"]), "HTTP", Some("AIAPI"), true),
        (json!("HTTP"), "HTTP", None, true),
        (json!(["GRAPHQL"]), "HTTP", None, false),
        (json!([{"apiType": "HTTP", "subType": "AIAPI"}]), "HTTP", None, false),
        (json!([{"apiType": "HTTP", "subType": "AIAPI"}]), "HTTP", Some("AIAPI"), true),
        (json!([{"apiType": "HTTP", "subType": "DEFAULT"}]), "HTTP", None, true),
        (json!([{"apiType": "HTTP"}]), "HTTP", Some("AIAPI"), true),
    ];
    for (api_types, api_type, sub_type, expect) in table {
        let policy = types(api_types.clone());
        assert_eq!(policy.supports_api(api_type, sub_type), expect, "{api_types} {sub_type:?}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_specification_is_told() {
    let table = [
        (json!({"version": "v1"}), false, 1),
        (json!({"name": "p"}), true, 3),
        (json!({"type": "api", "data": whole()}), true, 1),
        (json!([]), false, 2),
    ];
    for (value, is_read, count) in table {
        let (policy, found) = read(value.clone());
        assert_eq!((policy.is_some(), found.len()), (is_read, count), "{value}: {found:?}");
    }
    let mut value = whole();
    value["category"] = "Nonsense".into();
    value["applicableFlows"] = json!(["up", "response"]);
    value["supportedApiTypes"] = json!([{"subType": "AIAPI"}, "HTTP"]);
    value["policyAttributes"] =
        json!([{"type": "String"}, {"name": "a", "type": "Number"}, {"name": "a"}]);
    let (policy, found) = read(value);
    assert_eq!(policy.unwrap().version, "v2");
    assert_eq!(codes_of(&found), [codes::POLICY_SPECIFICATION; 6]);
    assert!(!found.has_errors());
}

#[test]
fn references_are_read_in_their_order() {
    let value = json!({
        "request": [
            {"policyName": "addHeader", "policyVersion": "v3", "policyId": "1", "policyType": "API", "parameters": {"headerName": "A"}, "later": 1},
            {"policyName": "addHeader"},
        ],
        "response": null,
        "faults": [],
    });
    let mut found = Diagnostics::new();
    let references =
        PolicyReferences::read(&Cursor::new("api.yaml", "/data/apiPolicies", &value), &mut found);
    assert!(found.is_empty(), "{found:?}");
    let [first, second] = references.of(Flow::Request) else { panic!("{references:?}") };
    assert_eq!((first.version.as_str(), second.version.as_str()), ("v3", "v1"));
    assert!(first.is_api_specific() && !second.is_api_specific());
    assert_eq!(first.parameters.get("headerName"), Some(&json!("A")));
    assert_eq!(
        first.place_of("headerName").to_string(),
        "api.yaml#/data/apiPolicies/request/0/parameters/headerName"
    );
    assert!(references.of(Flow::Response).is_empty() && !references.is_empty());
    assert!(!format!("{first:?}").contains("headerName"));
}

#[test]
fn a_policy_that_would_never_run_is_an_error() {
    for value in
        [json!({"requests": [{"policyName": "a"}]}), json!({"fault": [{"policyVersion": "v1"}]})]
    {
        let mut found = Diagnostics::new();
        let references = PolicyReferences::read(&Cursor::new("a", "", &value), &mut found);
        assert!(references.is_empty());
        assert_eq!(codes_of(&found), [codes::POLICY_REFERENCE], "{value}");
    }
}

const TAG: &str = "type: operation_policy_specification\ndata: {name: tag, applicableFlows: [request], supportedGateways: [Synapse], supportedApiTypes: [HTTP]}";

#[test]
fn policies_are_found_with_their_definitions() {
    let mut found = Diagnostics::new();
    let policies = PolicyFile::read_all(
        &files(&[
            ("Policies/tag_v1.yaml", TAG),
            ("Policies/tag_v1.j2", "\u{feff}<log/>"),
            ("Policies/tag_v1_api.yml", TAG),
            ("Policies/tag_v1_api.xml", "<drop/>"),
            ("Policies/other.gotmpl", "x"),
            ("Docs/Docs.yaml", "a: ["),
            ("Notes/Notes.yaml", "name: x"),
        ]),
        &mut found,
    );
    assert!(found.is_empty(), "{found:?}");
    let [common, own] = policies.as_slice() else { panic!("{policies:?}") };
    assert!(!common.is_api_specific && own.is_api_specific);
    assert_eq!(common.definition.as_ref().unwrap().text, "<log/>");
    assert_eq!(own.definition.as_ref().unwrap().path, "Policies/tag_v1_api.xml");
}

#[test]
fn a_folder_of_its_own_and_a_second_file_are_understood() {
    for folder in ["tag", "Policies/tag"] {
        let (yaml, template) = (format!("{folder}/tag.yaml"), format!("{folder}/tag.j2"));
        let mut found = Diagnostics::new();
        let policies =
            PolicyFile::read_all(&files(&[(&yaml, TAG), (&template, "<x/>")]), &mut found);
        assert!(policies.first().unwrap().definition.is_some() && found.is_empty());
    }
    let mut found = Diagnostics::new();
    let twice = files(&[("Policies/a.yaml", TAG), ("Policies/b.yaml", TAG)]);
    assert_eq!(PolicyFile::read_all(&twice, &mut found).len(), 1);
    assert_eq!(codes_of(&found), [codes::POLICY_DUPLICATE]);
}

#[test]
fn sequences_are_found_by_their_folders() {
    let mut found = Diagnostics::new();
    let files = files(&[
        ("Sequences/in-sequence/shared.xml", "<sequence/>"),
        ("Sequences/out-sequence/Custom/own.xml", "<sequence/>"),
        ("Sequences/fault-sequence/README.md", "x"),
        ("Sequence-Backend/answer.xml", "<respond/>"),
    ]);
    let sequences = SequenceFile::read_all(&files, &mut found);
    let facts: Vec<_> =
        sequences.iter().map(|one| (one.flow, one.name.as_str(), one.is_custom)).collect();
    assert_eq!(facts, [(Flow::Request, "shared", false), (Flow::Response, "own", true)]);
    let backends = BackendSequence::read_all(&files, &mut found);
    assert_eq!(backends.first().unwrap().name, "answer");
    assert!(found.is_empty());
}

#[test]
fn sequences_are_attached_in_both_old_ways() {
    let of = |value: Value| {
        let mut found = Diagnostics::new();
        let at = Cursor::new("api.json", "", &value);
        let references = SequenceReference::read_all(&at, &mut found);
        let facts: Vec<_> =
            references.into_iter().map(|one| (one.flow, one.name, one.is_shared)).collect();
        (facts, codes_of(&found))
    };
    let list = json!({"mediationPolicies": [{"name": "a.xml", "type": "IN", "shared": true}, {"name": "b", "type": "fault"}], "inSequence": "c"});
    let expect = vec![(Flow::Request, "a".to_owned(), true), (Flow::Fault, "b".to_owned(), false)];
    assert_eq!(of(list), (expect, vec![]));
    let old = json!({"inSequence": "c", "outSequence": "", "faultSequence": null});
    assert_eq!(of(old), (vec![(Flow::Request, "c".to_owned(), false)], vec![]));
    let broken = json!({"mediationPolicies": [{"name": "a", "type": "up"}]});
    assert_eq!(of(broken), (vec![], vec![codes::SEQUENCE_REFERENCE]));
}
