use std::collections::BTreeSet;

use model::policy::{AttributeKind, PolicyAttribute};
use model::{Diagnostics, Document};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

use super::*;
use crate::template::{TemplateLimits, render, render_policy};

const NASTY: &str = "&<>\"'${x} {$ctx:a} {{ b }} {% c %}\n\t]]> -- ü€😀 \\d$1";

/// Every text and attribute value, if this is well-formed.
fn values(text: &str) -> Result<Vec<String>, String> {
    let wrapped = format!("<root>{text}</root>");
    let mut reader = Reader::from_str(&wrapped);
    let mut found = Vec::new();
    let mut content = String::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    let attribute = attribute.map_err(|error| error.to_string())?;
                    let raw = attribute.value.into_owned();
                    if raw.contains(['<', '\n']) {
                        return Err(format!("`{raw}` is not escaped"));
                    }
                    let value = quick_xml::escape::unescape(&raw);
                    found.push(value.map_err(|error| error.to_string())?.into_owned());
                }
            }
            Event::Text(text) => content.push_str(&text),
            Event::GeneralRef(name) => {
                content.push_str(&format!("&{};", &*name));
            }
            Event::End(_) => {
                let text =
                    quick_xml::escape::unescape(&content).map_err(|error| error.to_string())?;
                found.push(text.into_owned());
                content.clear();
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn default_of(attribute: &PolicyAttribute) -> Option<Value> {
    let sample = match attribute.name.as_str() {
        "rules" => json!("[{\"source\":\"header\"}]"),
        _ => json!("sample"),
    };
    attribute
        .default
        .clone()
        .filter(|default| default != "")
        .or_else(|| (attribute.required || attribute.name == "body").then_some(sample))
}

fn nasty_of(attribute: &PolicyAttribute) -> Value {
    match attribute.kind {
        AttributeKind::Json if attribute.name == "headers" => {
            json!(json!({ "x": NASTY }).to_string())
        }
        AttributeKind::Json => json!(json!([{ "value": NASTY }]).to_string()),
        _ => json!(NASTY),
    }
}

fn parameters(
    shipped: &Shipped,
    value: fn(&PolicyAttribute) -> Option<Value>,
) -> Map<String, Value> {
    let attributes = shipped.specification.attributes.iter();
    attributes.filter_map(|one| Some((one.name.clone(), value(one)?))).collect()
}

fn rendered(name: &str, version: &str, parameters: Value) -> String {
    let shipped = specification(name, version).expect("it is shipped");
    let template = shipped.template.expect("it has a template");
    let Value::Object(parameters) = parameters else { panic!("no object") };
    let text = render(template, &parameters, &TemplateLimits::default()).expect("it renders");
    assert!(values(&text).is_ok(), "{text}");
    text
}

#[test]
fn reads_every_specification() {
    assert_eq!(all().len(), table::ROWS.len());
    for ((name, version, document, _), shipped) in table::ROWS.iter().zip(all()) {
        assert_eq!(
            (shipped.specification.name.as_str(), *name),
            (*name, shipped.specification.name.as_str())
        );
        assert_eq!(shipped.specification.version, *version, "{name}");
        assert!(!shipped.specification.description.is_empty(), "{name}");
        assert!(!shipped.specification.flows.is_empty(), "{name}");
        assert_eq!(shipped.template.is_none(), !shipped.refusal.is_empty(), "{name}");
        let mut found = Diagnostics::new();
        let value = serde_json::from_str(document).expect("JSON");
        PolicySpecification::read(&Document::new("a.json", value), &mut found);
        assert_eq!(found, Diagnostics::new(), "{name}");
    }
    let names: BTreeSet<_> = table::ROWS.iter().map(|row| (row.0, row.1)).collect();
    assert_eq!(names.len(), table::ROWS.len(), "a policy is shipped twice");
}

#[test]
fn finds_by_name_and_version() {
    for version in ["v1", "v2", "v3"] {
        let found = specification("addHeader", version).expect("it is shipped");
        assert_eq!(found.specification.attributes.len(), 2);
        assert_eq!(found.template, specification("addHeader", "v1").and_then(|one| one.template));
    }
    assert!(specification("addHeader", "v4").is_none());
    assert!(specification("addheader", "v1").is_none());
    assert!(specification("revokeOneTimeToken", "v1").is_some_and(|one| one.template.is_none()));
    assert!(specification("RegexGuardrail", "v1.0").is_some_and(|one| !one.refusal.is_empty()));
}

#[test]
fn renders_with_defaults_and_without_parameters() {
    for shipped in all() {
        let Some(template) = shipped.template else { continue };
        let name = &shipped.specification.name;
        let text = render(template, &parameters(shipped, default_of), &TemplateLimits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = values(&text);
        assert!(found.is_ok(), "{name}: {found:?}\n{text}");
    }
}

#[test]
fn keeps_every_value_literal() {
    for shipped in all() {
        let Some(template) = shipped.template else { continue };
        let name = &shipped.specification.name;
        for attribute in &shipped.specification.attributes {
            if matches!(attribute.kind, AttributeKind::Boolean | AttributeKind::Enum)
                || ["requestMessageBufferSize", "jsonSchemaValidator"].contains(&&*attribute.name)
            {
                continue;
            }
            let mut parameters = parameters(shipped, default_of);
            parameters.insert(attribute.name.clone(), nasty_of(attribute));
            let rendered = render_policy(template, &parameters, &|text| values(text).is_ok())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let found = values(&rendered.text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let expected = match nasty_of(attribute) {
                Value::String(json) if attribute.name != "headers" => json,
                _ => NASTY.to_owned(),
            };
            assert!(
                found.iter().any(|value| value.contains(&expected)),
                "{name}.{}: {found:#?}",
                attribute.name
            );
        }
    }
}

#[test]
fn templates_name_only_known_mediators() {
    const KNOWN: &[&str] = &[
        "property",
        "header",
        "filter",
        "then",
        "else",
        "log",
        "payloadFactory",
        "format",
        "args",
        "arg",
        "send",
        "drop",
        "respond",
        "class",
        "opa",
        "serverUrl",
        "accessKey",
        "policy",
        "rule",
        "additionalParameters",
        "parameter",
        "dynamicEndpoint",
        "rules",
        "default",
        "allow",
        "keepPath",
        "latency",
        "fail",
    ];
    for shipped in all() {
        for tag in shipped.template.unwrap_or_default().split('<').skip(1) {
            let name = tag.trim_start_matches('/').split([' ', '/', '>', '\n']).next();
            let name = name.unwrap_or_default();
            assert!(KNOWN.contains(&name), "{}: {name}", shipped.specification.name);
        }
    }
}

#[test]
fn sets_the_destination_literally_or_by_an_expression() {
    let literal = json!({"value": "http://b/?a=1&b=2"});
    let expected = "<header name=\"To\" value=\"http://b/?a=1&amp;b=2\"/>";
    assert_eq!(rendered("setToHeader", "v2", literal.clone()), expected);
    assert_eq!(rendered("setToHeader", "v3", literal), expected);
    for flag in [json!(true), json!("true")] {
        let text = rendered("setToHeader", "v3", json!({"value": "$ctx:a", "isExpression": flag}));
        assert_eq!(text, "<header name=\"To\" expression=\"$ctx:a\"/>");
    }
    let text = rendered("setToHeader", "v3", json!({"value": "http://b", "isExpression": "false"}));
    assert_eq!(text, "<header name=\"To\" value=\"http://b\"/>");
}

#[test]
fn keeps_the_query_only_when_asked() {
    let kept = rendered("rewriteResourcePath", "v3", json!({"newResourcePath": "/n"}));
    assert!(kept.contains("concat($ctx:weir.resource_path, '?', substring-after("), "{kept}");
    let joined = rendered(
        "rewriteResourcePath",
        "v3",
        json!({"newResourcePath": "/n?x=1", "includeQueryParams": true}),
    );
    assert!(joined.contains("'&amp;', substring-after("), "{joined}");
    for flag in [json!(false), json!("false")] {
        let text = rendered(
            "rewriteResourcePath",
            "v3",
            json!({"newResourcePath": "/n", "includeQueryParams": flag}),
        );
        assert_eq!(
            text.trim(),
            "<property name=\"REST_URL_POSTFIX\" value=\"/n\" scope=\"axis2\"/>"
        );
    }
}

#[test]
fn hands_the_rules_of_a_dynamic_endpoint_over() {
    let rules = json!([{"source": "header", "name": "X", "operator": "regex", "value": "<a&", "target": "http://b"}]);
    for written in [
        json!(rules.to_string()),
        rules.clone(),
        json!(rules.to_string().replace('&', "&amp;").replace('"', "&quot;")),
    ] {
        let text = rendered(
            "dynamicEndpoint",
            "v1",
            json!({"rules": written, "default": " http://d ", "allow": "b,c", "keepPath": "false"}),
        );
        let found = values(&text).expect("well-formed");
        let read: Option<Value> =
            found.iter().find_map(|value| serde_json::from_str(value).ok().filter(Value::is_array));
        assert_eq!(read.as_ref(), Some(&rules), "{text}");
        assert!(text.contains("<default>http://d</default>"), "{text}");
        assert!(text.contains("<allow>b,c</allow>"), "{text}");
        assert!(text.contains("<keepPath>false</keepPath>"), "{text}");
    }
    for allow in [json!("[&quot;b&quot;]"), json!(["b"]), json!("[\"b\"]")] {
        let text = rendered("dynamicEndpoint", "v1", json!({"rules": "[]", "allow": allow}));
        assert!(text.contains("<allow>[&quot;b&quot;]</allow>"), "{text}");
    }
    let text = rendered("dynamicEndpoint", "v1", json!({"rules": "[]"}));
    assert!(text.contains("<keepPath>true</keepPath>") && !text.contains("<default>"), "{text}");
    let shipped = specification("dynamicEndpoint", "v1").and_then(|one| one.template);
    let Value::Object(broken) = json!({"rules": "[{"}) else { panic!("no object") };
    let error = render(shipped.expect("a template"), &broken, &TemplateLimits::default());
    assert!(error.is_err_and(|error| error.line == 2 && error.message.contains("not JSON")));
}

#[test]
fn answers_with_status_body_and_headers() {
    let text = rendered(
        "respond",
        "v1",
        json!({"statusCode": 418, "body": "{\"a\": \"$1 ${x}\"}", "headers": "{\"X-A\":\"1\",\"X-B\":2}"}),
    );
    for part in [
        "<property name=\"HTTP_SC\" value=\"418\" scope=\"axis2\"/>",
        "<arg value=\"{&quot;a&quot;: &quot;$1 ${x}&quot;}\"/>",
        "<header name=\"Content-Type\" value=\"application/json\" scope=\"transport\"/>",
        "<header name=\"X-A\" value=\"1\" scope=\"transport\"/>",
        "<header name=\"X-B\" value=\"2\" scope=\"transport\"/>",
        "<respond/>",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let empty = rendered("respond", "v1", json!({"headers": ""}));
    assert!(empty.contains("value=\"200\"") && !empty.contains("payloadFactory"), "{empty}");
    assert!(empty.contains("NO_ENTITY_BODY"), "{empty}");
}
