#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use model::Document;
use serde_json::json;

use super::*;

/// Knows `$env{HERE}` alone.
struct Environment {
    is_lenient: bool,
}

impl SecretSource for Environment {
    fn resolve(&self, reference: Reference<'_>) -> Result<Secret, String> {
        match reference {
            Reference::Environment("HERE") => Ok(Secret::new("hunter2")),
            Reference::Environment("EMPTY") => Ok(Secret::new("")),
            _ => Err("it is not there".to_owned()),
        }
    }

    fn is_lenient(&self) -> bool {
        self.is_lenient
    }
}

fn specification(attributes: &Value) -> PolicySpecification {
    let value = json!({
        "name": "tag", "version": "v2", "displayName": "Tag", "category": "Mediation",
        "applicableFlows": ["request"], "supportedGateways": ["Synapse"],
        "supportedApiTypes": ["HTTP"], "policyAttributes": attributes,
    });
    let mut found = Diagnostics::new();
    let document = Document::new("Policies/tag_v2.yaml", value);
    let specification = PolicySpecification::read(&document, &mut found).unwrap();
    assert!(found.is_empty(), "{found:?}");
    specification
}

fn reference(parameters: &Value) -> PolicyReference {
    PolicyReference {
        place: Place::pointer("api.yaml", "/apiPolicies/request/0"),
        name: "tag".to_owned(),
        version: "v2".to_owned(),
        id: None,
        kind: None,
        parameters: parameters.as_object().unwrap().clone(),
    }
}

fn http() -> ApiType {
    ApiType { api_type: "HTTP".to_owned(), sub_type: None }
}

fn codes_of(found: &Diagnostics) -> Vec<&'static str> {
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

fn judged(attribute: &Value, parameters: &Value) -> Vec<&'static str> {
    let found =
        check(&reference(parameters), &specification(&json!([attribute])), Flow::Request, &http());
    codes_of(&found)
}

#[test]
fn parameters_are_judged() {
    use codes::{
        POLICY_ATTRIBUTE_MISSING as MISSING, POLICY_ATTRIBUTE_PATTERN as PATTERN,
        POLICY_ATTRIBUTE_UNKNOWN as UNKNOWN, POLICY_ATTRIBUTE_VALUE as VALUE, POLICY_PATTERN,
        POLICY_SECRET as SECRET,
    };
    let name = |more: Value| {
        let mut attribute = json!({"name": "a", "type": "String", "required": true});
        attribute.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        attribute
    };
    let header = name(json!({"validationRegex": "^([a-zA-Z_][a-zA-Z\\d_\\-\\ ]*)$"}));
    let table: Vec<(Value, Value, Vec<&str>)> = vec![
        (header.clone(), json!({}), vec![MISSING]),
        (header.clone(), json!({"a": null}), vec![MISSING]),
        (header.clone(), json!({"a": "X-Tag one"}), vec![]),
        (header.clone(), json!({"a": "1"}), vec![PATTERN]),
        (header.clone(), json!({"a": ""}), vec![PATTERN]),
        (header, json!({"a": "$env{HERE}"}), vec![]),
        (name(json!({"validationRegex": "gold|SILVER"})), json!({"a": "GOLD"}), vec![]),
        (name(json!({"validationRegex": "gold|silver"})), json!({"a": "a gold"}), vec![PATTERN]),
        (name(json!({"validationRegex": "x"})), json!({"a": "x\n"}), vec![PATTERN]),
        (
            name(json!({"validationRegex": "^\\d{1,3}$", "type": "Integer"})),
            json!({"a": 17}),
            vec![],
        ),
        (name(json!({"validationRegex": "(?"})), json!({"a": "x"}), vec![POLICY_PATTERN]),
        (name(json!({"validationRegex": "x", "required": false})), json!({"a": "y"}), vec![]),
        (name(json!({"validationRegex": "x", "defaultValue": "x"})), json!({}), vec![]),
        (name(json!({"required": false})), json!({}), vec![]),
        (name(json!({})), json!({"a": ""}), vec![]),
        (name(json!({})), json!({"a": ["x"]}), vec![VALUE]),
        (name(json!({"type": "Integer"})), json!({"a": "x"}), vec![VALUE]),
        (name(json!({"type": "Boolean"})), json!({"a": "TRUE"}), vec![]),
        (name(json!({"type": "Boolean"})), json!({"a": "yes"}), vec![VALUE]),
        (name(json!({"type": "Enum", "allowedValues": ["GET"]})), json!({"a": "get"}), vec![VALUE]),
        (name(json!({"type": "Enum", "allowedValues": []})), json!({"a": "get"}), vec![]),
        (name(json!({"type": "JSON"})), json!({"a": {"b": 1}}), vec![]),
        (name(json!({"type": "Secret"})), json!({"a": ""}), vec![SECRET]),
        (name(json!({"type": "Secret"})), json!({"a": "*****"}), vec![SECRET]),
        (name(json!({"type": "Secret"})), json!({}), vec![MISSING]),
        (name(json!({"type": "Secret", "required": false})), json!({"a": ""}), vec![]),
        (name(json!({"required": false})), json!({"A": "x"}), vec![UNKNOWN]),
    ];
    for (attribute, parameters, expect) in table {
        let told = judged(&attribute, &parameters);
        assert_eq!(told, expect, "{attribute} {parameters}");
    }
}

