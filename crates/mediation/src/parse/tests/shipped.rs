//! The policies that come with the gateway can be read, in every flow that they are for.

use model::policy::PolicyAttribute;
use policy::shipped;
use policy::template::{TemplateLimits, render};
use serde_json::{Map, Value, json};

use super::*;

/// A value that the policy takes.
fn value(attribute: &PolicyAttribute) -> Value {
    match (attribute.name.as_str(), &attribute.default) {
        ("rules", _) => {
            json!([{"when": {"header": "X-A", "equals": "b"}, "url": "https://a.example.com"}])
        }
        ("default", _) => json!("https://a.example.com/b"),
        ("allow", _) => json!(["a.example.com"]),
        ("serverUrl", _) => json!("https://opa.example.com/v1/data/"),
        ("policy", _) => json!("shop/authz"),
        ("headers", _) => json!({"X-A": "b"}),
        ("headerName", _) => json!("X-A"),
        ("milliseconds" | "statusCode", _) => json!("200"),
        // The percentiles say all of it where there are any.
        ("maximum", _) => json!(""),
        ("percentiles", _) => json!("50:20, 99.9:100"),
        ("isExpression", _) => json!(false),
        ("accessVerificationClaimValueRegex", _) => json!(""),
        (_, Some(default)) => default.clone(),
        _ => json!("a&<b>\"'"),
    }
}

#[test]
fn shipped_policies_are_read() {
    for policy in shipped::all() {
        let Some(template) = policy.template else { continue };
        let specification = &policy.specification;
        let parameters: Map<String, Value> =
            specification.attributes.iter().map(|it| (it.name.clone(), value(it))).collect();
        let text = render(template, &parameters, &TemplateLimits::default()).expect("it renders");
        for flow in &specification.flows {
            let mut found = Vec::new();
            let sequence = parse(&text, &context(*flow, true), &mut found);
            assert!(
                sequence.is_some() && found.is_empty(),
                "{}: {:?}",
                specification.name,
                shown(&found)
            );
        }
    }
}