#[test]
fn the_patterns_of_shipped_policies_are_understood() {
    let table = [
        (r"^([a-zA-Z_\%\.][a-zA-Z\d_\-\ \%\.]*)$", "a%20b", "a&b"),
        (r"^/?([a-zA-Z0-9!@#\$%\^\&*\)\(+=._\-~:,\?{}/]*)$", "/a/{uri.var.x}?b", "a b"),
        (r"^\d{1,3}$", "100", "1000"),
        (r"^.+$", "x", ""),
        (r"^[0-7]$", "7", "8"),
        (r"^[1-9][0-9]*$", "10", "0"),
    ];
    for (pattern, right, wrong) in table {
        let pattern = Pattern::compile(pattern).unwrap();
        assert!(pattern.matches(right), "{right}");
        assert!(!pattern.matches(wrong), "{wrong}");
    }
    assert!(Pattern::compile("(.*?)").unwrap().matches("https://h"));
}

#[test]
fn the_place_is_judged() {
    let policy = specification(&json!([]));
    let graphql = ApiType { api_type: "GRAPHQL".to_owned(), sub_type: None };
    let found = check(&reference(&json!({})), &policy, Flow::Fault, &graphql);
    assert_eq!(codes_of(&found), [codes::POLICY_FLOW, codes::POLICY_API_TYPE]);
    assert_eq!(
        found.iter().next().unwrap().to_string(),
        "error[PO005]: policy `tag` may not be used in the fault flow\n  --> api.yaml#/apiPolicies/request/0\n  help: Attach it under request."
    );
    let foreign = PolicySpecification { gateways: vec!["AWS".to_owned()], ..policy };
    let found = check(&reference(&json!({})), &foreign, Flow::Request, &http());
    assert_eq!(codes_of(&found), [codes::POLICY_GATEWAY]);
}

#[test]
fn the_nearest_name_is_suggested() {
    let policy = specification(&json!([{"name": "headerName"}, {"name": "headerValue"}]));
    let found = check(&reference(&json!({"headername": "x"})), &policy, Flow::Request, &http());
    let told = found.iter().next().unwrap();
    assert_eq!(told.help, "Did you mean `headerName`? Mend the name, or remove it.");
    assert_eq!(told.place.to_string(), "api.yaml#/apiPolicies/request/0/parameters/headername");
}

fn filled(parameters: &Value, is_lenient: bool) -> (Value, Vec<&'static str>) {
    let policy = specification(&json!([
        {"name": "flag", "type": "Boolean", "defaultValue": "false"},
        {"name": "count", "type": "Integer", "defaultValue": 100},
        {"name": "text", "type": "String"},
        {"name": "secret", "type": "Secret"},
    ]));
    let mut found = Diagnostics::new();
    let secrets = Environment { is_lenient };
    let filled = super::parameters(&reference(parameters), &policy, &secrets, &mut found);
    (filled.into(), codes_of(&found))
}

#[test]
fn a_template_gets_defaults_booleans_and_secrets() {
    let table = [
        (json!({}), json!({"flag": false, "count": 100}), vec![]),
        (
            json!({"flag": "True", "count": "7", "text": "", "later": "x", "gone": null}),
            json!({"flag": true, "count": "7", "text": "", "later": "x"}),
            vec![],
        ),
        (
            json!({"flag": "maybe", "secret": "$env{HERE}", "text": "$env{HERE}"}),
            json!({"flag": "maybe", "count": 100, "text": "hunter2", "secret": "hunter2"}),
            vec![],
        ),
        (
            json!({"secret": "$env{GONE}", "text": "$env{EMPTY}"}),
            json!({"flag": false, "count": 100}),
            vec![codes::POLICY_SECRET; 2],
        ),
        (json!({"secret": "***"}), json!({"flag": false, "count": 100}), vec![]),
        (
            json!({"secret": "plain"}),
            json!({"flag": false, "count": 100, "secret": "plain"}),
            vec![],
        ),
    ];
    for (parameters, expect, codes) in table {
        assert_eq!(filled(&parameters, false), (expect, codes), "{parameters}");
    }
    let (value, codes) = filled(&json!({"secret": "$env{GONE}"}), true);
    assert_eq!((value["secret"].as_str(), codes), (Some(PLACEHOLDER), vec![codes::POLICY_SECRET]));
}
